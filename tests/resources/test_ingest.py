"""Drops whose archives and tables hold more than there is memory for."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.config import Config
from resources import ingest
from resources.ingest import list_drop
from resources.lake import Lake
from tests.pictures import put

HUGE = 200_000_000  # characters, in a file of some kilobytes


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    source = tmp_path / "scrape"
    put(source / "a.png", seed=0)
    image = put(source / "b.png", seed=1).read_bytes()
    rows = {"image": pa.array([image], pa.binary()), "text": pa.array(["x" * HUGE])}
    pq.write_table(pa.table(rows), source / "images.parquet", compression="zstd")
    named = {"file_name": ["a.png"], "text": pa.array(["x" * HUGE])}
    pq.write_table(pa.table(named), source / "metadata.parquet", compression="zstd")
    lake = Lake(tmp_path / "lake", Config())
    lake.drops.add_source(source)
    return lake


def listed(lake: Lake) -> dict[str, tuple[Any, ...]]:
    rows = [row for drop in lake.drops.discover("scrape") for row in pq.read_table(list_drop(lake, drop)).to_pylist()]
    return {row["uri"]: (row["status"], (row["reason"] or row["metadata"] or "")[:39]) for row in rows}


def test_small_files_that_hold_more_than_there_is_memory_for_are_rows(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "TABLE_MEMORY", 2**28)
    broken = "not readable as Parquet: malloc of size"
    found = listed(lake)
    assert found == {
        "a.png": (None, ""),
        "b.png": (None, ""),
        "images.parquet": ("broken_archive", broken),
        "metadata.parquet": ("bad_metadata", broken),
    }


def test_a_record_that_is_too_large_is_left_out_and_its_image_is_not(lake: Lake) -> None:
    found = listed(lake)
    assert found["images.parquet"][0] is None
    assert found["images.parquet"][1].startswith('{"problems":["a record of 2000')
