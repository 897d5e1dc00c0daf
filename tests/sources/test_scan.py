import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.schemas import FILES
from dataset_build.sources.scan import SCAN, SourceNotFound, changes, group_of, scan
from tests.sources.conftest import tar_of


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("00000.tar", "shards"),
        ("laion-1.TAR", "shards"),
        ("00000.parquet", "shards"),
        ("train-00000-of-00002.parquet", "shards"),
        ("00000_stats.json", "shards"),
        ("00000/000000000.jpg", "shards"),
        ("metadata.parquet", "loose"),
        ("metadata.csv", "loose"),
        ("a.jpg", "loose"),
        ("a.tar.gz", "loose"),
        ("2024-05/a.tar", "2024-05"),
        ("locked/", "locked"),
        ("loose/a.jpg", "loose/"),
        ("shards/a.jpg", "shards/"),
    ],
)
def test_groups(path: str, group: str) -> None:
    assert group_of(path) == group


def test_scan_lists_every_file_in_order(folder: Any) -> None:
    folder.write({"b/x.jpg": "12", "b/sub/ü.png": "123", "a.jpg": "1", "00000.tar": "", "é/y.jpg": "1"})
    os.utime(folder.root / "a.jpg", ns=(5, 1_700_000_000_123_456_789))
    found = scan(folder.root)
    assert found.schema == SCAN
    rows = found.to_pylist()
    assert [(r["path"], r["size"], r["group"]) for r in rows] == [
        ("00000.tar", 0, "shards"),
        ("a.jpg", 1, "loose"),
        ("b/sub/ü.png", 3, "b"),
        ("b/x.jpg", 2, "b"),
        ("é/y.jpg", 1, "é"),
    ]
    assert rows[1]["modified"] == 1_700_000_000_123_456_789


@pytest.mark.parametrize(("year", "kept"), [(2300, 2**63 - 1), (1600, -(2**63))])
def test_a_date_that_64_bits_do_not_hold_is_the_nearest_that_they_do(folder: Any, year: int, kept: int) -> None:
    folder.write({"x.tar": tar_of({"a.jpg": b"1"})})
    moment = (year - 1970) * 31_556_952 * 10**9
    os.utime(folder.root / "x.tar", ns=(moment, moment))
    if (folder.root / "x.tar").stat().st_mtime_ns != moment:
        pytest.skip("this file system doesn't hold such a date")
    assert scan(folder.root)["modified"].to_pylist() == [kept]
    assert [each.data for each in folder.reads().values()] == [b"1"]


def test_a_table_in_the_root_stands_in_every_folders_group(source: Any) -> None:
    source.write({"metadata.csv": "x", "a/1.jpg": "", "b/2.jpg": "", "00000/3.jpg": ""})
    places = [(row["path"], row["group"]) for row in scan(source.root).to_pylist()]
    assert places == [
        ("00000/3.jpg", "shards"),
        ("a/1.jpg", "a"),
        ("b/2.jpg", "b"),
        ("metadata.csv", "a"),
        ("metadata.csv", "b"),
        ("metadata.csv", "loose"),
    ]


def test_an_empty_source_has_no_files(folder: Any) -> None:
    (folder.root / "empty/folder").mkdir(parents=True)
    assert scan(folder.root) == SCAN.empty_table()


