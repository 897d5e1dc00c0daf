"""What is laid out for fastdup, and how it is started; that it runs is tested in its own environment."""

import csv
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dataset_build.config import Config, Duplicates
from dataset_build.errors import RunError
from resources.fastdup import update_fastdup_pairs
from resources.lake import Lake

ON = Config(duplicates=Duplicates(fastdup=True, fastdup_python=sys.executable))


def never(command: list[str], extras: dict[str, Any]) -> None:
    raise AssertionError("fastdup is not to run")


@pytest.fixture
def side_lake(built: Path, tmp_path: Path) -> Path:
    """A lake that reads from `built` and writes elsewhere."""
    for name in ("tables", "drops", "vocabularies"):
        if (built / name).exists():
            (tmp_path / name).mkdir()
            for each in (built / name).iterdir():
                (tmp_path / name / each.name).symlink_to(each)
    return tmp_path


def test_it_is_off_by_default(side_lake: Path) -> None:
    assert not Config().duplicates.fastdup
    assert update_fastdup_pairs(Lake(side_lake, Config()), never).rows == 0


def test_without_its_environment_the_fix_is_named(side_lake: Path) -> None:
    config = Config(duplicates=Duplicates(fastdup=True, fastdup_python="nowhere/python"))
    with pytest.raises(RunError, match=r"nowhere/python is not there; `make fastdup-env` makes it"):
        update_fastdup_pairs(Lake(side_lake, config), never)


def test_survivors_are_laid_out_and_nothing_of_our_environment_goes_along(
    side_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    lake, seen = Lake(side_lake, ON), {}

    def run(command: list[str], extras: dict[str, Any]) -> None:
        files = sorted(Path(extras["images"]).iterdir())
        seen.update(command=command, extras=extras, files=[file.name for file in files])
        for file in files:
            with Image.open(file) as image:
                assert image.format == {".jpg": "JPEG", ".png": "PNG", ".bmp": "BMP", ".tif": "TIFF"}[file.suffix]
                image.load()
        with Path(extras["pairs"]).open("w", newline="") as pairs:
            csv.writer(pairs).writerows(
                [("image_id_a", "image_id_b", "similarity"), (files[1].stem, files[0].stem, 0.97)]
            )

    piece = update_fastdup_pairs(lake, run)
    survivors = set(lake.table("survivors").column("image_id").to_pylist())
    assert {name.partition(".")[0] for name in seen["files"]} == survivors
    assert [(row["image_id_a"], row["image_id_b"]) for batch in piece.batches() for row in batch.to_pylist()] == [
        tuple(name.partition(".")[0] for name in seen["files"][:2])
    ]
    assert not Path(seen["extras"]["images"]).exists()
    command = seen["command"]
    assert command[command.index("AWS_SECRET_ACCESS_KEY") - 1] == "-u"
    assert "hidden" not in " ".join(command)
    assert "SENTRY_OPT_OUT=1" in command
    assert next(word for word in command if word.startswith("HOME=")).startswith(f"HOME={lake.root}")
    assert update_fastdup_pairs(lake, never).version == piece.version
