"""Publishing: the checks find what is wrong, and what is wrong is not published."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.build import BuildFailed, build
from dataset_build.config import Config
from dataset_build.parquet_files import read_parquet
from dataset_build.release.reader import releases
from resources import releases as publishing
from resources.lake import Lake
from resources.storage import write_parquet
from tests.bucket import IN_BUCKETS, lake_at
from tests.pictures import put


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    put(tmp_path / "scrape/a.png", seed=1, text="red hat")
    put(tmp_path / "scrape/b.png", seed=2, text="blue hat")
    build(lake_at(tmp_path / "lake"), Config(), [tmp_path / "scrape"])
    return Lake(lake_at(tmp_path / "lake"), Config())


def problems(lake: Lake, table: str, change: Any) -> dict[str, list[str]]:
    """What the checks say of release 1 after `change` of a table's rows."""
    file = lake.root / "releases/1" / f"{table}.parquet"
    before = read_parquet(file)
    rows = before.to_pylist()
    change(rows)
    write_parquet(file, pa.Table.from_pylist(rows, before.schema).to_batches(), before.schema)
    found = publishing.run_checks(lake, lake.root / "releases/1", lake.count("found_occurrences"))
    return {check: [row["key"] for row in rows] for check, rows in found.items() if rows}


def test_a_good_release_passes(lake: Lake) -> None:
    assert problems(lake, "images", lambda rows: None) == {}


def test_the_same_picture_twice_is_found(lake: Lake) -> None:
    found = problems(lake, "images", lambda rows: rows[0].update(pixel_hash=rows[1]["pixel_hash"]))
    assert found == {"no_duplicate": ["pixel_hash"]}


@pytest.mark.parametrize("caption", [None, "", "  "])
def test_a_missing_caption_is_found(lake: Lake, caption: str | None) -> None:
    assert problems(lake, "images", lambda rows: rows[0].update(caption=caption)) == {"caption": ["caption"]}


@pytest.mark.skipif(IN_BUCKETS, reason="a lake in a bucket is not reached by an endpoint that is made up")
def test_how_models_and_machines_are_reached_is_in_no_file_of_a_release(lake: Lake, tmp_path: Path) -> None:
    private = {"endpoints": ["http://SECRET/v1"], "arguments": ["--hf-token", "SECRET"], "python": "/SECRET/python"}
    settings = {
        "models": {role: {"model": "a/b", **private} for role in ("vlm", "llm")},
        "s3": {"endpoint_url": "http://SECRET"},
        "engine": {"address": "SECRET"},
        "rules": {"min_side": 100},
    }
    put(tmp_path / "scrape/c.png", seed=3, text="green hat")
    made = build(lake.root, Config.model_validate(settings), []).release
    assert made is not None
    assert made["config"]["models"]["vlm"]["model"] == "a/b"
    assert made["config"]["rules"]["min_side"] == 100
    for file in (lake.root / "releases" / made["version"]).iterdir():
        assert b"SECRET" not in file.read_bytes(), file.name


def test_a_missing_row_is_found(lake: Lake) -> None:
    found = problems(lake, "images", lambda rows: rows.pop())
    assert found == {"counts": ["kept in lineage, not in images", "occurrences in, images and rejects out"]}


def test_what_fails_a_check_is_not_published(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "scrape/c.png", seed=3, text="green hat")
    wrong: dict[str, list[Any]] = {
        "no_duplicate": [],
        "caption": [{"key": "caption", "value": "x", "rows": 1}],
        "counts": [],
        "takedown": [],
    }
    monkeypatch.setattr(publishing, "run_checks", lambda *_: wrong)
    with pytest.raises(BuildFailed, match=r"publish 2: .*release 2 failed its checks"):
        build(lake.root, Config(), [])
    assert [manifest["version"] for manifest in releases(lake.root)] == ["1"]
    monkeypatch.undo()
    assert build(lake.root, Config(), []).release is not None
    assert [manifest["version"] for manifest in releases(lake.root)] == ["1", "2"]
