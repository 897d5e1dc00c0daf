import json
import os
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.config import ImageLimits
from dataset_build.schemas import LISTING
from dataset_build.sources import folder as side
from dataset_build.sources import read as read_module
from dataset_build.sources.read import Read, read

LIMITS = ImageLimits()


def problems(found: Read) -> list[str]:
    return list(json.loads(found.texts.metadata or "{}").get("problems", []))


def place(source: Any, **row: Any) -> Read:
    """What is read at one made-up place."""
    names = dict.fromkeys(LISTING.schema.names)
    batch = pa.RecordBatch.from_pylist([{**names, "sidecars": [], **row}], LISTING.schema)
    (found,) = read(source.root, batch, LIMITS)
    return found


def test_files_with_their_texts(source: Any) -> None:
    source.write({"a.jpg": b"AA", "a.json": {"id": 7, "tags": "cat mat"}, "a.caption": "A cat.", "a.txt": "1girl, hat"})
    (found,) = source.reads().values()
    assert (found.data, found.status, found.reason) == (b"AA", None, None)
    assert found.texts.source_id == "7"
    assert found.texts.alt_text == "A cat."
    assert [tag for tag, _ in found.texts.raw_tags] == ["cat", "mat", "1girl", "hat"]


def test_members_with_their_texts(source: Any, tar_of: Any) -> None:
    members = {"a.jpg": b"AA", "a.txt": "A cat on a mat.", "a.json": {"url": "https://x.example/a.jpg"}, "a.cls": "3"}
    source.write({"x.tar": tar_of(members | {"b.jpg": b"", "b.caption": "Nothing."})})
    found = source.reads()
    first, second = found["x.tar", "a.jpg"], found["x.tar", "b.jpg"]
    assert (first.data, first.texts.alt_text, first.texts.source_url) == (
        b"AA",
        "A cat on a mat.",
        "https://x.example/a.jpg",
    )
    assert first.texts.metadata == '{"cls":"3"}'
    assert (second.data, second.status, second.texts.alt_text) == (None, "empty", "Nothing.")


