"""Pieces of tables: visible only through their manifest, the same whatever interrupted their making."""

from pathlib import Path

import pyarrow as pa

from dataset_build.fingerprint import Fingerprint
from dataset_build.schemas import DUPLICATES
from resources.pieces import Piece
from resources.storage import write_json, write_parquet


def piece(folder: Path) -> Piece:
    return Piece(folder, DUPLICATES, Fingerprint({"code": "1"}))


def rows(*ids: str) -> list[pa.RecordBatch]:
    made = [{"image_id": i, "keeper": "k", "method": "hash", "distance": 3} for i in ids]
    return [pa.RecordBatch.from_pylist(made, DUPLICATES.schema)]


def ids(made: Piece) -> list[str]:
    return [i for batch in made.batches() for i in batch.column("image_id").to_pylist()]


def test_nothing_is_visible_before_the_manifest(tmp_path: Path) -> None:
    made = piece(tmp_path)
    write_parquet(made.unit(0), rows("a"), DUPLICATES.schema)
    assert (made.manifest, made.version, made.rows, ids(made)) == (None, None, 0, [])


def test_units_become_visible_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    made = piece(tmp_path)
    for number, name in ((10, "c"), (2, "b"), (0, "a")):
        write_parquet(made.unit(number), rows(name), DUPLICATES.schema)
    made.finish({"facts": "v1"}, {"run_id": "r"})
    assert ids(made) == ["a", "b", "c"]
    assert made.rows == 3
    assert sorted(path.name[:5] for path in tmp_path.iterdir()) == ["manif", "part-"]
    assert made.manifest is not None
    assert made.manifest["inputs"] == {"facts": "v1"}
    assert made.manifest["provenance"] == {"run_id": "r"}
    assert made.manifest["made_from"] == {"code": "1"}


def test_version_tells_content_and_not_history(tmp_path: Path) -> None:
    one, two = piece(tmp_path / "1"), piece(tmp_path / "2")
    one.replace(rows("a", "b"), {}, {"run_id": "x"})
    two.replace(rows("z"), {}, {})
    assert one.version != two.version
    two.replace(rows("a", "b"), {"other": "input"}, {"run_id": "y"})
    assert one.version == two.version


def test_replacing_leaves_one_part(tmp_path: Path) -> None:
    made = piece(tmp_path)
    made.replace(rows("a"), {}, {})
    made.replace(rows("b"), {}, {})
    assert ids(made) == ["b"]
    assert len(list(tmp_path.glob("part-*"))) == 1


def test_appending_keeps_what_was_there_and_adds_no_empty_part(tmp_path: Path) -> None:
    made = piece(tmp_path)
    made.append(rows("a"), {}, {})
    made.append(rows("b"), {}, {})
    version = made.version
    files = sorted(tmp_path.iterdir())
    made.append(rows(), {"seen": "again"}, {})
    assert sorted(tmp_path.iterdir()) == files
    assert ids(made) == ["a", "b"]
    assert (made.version, len(made.parts())) == (version, 2)
    assert made.manifest is not None
    assert made.manifest["inputs"] == {"seen": "again"}


def test_finishing_again_after_an_interruption_keeps_the_rows(tmp_path: Path) -> None:
    made = piece(tmp_path)
    write_parquet(made.unit(0), rows("a"), DUPLICATES.schema)
    made.finish({}, {})
    made.finish({}, {})
    assert ids(made) == ["a"]


def test_a_part_that_merging_writes_again_as_it_was_is_not_deleted(tmp_path: Path) -> None:
    made = piece(tmp_path)
    made.replace(rows("a", "b"), {}, {})
    assert made.manifest is not None
    write_parquet(tmp_path / "part-00001-empty.parquet", [], DUPLICATES.schema)
    parts = [*made.manifest["parts"], {"file": "part-00001-empty.parquet", "rows": 0, "bytes": 1, "sha256": "0"}]
    write_json(tmp_path / "manifest.json", made.manifest | {"parts": parts})
    assert made.merge(2**20) == 1
    assert ids(made) == ["a", "b"]
    assert len(list(tmp_path.glob("part-*"))) == 1
