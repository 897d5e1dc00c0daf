"""Captions by people: read from files that may be wrong anywhere, preferred in releases, with their parents."""

from pathlib import Path
from typing import Any

import pytest

from dataset_build import annotations
from dataset_build.annotations import BadAnnotations, read_annotations
from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.reader import open_release
from resources.annotations import import_annotations
from resources.lake import Lake
from tests.bucket import lake_at
from tests.pictures import put


def read(path: Path, content: bytes = b"") -> list[tuple[Any, ...]]:
    if content:
        path.write_bytes(content)
    return [(a.file, a.line, a.by, a.name, a.caption, a.problem) for a in read_annotations(path)]


def test_csv_lines_are_counted_as_in_an_editor(tmp_path: Path) -> None:
    content = '\ufeffpath,source_id,caption\na.png,,"Two\nlines."\n,7,Seven.\n,,None.\n./b.png,,\n'.encode()
    file = tmp_path / "a.csv"
    assert read(file, content) == [
        ("a.csv", 2, "path", "a.png", "Two lines.", None),
        ("a.csv", 4, "source_id", "7", "Seven.", None),
        ("a.csv", 5, "", "", "", "names no image: needs one of image_id, path, uri, source_id"),
        ("a.csv", 6, "", "", "", "no caption"),
    ]


def test_csv_that_is_no_csv_in_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotations, "MAX_TEXT", 10)
    content = b'uri,text\na.png,"x"y\nb.png,\xff\nc.png,12345678901\nd.png,fine\ne.png,a\0b\n'
    found = read(tmp_path / "a.csv", content)
    assert [(line, problem) for _, line, *_, problem in found if problem] == [
        (2, "not CSV: ',' expected after '\"'"),
        (3, "not valid UTF-8"),
        (4, "longer than 10 characters"),
        (6, "not valid UTF-8"),
    ]
    assert [(by, name, caption) for _, _, by, name, caption, problem in found if not problem] == [
        ("path", "d.png", "fine")
    ]


@pytest.mark.parametrize("header", ['"abc', 'caption,"path"x', "x" * 1_000_001])
def test_a_header_that_is_no_csv_is_said(tmp_path: Path, header: str) -> None:
    with pytest.raises(BadAnnotations, match=r"a.csv: its header is not CSV: "):
        read(tmp_path / "a.csv", header.encode())


def test_json_lines(tmp_path: Path) -> None:
    lines = (
        b'{"image_id": "AB", "text": "A cat."}', b"", b"{", b"[1]", b'{"path": "a", "caption": 3}',
        b'{"path": "a", "caption": "\\ud800"}', b"[" * 100_000, b'{"source_id": 12, "caption": "x"}',
    )  # fmt: skip
    found = read(tmp_path / "a.jsonl", b"\n".join(lines))
    assert [(line, by, name) for _, line, by, name, _, problem in found if not problem] == [
        (1, "image_id", "ab"),
        (8, "source_id", "12"),
    ]
    problems = [(line, (problem or "")[:16]) for _, line, *_, problem in found if problem]
    assert problems == [
        (3, "not JSON: Expect"),
        (4, "not a JSON objec"),
        (5, "the caption is n"),
        (6, "not valid UTF-8"),
        (7, "not JSON: maximu"),
    ]


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.b.txt").write_text("A.")
    (tmp_path / "z.txt").write_bytes(b"x" * 100_000)
    (tmp_path / "link.txt").symlink_to("/etc/hostname")
    assert read(tmp_path) == [
        ("deep/a.b.txt", 1, "stem", "deep/a.b", "A.", None),
        ("z.txt", 1, "", "", "", "longer than 20,000 characters"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", "x", "not a .csv, a .jsonl or a folder"),
        ("no.csv", "", "no file"),
        ("a.csv", "name,caption\n", "the header needs caption, and one of image_id"),
        ("a.csv", "\n", "the header needs caption"),
    ],
)
def test_files_that_are_none(tmp_path: Path, name: str, content: str, message: str) -> None:
    if content:
        (tmp_path / name).write_text(content)
    with pytest.raises(BadAnnotations, match=message):
        list(read_annotations(tmp_path / name))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    for number, name in enumerate(("a.png", "deep/b.png", "c.png")):
        put(tmp_path / "scrape" / name, seed=number, text="red hat" if number else None)
    build(lake_at(tmp_path / "lake"), Config(), [tmp_path / "scrape"])
    return Lake(lake_at(tmp_path / "lake"), Config())


def shown(lake: Lake) -> dict[str, tuple[str, str, str]]:
    with open_release(lake=lake.root) as release:
        rows = release.arrow("images").to_pylist()
    return {row["uri"]: (row["caption"], row["caption_recipe"], row["caption_model"]) for row in rows}


def test_people_are_preferred_and_what_they_replace_is_their_parent(tmp_path: Path, lake: Lake) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        f"path,image_id,caption\na.png,,A fog.\n{tmp_path}/scrape/deep/b.png,,First.\ndeep/b.png,,Second.\n"
        f"nowhere.png,,X.\n,{'0' * 64},Y.\n"
    )
    new, known, problems = import_annotations(lake, file)
    assert (new, known) == (3, 0)
    assert [(p.line, p.problem) for p in problems] == [
        (5, "path 'nowhere.png' fits no images"),
        (6, f"image_id '{'0' * 64}' fits no images"),
    ]
    assert import_annotations(lake, file)[:2] == (2, 1)  # the two of b.png, one after the other again
    build(lake.root, Config(), [])
    assert shown(lake)["a.png"] == ("A fog.", "person", "human")
    assert shown(lake)["deep/b.png"] == ("Second.", "person", "human")
    assert shown(lake)["c.png"][1:] == ("compose", "compose")
    with open_release(lake=lake.root) as release:
        rows = release.sql("from captions where recipe = 'person' order by image_id, n").to_arrow_table().to_pylist()
        ids = {row["caption_id"] for row in release.arrow("captions").to_pylist()}
        chain = [row for row in rows if row["caption"] in ("First.", "Second.")]
        parents = release.sql("select caption_parent from lineage where caption_parent is not null").fetchall()
    assert [row["parent"] for row in chain[1:]] == [row["caption_id"] for row in chain[:-1]]
    assert chain[0]["parent"] in ids
    assert parents == [(chain[-1]["parent"],)]
    assert '"line": 4' in chain[-1]["trace"]


def test_text_files_find_their_images_by_name_and_ambiguous_names_are_told(tmp_path: Path, lake: Lake) -> None:
    folder = tmp_path / "texts"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/b.txt").write_text("By its path.")
    (folder / f"{lake.sample('current_facts', 1)[0]}.txt").write_text("By its id.")
    (folder / "x.txt").write_text("Nobody's.")
    new, _, problems = import_annotations(lake, folder)
    assert (new, [p.problem for p in problems]) == (2, ["stem 'x' fits no images"])
    put(tmp_path / "more/c.png", seed=7, text="hat")
    build(lake.root, Config(), [tmp_path / "more"])
    (tmp_path / "c.jsonl").write_text(
        '{"path": "c.png", "caption": "Which?"}\n{"path": "more/c.png", "caption": "No."}'
    )
    problems = import_annotations(lake, tmp_path / "c.jsonl")[2]
    assert [p.problem for p in problems] == ["path 'c.png' fits 2 images", "path 'more/c.png' fits no images"]