def test_an_archive_is_opened_once(folder: Any, tar_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write({"x.tar": tar_of({f"{i}.jpg": b"1" for i in range(9)} | {f"{i}.txt": "cat" for i in range(9)})})
    batches, opened, real = folder.batches(), [], side._open
    monkeypatch.setattr(side, "_open", lambda root, uri: opened.append(uri) or real(root, uri))
    for batch in batches:
        assert [each.data for each in read(folder.root, batch, LIMITS)] == [b"1"] * 9
    assert opened == ["x.tar"]


def test_empty_and_too_large(source: Any, tar_of: Any) -> None:
    source.write({"x/a.jpg": b"", "x/b.jpg": b"123", "x/c.tar": tar_of({"c.jpg": b"123", "d.jpg": b"12"})})
    source.write({"x/e.parquet": pa.table({"image": pa.array([b"123", b"12", b""])})})
    found = source.reads(limits=ImageLimits(max_bytes=2))
    large = "3 bytes, more than images.max_bytes = 2"
    assert {place: (each.data, each.status, each.reason) for place, each in found.items()} == {
        ("x/a.jpg", None): (None, "empty", "0 bytes"),
        ("x/b.jpg", None): (None, "too_many_bytes", large),
        ("x/c.tar", "c.jpg"): (None, "too_many_bytes", large),
        ("x/c.tar", "d.jpg"): (b"12", None, None),
        ("x/e.parquet", "0"): (None, "too_many_bytes", large),
        ("x/e.parquet", "1"): (b"12", None, None),
        ("x/e.parquet", "2"): (None, "empty", "0 bytes"),
    }


def test_links(folder: Any) -> None:
    folder.write({"x/a.jpg": b"1", "x/f/b.jpg": b"2", "../secret.jpg": b"secret", "../secret.txt": "secret, word"})
    for name, target in {"in": "a.jpg", "out": "../../secret.jpg", "f2": "f", "nothing": "absent"}.items():
        (folder.root / "x" / name).symlink_to(target)
    (folder.root / "x/a.txt").symlink_to("../../secret.txt")
    found = folder.reads()
    assert {uri: (each.data, each.status) for (uri, _), each in found.items()} == {
        "x/a.jpg": (b"1", None),
        "x/f/b.jpg": (b"2", None),
        "x/f2": (None, "unreadable"),
        "x/in": (b"1", None),
        "x/nothing": (None, "vanished"),
        "x/out": (None, "outside_source"),
    }
    assert found["x/a.jpg", None].texts.raw_tags == ()
    assert problems(found["x/a.jpg", None]) == ["txt: a link that leaves the source folder"]


def test_a_made_up_place_outside_the_root_is_not_read(source: Any) -> None:
    source.write({"../secret.jpg": b"secret"})
    assert place(source, uri="../secret.jpg").status == "outside_source"
    assert place(source, uri="x/../../secret.jpg").status == "outside_source"
    assert place(source, uri="/etc/hostname").status in ("vanished", "outside_source")


def test_files_that_vanish_or_cannot_be_opened(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write({"a.jpg": b"1", "b.jpg": b"2", "b.txt": "cat", "c.jpg": b"3"})
    batches, real = folder.batches(), os.open
    (folder.root / "a.jpg").unlink()

    def guarded(path: str, flags: int) -> int:
        if path.endswith(("b.jpg", "b.txt")):
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags)

    monkeypatch.setattr(os, "open", guarded)
    found = [each for batch in batches for each in read(folder.root, batch, LIMITS)]
    assert [(each.data, each.status, each.reason) for each in found] == [
        (None, "vanished", "it is not there any more, or is a link to nothing"),
        (None, "unreadable", "PermissionError: Permission denied"),
        (b"3", None, None),
    ]
    assert problems(found[1]) == ["txt: PermissionError: Permission denied"]


def test_a_listed_status_is_handed_on_unread(source: Any) -> None:
    source.write({"a.jpg": b"1"})
    found = place(
        source, uri="a.jpg", status="failed_download", reason="HTTP 404", metadata='{"url":"https://x.example"}'
    )
    assert (found.data, found.status, found.reason) == (None, "failed_download", "HTTP 404")
    assert found.texts.source_url == "https://x.example"


@pytest.mark.parametrize("name", ["x.tar", "x.parquet"])
def test_an_archive_that_changed_since_is_not_read(folder: Any, tar_of: Any, name: str) -> None:
    content = {
        "x.tar": tar_of({"a.jpg": b"1", "b.jpg": b"2"}),
        "x.parquet": pa.table({"image": pa.array([b"1", b"2"])}),
    }
    folder.write({f"d/{name}": content[name]})
    batches = folder.batches()
    os.utime(folder.root / "d" / name, ns=(1, 1))
    found = [each for batch in batches for each in read(folder.root, batch, LIMITS)]
    reason = "the archive changed after its drop was registered"
    assert [(each.data, each.status, each.reason) for each in found] == [(None, "unreadable", reason)] * 2


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.json", "{broken", ["json: not JSON: Expecting property name enclosed in double quotes at character 1"]),
        ("a.json", "", ["json: not JSON: Expecting value at character 0"]),
        ("a.json", "3", ["json: no record in it"]),
        ("a.json", "[" * 100_000, ["json: nested too deeply"]),
        ("a.txt", b"caf\xe9, th\xe9", ["txt: not valid UTF-8, read as Latin-1"]),
        ("a.txt", b"x" * 101, ["txt: 101 bytes, more than 100"]),
        ("a.txt", "", []),
    ],
)  # fmt: skip
def test_a_bad_text_does_not_harm_its_image(
    source: Any, monkeypatch: pytest.MonkeyPatch, name: str, content: Any, found: list[str]
) -> None:
    if "more than 100" in str(found):
        monkeypatch.setattr(read_module, "MAX_RECORD", 100)
    source.write({"a.jpg": b"1", name: content})
    (row,) = source.reads().values()
    assert (row.data, row.status) == (b"1", None)
    assert problems(row) == found


@pytest.mark.parametrize(
    "content",
    [
        '["1girl", "character:x"]',
        '[{"tags": ["1girl", "character:x"]}, {"tags": []}]',
        '{"tags": ["1girl", "character:x"]}',
    ],
)
def test_lists_of_tags_and_of_records(source: Any, content: str) -> None:
    source.write({"a.jpg": b"1", "a.json": content})
    (row,) = source.reads().values()
    assert row.texts.raw_tags == (("1girl", "general"), ("x", "character"))


def test_a_sidecar_has_the_last_word_over_a_table(source: Any) -> None:
    source.write(
        {
            "x/a.jpg": b"1",
            "x/metadata.jsonl": [{"file_name": "a.jpg", "text": "from the table", "license": "CC0"}],
            "x/a.json": {"text": "from the stem"},
            "x/a.jpg.json": {"text": "from the name"},
        }
    )
    (row,) = source.reads().values()
    assert (row.texts.alt_text, row.texts.license) == ("from the name", "CC0")
