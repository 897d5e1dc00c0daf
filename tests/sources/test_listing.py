import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.schemas import LISTING
from dataset_build.sources import rows
from dataset_build.sources.rows import Row, batches


def sidecars(source: Any, uri: str) -> list[tuple[str, str]]:
    row = next(row for row in source.rows() if row["uri"] == uri)
    return [(each["role"], each["uri"]) for each in row["sidecars"]]


def test_a_folder_with_texts(folder: Any) -> None:
    folder.write({"x/a.jpg": b"12", "x/a.txt": "tags", "x/b.PNG": b"3", "x/README": "hello", "x/.DS_Store": b"\0"})
    os.utime(folder.root / "x/a.jpg", ns=(1, 1_700_000_000_000_000_001))
    (batch,) = folder.batches()
    assert batch.schema == LISTING.schema
    assert [(row["uri"], row["size"], row["status"]) for row in batch.to_pylist()] == [
        ("x/.DS_Store", 1, None),
        ("x/README", 5, None),
        ("x/a.jpg", 2, None),
        ("x/b.PNG", 1, None),
    ]
    assert batch.to_pylist()[2] == {
        "uri": "x/a.jpg",
        "member": None,
        "offset": None,
        "size": 2,
        "modified": 1_700_000_000_000_000_001,
        "status": None,
        "reason": None,
        "sidecars": [{"role": "txt", "uri": "x/a.txt", "offset": None, "size": None}],
        "metadata": None,
    }


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("a.txt", "txt"),
        ("a.TXT", "txt"),
        ("a.caption", "caption"),
        ("a.json", "json"),
        ("a.jpg.txt", "txt"),
        ("a.jpg.json", "json"),
        (".a_meta.json", "json"),
    ],
)
def test_every_kind_of_sidecar(source: Any, name: str, role: str) -> None:
    source.write({"x/a.jpg": b"1", "x/ab.jpg": b"1", f"x/{name}": "{}"})
    assert sidecars(source, "x/a.jpg") == [(role, f"x/{name}")]
    assert sidecars(source, "x/ab.jpg") == []
    assert len(source.rows()) == 2


def test_the_text_with_the_whole_name_comes_last(source: Any) -> None:
    source.write({"a.jpg": b"1", "a.jpg.json": "{}", "a.json": "{}", "a.txt": "", "a.jpg.txt": ""})
    assert [uri for _, uri in sidecars(source, "a.jpg")] == ["a.json", "a.txt", "a.jpg.json", "a.jpg.txt"]


def test_images_of_one_stem_share_their_text(source: Any) -> None:
    source.write({"a.jpg": b"1", "a.png": b"2", "a.txt": "cat", "a.png.txt": "dog"})
    assert sidecars(source, "a.jpg") == [("txt", "a.txt")]
    assert sidecars(source, "a.png") == [("txt", "a.txt"), ("txt", "a.png.txt")]


def test_an_image_named_like_a_table_of_kohyas_has_its_sidecar(source: Any) -> None:
    source.write({"x/meta_1.jpg": b"1", "x/meta_1.json": {"text": "a cat"}})
    assert sidecars(source, "x/meta_1.jpg") == [("json", "x/meta_1.json")]
    assert list(source.statuses()) == [("x/meta_1.jpg", None)]


@pytest.mark.parametrize("name", ["a.txt", "a.caption", "a.jpg.json", "00000_stats.json"])
def test_a_text_without_an_image(source: Any, name: str) -> None:
    source.write({f"x/{name}": "{}", "x/b.jpg": b"1"})
    row = next(row for row in source.rows() if row["uri"] == f"x/{name}")
    assert (row["status"], row["reason"]) == ("not_an_image", "a text without an image")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tgz", "a.7z", "a.RAR", "a.jsonl.gz"])
def test_archives_that_are_not_read(source: Any, name: str) -> None:
    (row,) = source.write({f"x/{name}": b"1"}).rows()
    assert (row["uri"], row["status"]) == (f"x/{name}", "unsupported_archive")
    assert row["reason"] == "only plain .tar archives are read: unpack it, or pack it anew"


def test_a_tar_in_a_folder_with_its_index(source: Any, tar_of: Any) -> None:
    source.write({"x/0514.tar": tar_of({"1.jpg": b"1", "1.json": "{}"}), "x/0514.json": {"files": {}}})
    (row,) = source.rows()
    assert (row["uri"], row["member"], row["offset"], row["size"]) == ("x/0514.tar", "1.jpg", 512, 1)
    assert row["sidecars"] == [{"role": "json", "uri": "x/0514.tar", "offset": 1536, "size": 2}]


def test_a_broken_tar_keeps_its_members(source: Any, tar_of: Any) -> None:
    source.write({"x/a.tar": tar_of({"1.jpg": b"1", "2.jpg": b"2"})[:1100]})
    assert source.statuses() == {("x/a.tar", "1.jpg"): None, ("x/a.tar", None): "broken_archive"}


def test_a_table_in_the_root_speaks_for_folders_and_is_told_of_once(source: Any) -> None:
    source.write({"metadata.jsonl": [{"file_name": "x/a.jpg", "text": "a cat"}], "x/a.jpg": b"1"})
    assert source.reads(source.drop(group="x"))["x/a.jpg", None].texts.alt_text == "a cat"
    assert source.statuses(source.drop(group="x")) == {("x/a.jpg", None): None}
    assert source.statuses(source.drop(group="loose")) == {}
    source.write({"metadata.jsonl": "nonsense\n"})
    assert source.statuses(source.drop(group="x")) == {("x/a.jpg", None): None}
    assert source.statuses(source.drop(group="loose")) == {("metadata.jsonl", None): "bad_metadata"}


