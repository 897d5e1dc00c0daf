"""Croissant metadata judged and used by mlcroissant. Run by `make test-exports`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataset_build.release.croissant import croissant

pytestmark = pytest.mark.filterwarnings("default")  # those of other people's code


@pytest.fixture
def dataset(tmp_path: Path, write_tables: Callable[..., Path], manifest_of: Callable[..., Any]) -> Any:
    from mlcroissant import Dataset

    folder = write_tables(tmp_path / "1")
    (folder / "croissant.json").write_text(croissant(manifest_of(folder), "Two images."), "utf-8")
    return Dataset(jsonld=folder / "croissant.json")


def test_it_finds_no_error(dataset: Any) -> None:
    assert dataset.metadata.issues.errors == set()
    assert len(dataset.metadata.issues.warnings) == 3  # what a release doesn't know: citation, date, licence of all


def test_it_reads_every_row(dataset: Any, ids: dict[str, str]) -> None:
    images = list(dataset.records(record_set="images"))
    assert {row["images/image_id"].decode() for row in images} == {ids["kept"], ids["in_tar"]}
    assert {row["images/caption"].decode() for row in images} == {"A tabby cat.", "A red\u202e fish | <b>bold</b>"}
    rows = {name: len(list(dataset.records(record_set=name))) for name in ("captions", "tags", "rejects", "lineage")}
    assert rows == {"captions": 4, "tags": 2, "rejects": 6, "lineage": 6}
