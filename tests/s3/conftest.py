"""A bucket of its own for each test."""

from pathlib import Path

import pytest

from dataset_build.locations import locate
from tests.bucket import new_bucket


@pytest.fixture
def bucket(s3: str) -> Path:
    """An empty place in a new bucket."""
    return locate(f"s3://{new_bucket()}/a lake")