def test_a_lonely_table_in_the_root(source: Any) -> None:
    source.write({"urls.csv": "id,url\n1,https://x.example\n"})
    assert source.statuses() == {("urls.csv", None): "url_list"}


def test_vanished_files_leave_a_mark(source: Any, tar_of: Any) -> None:
    source.write({"x/a.jpg": b"1", "x/a.txt": "cat", "x/s.tar": tar_of({"1.jpg": b"1"}), "x/b.jpg": b"1"})
    known = source.files()
    source.remove("x/a.jpg", "x/a.txt", "x/s.tar")
    assert [(r["uri"], r["member"], r["status"], r["reason"]) for r in source.rows(source.drop(known))] == [
        ("x/a.jpg", None, "vanished", "it is not there any more"),
        ("x/a.txt", None, "vanished", "it is not there any more"),
        ("x/s.tar", None, "vanished", "it is not there any more"),
    ]


def test_a_vanished_image_leaves_its_text_alone(source: Any) -> None:
    source.write({"a.jpg": b"1", "a.txt": "cat"})
    known = source.files()
    source.remove("a.jpg")
    assert source.statuses(source.drop(known)) == {("a.jpg", None): "vanished", ("a.txt", None): "not_an_image"}


def test_a_table_whose_image_vanished_is_no_useless_table(source: Any) -> None:
    source.write({"x/a.jpg": b"1", "x/b.jpg": b"1", "x/data.jsonl": [{"id": "a"}, {"id": "b"}]})
    known = source.files()
    source.remove("x/a.jpg")
    assert source.statuses(source.drop(known)) == {("x/a.jpg", None): "vanished", ("x/data.jsonl", None): "vanished"}


def test_a_new_sidecar_changes_its_image(source: Any) -> None:
    source.write({"a.jpg": b"1", "b.jpg": b"2"})
    known = source.files()
    source.write({"a.txt": "1girl, solo"})
    found = source.reads(source.drop(known))
    assert list(found) == [("a.jpg", None)]
    assert (found["a.jpg", None].data, found["a.jpg", None].texts.raw_tags[0]) == (b"1", ("1girl", "general"))


def test_a_vanished_sidecar_changes_its_image(source: Any) -> None:
    source.write({"a.jpg": b"1", "a.txt": "1girl, solo"})
    known = source.files()
    source.remove("a.txt")
    found = source.reads(source.drop(known))
    assert {place: each.status for place, each in found.items()} == {("a.jpg", None): None, ("a.txt", None): "vanished"}
    assert found["a.jpg", None].texts.raw_tags == ()


def test_a_text_that_found_its_image_supersedes_its_own_row(source: Any) -> None:
    source.write({"a.txt": "1girl, solo"})
    known = source.files()
    source.write({"a.jpg": b"1"})
    assert source.statuses(source.drop(known)) == {("a.jpg", None): None, ("a.txt", None): "vanished"}


def test_a_mended_table_supersedes_its_own_row(source: Any) -> None:
    source.write({"x/a.jpg": b"1", "x/metadata.jsonl": "nonsense"})
    known = source.files()
    source.write({"x/metadata.jsonl": [{"file_name": "a.jpg", "text": "a cat"}]})
    found = source.reads(source.drop(known))
    assert {place: each.status for place, each in found.items()} == {
        ("x/a.jpg", None): None,
        ("x/metadata.jsonl", None): "vanished",
    }
    assert found["x/a.jpg", None].texts.alt_text == "a cat"


def test_a_folder_that_cannot_be_listed(source: Any) -> None:
    files = pa.table({"path": ["x/locked/"], "size": [0], "modified": [0], "change": ["added"]})
    (row,) = source.rows(files)
    assert (row["uri"], row["status"], row["reason"]) == ("x/locked/", "unreadable", "a folder that can't be listed")


def test_an_archive_that_vanished_after_the_scan(source: Any, tar_of: Any) -> None:
    source.write(
        {"x/a.tar": tar_of({}), "x/b.parquet": pa.table({"a": [1]}), "x/m.csv": "file_name\n", "x/c.jpg": b"1"}
    )
    drop = source.drop()
    source.remove("x/a.tar", "x/b.parquet", "x/m.csv")
    assert source.statuses(drop) == {
        ("x/a.tar", None): "vanished",
        ("x/b.parquet", None): "vanished",
        ("x/c.jpg", None): None,
        ("x/m.csv", None): "bad_metadata",
    }


def test_names_that_are_not_text_are_listed_and_read(folder: Any) -> None:
    folder.write({os.fsdecode(b"caf\xe9.jpg"): b"1", os.fsdecode(b"caf\xe9.txt"): "cat", "\ufffdE9.jpg": b"2"})
    found = folder.reads()
    assert found["caf\ufffdE9.jpg", None].data == b"1"
    assert found["caf\ufffdE9.jpg", None].texts.raw_tags == (("cat", "general"),)
    assert found["\ufffdEF\ufffdBF\ufffdBDE9.jpg", None].data == b"2"


def test_every_file_is_accounted_for_in_real_folders(shared_data: Path, folder: Any) -> None:
    folder.root = shared_data
    files = folder.drop(group="clip_retrieval_tests")
    found = folder.rows(files)
    assert {row["uri"] for row in found} == set(files.column("path").to_pylist())
    assert len(found) == 18
    assert {row["status"] for row in found} == {None}


def test_batches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    monkeypatch.setattr(rows, "MAX_TEXT", 10)
    listed = [Row("a"), Row("b"), Row("c"), Row("d", metadata="x" * 11), Row("e")]
    assert [batch.column("uri").to_pylist() for batch in batches(listed)] == [["a", "b", "c"], ["d"], ["e"]]
    assert list(batches([])) == []