def test_names_that_are_not_text_are_listed(folder: Any) -> None:
    (folder.root / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    assert scan(folder.root).column("path").to_pylist() == ["caf\ufffdE9.jpg"]


@pytest.mark.parametrize("name", ["absent", "file"])
def test_a_root_that_is_no_folder_is_named_with_the_fix(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    cause = {"absent": "No such file or directory", "file": "Not a directory"}[name]
    with pytest.raises(SourceNotFound) as error:
        scan(tmp_path / name)
    told, fix = str(error.value).split(": ", 1)
    assert told == f"can't list the source {tmp_path / name} ({cause})"
    assert fix == "mend that, or say where it lies now: `dataset-build source move`"


def state(**files: int) -> pa.Table:
    """Files by name, dots written as double underscores, folders as single ones; the value is size and time."""
    paths = sorted((name.replace("__", ".").replace("_", "/"), size) for name, size in files.items())
    columns = zip(*((path, size, size) for path, size in paths), strict=True) if paths else ((), (), ())
    names = ("path", "size", "modified")
    return pa.table([pa.array(c, FILES.schema.field(n).type) for n, c in zip(names, columns, strict=True)], list(names))


def changed(now: pa.Table, before: pa.Table) -> dict[str, str]:
    found = changes(now, before)
    assert found.schema == FILES.schema
    assert found.column("path").to_pylist() == sorted(found.column("path").to_pylist())
    return dict(zip(found.column("path").to_pylist(), found.column("change").to_pylist(), strict=True))


def test_added_changed_and_vanished() -> None:
    now, before = state(a__jpg=1, b__jpg=2, c__jpg=1), state(b__jpg=1, c__jpg=1, d__jpg=7)
    assert changes(now, before).to_pylist() == [
        {"path": "a.jpg", "size": 1, "modified": 1, "change": "added"},
        {"path": "b.jpg", "size": 2, "modified": 2, "change": "changed"},
        {"path": "d.jpg", "size": 7, "modified": 7, "change": "vanished"},
    ]


def test_nothing_changed() -> None:
    assert changed(state(a__jpg=1), state(a__jpg=1)) == {}


@pytest.mark.parametrize("text", ["a__txt", "a__jpg__txt", "a__jpg__json", "a__caption"])
def test_a_new_or_changed_or_vanished_sidecar_brings_its_image(text: str) -> None:
    name, images = text.replace("__", "."), {"a__jpg": 1, "b__jpg": 1}
    assert changed(state(**images, **{text: 1}), state(**images)) == {"a.jpg": "changed", name: "added"}
    assert changed(state(**images, **{text: 2}), state(**images, **{text: 1})) == {"a.jpg": "changed", name: "changed"}
    assert changed(state(**images), state(**images, **{text: 1})) == {"a.jpg": "changed", name: "vanished"}


def test_a_new_image_brings_the_texts_it_needs() -> None:
    before = state(x_a__txt=1, x_b__txt=1, x_data__jsonl=1, x_b__jpg=1, y_data__jsonl=1)
    now = state(x_a__txt=1, x_b__txt=1, x_data__jsonl=1, x_b__jpg=1, y_data__jsonl=1, x_a__jpg=1)
    assert changed(now, before) == {"x/a.jpg": "added", "x/a.txt": "changed", "x/data.jsonl": "changed"}


def test_a_vanished_image_brings_the_text_that_it_leaves_behind() -> None:
    assert changed(state(a__txt=1), state(a__txt=1, a__jpg=1)) == {"a.jpg": "vanished", "a.txt": "changed"}


def test_images_that_share_a_sidecar_both_come() -> None:
    now, before = state(a__jpg=1, a__png=1, a__txt=2), state(a__jpg=1, a__png=1, a__txt=1)
    assert changed(now, before) == {"a.jpg": "changed", "a.png": "changed", "a.txt": "changed"}


def test_a_table_brings_the_images_in_its_folder_and_below_with_their_sidecars() -> None:
    files = {"x_a__jpg": 1, "x_a__txt": 1, "x_y_b__jpg": 1, "z_c__jpg": 1}
    assert changed(state(**files, x_metadata__csv=2), state(**files, x_metadata__csv=3)) == {
        "x/a.jpg": "changed",
        "x/a.txt": "changed",
        "x/metadata.csv": "changed",
        "x/y/b.jpg": "changed",
    }


def test_a_log_that_only_grew_brings_nothing_by_itself() -> None:
    old = {"x_a__jpg": 1, "x_data__jsonl": 1}
    assert changed(state(x_a__jpg=1, x_data__jsonl=2), state(**old)) == {}
    assert changed(state(x_a__jpg=1, x_b__jpg=1, x_data__jsonl=2), state(**old)) == {
        "x/b.jpg": "added",
        "x/data.jsonl": "changed",
    }
    assert set(changed(state(x_a__jpg=1, x_data__jsonl=1), state(x_a__jpg=1, x_data__jsonl=2))) == {
        "x/a.jpg",
        "x/data.jsonl",
    }


def test_a_shards_report_brings_its_shard_only() -> None:
    files = {"00000__tar": 1, "00001__tar": 1, "00000_1__jpg": 1, "00001_1__jpg": 1}
    found = changed(state(**files, **{"00000__parquet": 2}), state(**files, **{"00000__parquet": 1}))
    assert found == {"00000.parquet": "changed", "00000.tar": "changed", "00000/1.jpg": "changed"}


def test_a_table_in_the_root_alone_makes_no_drop_of_a_folder() -> None:
    assert changed(state(x_a__tar=1, data__jsonl=2, metadata__csv=2), state(x_a__tar=1, data__jsonl=1)) == {}
    assert changed(state(x_a__jpg=1, metadata__csv=2), state(x_a__jpg=1)) == {
        "metadata.csv": "added",
        "x/a.jpg": "changed",
    }


def test_files_in_a_folder_that_cannot_be_listed_are_not_taken_for_vanished() -> None:
    before = state(x_a__jpg=1, y_b__jpg=1)
    locked = pa.concat_tables([state(y_b__jpg=1), pa.table({"path": ["x/"], "size": [0], "modified": [0]})])
    assert changed(locked, before) == {"x/": "added"}
    assert changed(before, pa.concat_tables([before, locked.slice(1)])) == {"x/": "vanished"}
