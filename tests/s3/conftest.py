"""A bucket of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset_build.locations import locate
from tests.bucket import new_bucket, s3_server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server."""
    with s3_server(tmp_path_factory.mktemp("scratch")) as url:
        yield url


@pytest.fixture
def bucket(s3: str) -> Path:
    """An empty place in a new bucket."""
    return locate(f"s3://{new_bucket()}/a lake")
