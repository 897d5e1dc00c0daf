"""Croissant metadata: its structure here, and mlcroissant's own judgement where it is installed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dataset_build.release.croissant import croissant


@pytest.fixture
def metadata(tmp_path: Path, write_tables: Callable[..., Path], manifest_of: Callable[..., Any]) -> dict[str, Any]:
    return dict(json.loads(croissant(manifest_of(write_tables(tmp_path / "1")), "Two images.")))


def test_every_file_is_described_by_its_hash(metadata: dict[str, Any], tmp_path: Path) -> None:
    files = {file["contentUrl"]: file for file in metadata["distribution"]}
    assert list(files) == ["images.parquet", "captions.parquet", "tags.parquet", "rejects.parquet", "lineage.parquet"]
    assert all(file["@type"] == "cr:FileObject" and len(file["sha256"]) == 64 for file in files.values())
    assert files["images.parquet"]["contentSize"] == f"{(tmp_path / '1' / 'images.parquet').stat().st_size} B"


def test_every_field_is_a_column_of_its_file(metadata: dict[str, Any], tmp_path: Path) -> None:
    for records in metadata["recordSet"]:
        columns = pq.read_schema(tmp_path / "1" / f"{records['name']}.parquet")
        described = {field["source"]["extract"]["column"] for field in records["field"]}
        assert set(columns.names) - described <= {"failures", "occurrences", "verdicts"}
        for field in records["field"]:
            assert field["source"]["fileObject"]["@id"] == f"{records['name']}.parquet"
            assert field["description"]
            assert field["source"]["extract"]["column"] in columns.names


def test_types(metadata: dict[str, Any]) -> None:
    fields = {field["name"]: field for field in metadata["recordSet"][0]["field"]}
    kinds = {name: fields[name]["dataType"] for name in ("caption", "width", "sharpness", "greyscale", "tags")}
    assert kinds == {
        "caption": "sc:Text", "width": "sc:Integer", "sharpness": "sc:Float", "greyscale": "sc:Boolean",
        "tags": "sc:Text",
    }  # fmt: skip
    assert fields["tags"]["repeated"] is True
    assert "repeated" not in fields["caption"]
