"""The texts of survivors: the same whether they are merged at once or a share of the images at a time."""

from pathlib import Path

import pytest

from dataset_build.config import Config
from resources import tags
from resources.lake import Lake
from resources.storage import delete_folder
from tests.bucket import copied


@pytest.mark.parametrize("order", ["given", "cooccurrence"])
def test_a_share_of_the_images_at_a_time_gives_the_same_texts(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    lake = Lake(copied(built, tmp_path / "lake"), Config.model_validate({"tags": {"order": order}}))
    at_once = tags.update_texts(lake)
    rows, version = at_once.rows, at_once.version
    assert rows > 100
    delete_folder(at_once.folder)
    monkeypatch.setattr(tags, "SHARE", 50)
    assert (tags.update_texts(lake).version, at_once.rows) == (version, rows)
