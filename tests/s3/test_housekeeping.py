"""A lake in a bucket is tidied as one in a folder."""

from dataset_build.buckets import BucketPath
from dataset_build.config import Config
from dataset_build.fingerprint import Fingerprint
from dataset_build.locations import scratch
from resources.housekeeping import clean, compact, waste
from resources.lake import Lake
from resources.pieces import Piece
from resources.storage import write_json
from resources.upgrade import upgrade
from tests.resources.test_housekeeping import names, planted


def test_small_parts_are_merged(bucket: BucketPath) -> None:
    lake = Lake(bucket, Config())
    piece = planted(lake)
    version = piece.version
    assert [(each.folder, saved) for each, saved in compact(lake)] == [(piece.folder, 3)]
    assert (names(piece), piece.version) == (["c0", "c1", "c2", "c3"], version)
    assert len(list(piece.folder.glob("*.parquet"))) == len(piece.parts()) == 1


def test_waste_is_found_and_deleted(bucket: BucketPath) -> None:
    lake = Lake(bucket, Config())
    piece = planted(lake, parts=1)
    (bucket / "tables/tags/gone/x.parquet").write_bytes(b"123")
    (bucket / "releases/7/images.parquet").write_bytes(b"12")
    write_json(bucket / "releases/.staging-7", {})
    spill = scratch(bucket) / "releases/.staging-8"
    spill.mkdir(parents=True)
    found = [(each.table, each.where) for each in waste(lake)]
    assert found == [
        ("captions", piece.folder.name),
        ("tags", "gone"),
        ("", "releases/.staging-8"),
        ("", "releases/7"),
        ("", "releases/.staging-7"),
    ]
    assert [each.where for each in clean(lake)] == [where for _, where in found[1:]]
    assert names(piece) == ["c0"]
    assert [each.table for each in waste(lake)] == ["captions"]
    assert not spill.exists()
    assert len(list(clean(lake, costly=True))) == 1
    assert piece.version is None
    assert list(waste(lake)) == []


def test_older_columns_are_carried_over(bucket: BucketPath) -> None:
    lake = Lake(bucket, Config())
    now = lake.piece("duplicate_pairs")
    before = dict(now.fingerprint.parts)
    before["columns"] = {name: kind for name, kind in before["columns"].items() if name != "correlation"}
    old = Piece(now.folder.with_name(str(Fingerprint(before))), now.table, Fingerprint(before))
    old.append([], {"drop": "version"}, {})
    assert [(new.folder, was.folder) for new, was in upgrade(lake)] == [(now.folder, old.folder)]
    assert (now.version, now.rows) == (old.version, 0)
    assert list(upgrade(lake)) == []
