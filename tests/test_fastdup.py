"""fastdup run for real in its own environment; `make test-fastdup` makes that and runs this."""

from pathlib import Path

import pytest
from PIL import Image

from dataset_build.build import build, second_opinion
from dataset_build.config import Config, Duplicates
from resources.lake import Lake
from tests.pictures import picture, put

PYTHON = Path(__file__).parents[1] / ".venv-fastdup" / "bin" / "python"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Four pictures, one of them also as JPEG and as WebP, compared by fastdup."""
    if not PYTHON.exists():
        pytest.skip("`make fastdup-env` makes fastdup's environment")
    root = tmp_path_factory.mktemp("fastdup")
    for seed in range(4):
        put(root / "scrape" / "a" / f"{seed}.png", seed, f"number {seed}")
    picture(0).save(root / "scrape" / "a" / "copy.jpg", quality=60)
    picture(0).resize((300, 225), Image.Resampling.LANCZOS).save(root / "scrape" / "a" / "small.webp", quality=80)
    config = Config(duplicates=Duplicates(fastdup=True, fastdup_python=str(PYTHON)))
    build(root / "lake", config, [root / "scrape"])
    second_opinion(root / "lake", config)
    return Lake(root / "lake", config)


def names(lake: Lake) -> dict[str, str]:
    rows = [
        row for piece in lake.pieces("occurrences").values() for batch in piece.batches() for row in batch.to_pylist()
    ]
    return {row["image_id"]: Path(row["uri"]).name for row in rows}


def test_fastdup_finds_the_copies_first(lake: Lake) -> None:
    pairs = [row for batch in lake.piece("fastdup_pairs").batches() for row in batch.to_pylist()]
    name = names(lake)
    pairs.sort(key=lambda row: -row["correlation"])
    found = [{name[row["image_id_a"]], name[row["image_id_b"]]} for row in pairs]
    assert all(pair <= {"0.png", "copy.jpg", "small.webp"} for pair in found[:3])
    assert {row["method"] for row in pairs} == {"fastdup"}
    assert all(0.9 <= row["correlation"] <= 1 for row in pairs)


def test_both_methods_are_compared_and_neither_touches_the_other(lake: Lake) -> None:
    rows = lake.table("compare_duplicate_methods").to_pylist()
    assert [(row["found_by"], row["relation"]) for row in rows][:1] == [("both", "duplicate")]
    assert {batch.to_pylist()[0]["method"] for batch in lake.piece("duplicate_pairs").batches()} == {"hash"}


def test_a_second_time_nothing_is_done_and_nothing_is_left(lake: Lake) -> None:
    before = lake.piece("fastdup_pairs").manifest
    second_opinion(lake.root, lake.config)
    assert lake.piece("fastdup_pairs").manifest == before
    assert not list((lake.root / "tmp").glob("fastdup-*"))
    assert (lake.root / "tmp" / "fastdup.log").exists()
