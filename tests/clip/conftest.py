"""One tiny model for all tests of embeddings."""

import pytest

from dataset_build.config import Clip
from tests.clip.support import tiny_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return Clip(model=str(tiny_clip(tmp_path_factory.mktemp("clip"))))
