"""Every planted corruption is found and named, and nothing else is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.release.database import write_database
from dataset_build.release.manifest import content, files_of, read_manifest, seal
from dataset_build.release.reader import Release
from dataset_build.release.tags import tag_file
from dataset_build.release.verify import verify, verify_lake

Change = Callable[[Path], None]


@pytest.fixture
def folder(make_release: Any) -> Path:
    release: Release = make_release()
    return release.folder


def reseal(folder: Path, **entries: Any) -> None:
    """A manifest that fits the files, as if the release had been made so."""
    manifest = {**json.loads((folder / "manifest.json").read_text()), **entries}
    files = files_of(folder)
    manifest |= {"files": files, "content": content(files), **entries}
    write_database(folder, {key: value for key, value in manifest.items() if key != "files"})
    seal(folder, {**manifest, "files": files_of(folder)})


def rows(table: str, change: Callable[[list[dict[str, Any]]], object]) -> Change:
    """Other rows in a table, everything else made to fit."""

    def apply(folder: Path) -> None:
        file = folder / f"{table}.parquet"
        before = pq.read_table(file)
        found = before.to_pylist()
        change(found)
        pq.write_table(pa.Table.from_pylist(found, before.schema), file)
        reseal(folder)

    return apply


def entry(key: str, change: Callable[[Any], Any]) -> Change:
    """Another entry in the manifest, everything else made to fit."""

    def apply(folder: Path) -> None:
        reseal(folder, **{key: change(json.loads((folder / "manifest.json").read_text())[key])})

    return apply


def file(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes())) and None


def flip(data: bytes, where: int) -> bytes:
    return data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]


def in_database(statement: str) -> Change:
    def apply(folder: Path) -> None:
        with duckdb.connect(str(folder / "release.duckdb")) as connection:
            connection.execute(statement)
        seal(folder, {**json.loads((folder / "manifest.json").read_text()), "files": files_of(folder)})

    return apply


def narrower(folder: Path) -> None:
    """A column of another type, under a manifest that says otherwise."""
    manifest = json.loads((folder / "manifest.json").read_text())
    table = pq.read_table(folder / "tags.parquet")
    wide = table.schema.field("rank").with_type(pa.int64())
    pq.write_table(table.set_column(4, wide, table["rank"].cast(pa.int64())), folder / "tags.parquet")
    columns = manifest["files"]["tags.parquet"]["columns"]
    files = files_of(folder)
    files["tags.parquet"]["columns"] = columns
    seal(folder, {**manifest, "files": files, "content": content(files)})


def less_stage(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**stages[0], "out": stages[0]["out"] - 1}, *stages[1:]]


def other_reason(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "rejected": {"other": 1}} if each["stage"] == "size" else each for each in stages]


CORRUPTIONS: dict[str, tuple[Change, list[str]]] = {
    "a flipped bit in a table": (
        file("captions.parquet", lambda data: flip(data, 60)),
        ["captions.parquet: sha256 is "],
    ),
    "a flipped bit in the database": (
        file("release.duckdb", lambda data: flip(data, 20_000)),
        ["release.duckdb: sha256 is "],
    ),
    "a flipped bit in the card": (file("README.md", lambda data: flip(data, 9)), ["README.md: sha256 is "]),
    "a flipped bit in the manifest": (
        file("manifest.json", lambda data: flip(data, 30)),
        ["manifest.json: its sha256 is not"],
    ),
    "a truncated table": (file("lineage.parquet", lambda data: data[:-40]), ["lineage.parquet: can't be read: "] * 2),
    "an empty table": (file("tags.parquet", lambda data: b""), ["tags.parquet: can't be read: "] * 2),
    "a truncated database": (
        file("release.duckdb", lambda data: data[:5000]),
        ["release.duckdb: bytes is 5000", "release.duckdb: sha256 is ", "release.duckdb: can't be read: "],
    ),
    "a missing table": (
        lambda folder: (folder / "rejects.parquet").unlink(),
        ["rejects.parquet: missing", "rejects.parquet: can't be read"],
    ),
    "a missing seal": (lambda folder: (folder / "manifest.sha256").unlink(), ["manifest.sha256: missing"]),
    "a missing manifest": (lambda folder: (folder / "manifest.json").unlink(), ["manifest.json: missing"]),
    "an extra file": (lambda folder: (folder / "notes.txt").touch(), ["notes.txt: not in the manifest"]),
    "an extra folder": (lambda folder: (folder / "more").mkdir(), ["more: not in the manifest"]),
    "a column of another type": (narrower, ["tags.parquet: columns is ", "release.duckdb: tags is not tags.parquet"]),
    "an image twice": (
        rows("images", lambda found: found.append({**found[0], "pixel_hash": "other"})),
        ["keys: images: ", "no_duplicate: image_id: ", "counts: occurrences in", "manifest.json: 2 images come out"],
    ),
    "a picture twice": (
        rows("images", lambda found: found[0].update(pixel_hash=found[1]["pixel_hash"])),
        ["no_duplicate: pixel_hash: "],
    ),
    "a caption twice": (rows("captions", lambda found: found.append(found[0])), ["keys: captions: c1"]),
    "a reject twice": (
        rows("rejects", lambda found: found.append(found[-1])),
        ["keys: rejects: ", "counts: occurrences in", "manifest.json: what stage source rejected" ],
    ),
    "a caption of no image": (
        rows("captions", lambda found: found[1].update(image_id="ab" * 32)),
        ["references: captions: image not in images: abab"],
    ),
    "a tag of no image": (
        rows("tags", lambda found: found.append({**found[0], "image_id": "ab" * 32})),
        ["references: tags: image not in images: abab"],
    ),
    "other tags": (rows("tags", lambda found: found.pop()), ["references: images: tags are not those of tags: caca"]),
    "a duplicate of nothing": (
        rows("lineage", lambda found: found[2].update(duplicate_of="ab" * 32)),
        ["references: lineage: duplicate_of not in lineage: abab"],
    ),
    "a caption that is not the chosen one": (
        rows("images", lambda found: found[0].update(caption="Another.")),
        ["references: images: caption is not the one that lineage names"],
    ),
    "an image without a caption": (
        rows("images", lambda found: found[0].update(caption=" ")),
        ["caption: caption: ", "references: images: caption is not"],
    ),
    "a kept image that is not there": (
        rows("lineage", lambda found: found[2].update(kept=True, caption_id="c1")),
        ["counts: kept in lineage, not in images", "references: lineage: caption not in captions"],
    ),
    "a reject that is gone": (
        rows("rejects", lambda found: found.pop()),
        ["counts: occurrences in, images and rejects out", "manifest.json: what stage source rejected is not what"],
    ),
    "counts that don't add up": (
        entry("stages", less_stage),
        ["manifest.json: the counts of stage source", "manifest.json: the counts of stage takedown"],
    ),
    "counts of other reasons": (entry("stages", other_reason), ["manifest.json: what stage size rejected is not what"]),
    "content that is not the files'": (
        entry("content", lambda _: "0" * 64),
        ["manifest.json: content is not the hash of the files"],
    ),
    "other rows in the database": (
        in_database("update captions set caption = 'x' where caption_id = 'c2'"),
        ["release.duckdb: captions is not captions.parquet"],
    ),
    "another manifest in the database": (
        in_database("delete from manifest where key = 'config'"),
        ["release.duckdb: config is not what manifest.json says"],
    ),
    "a file that no one lists": (
        lambda folder: seal(folder, {**(read_manifest(folder) or {}), "files": {}}),
        ["README.md: not in the manifest", "captions.parquet: not in", "manifest.json: images.parquet is not listed"],
    ),
    "a manifest without counts": (
        lambda folder: seal(folder, {"version": "1", "sequence": 1}),
        ["manifest.json: content, files, parent, stages: missing"],
    ),
}  # fmt: skip


def test_a_sound_release_has_no_problem(folder: Path) -> None:
    assert verify(folder) == []


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_each_corruption_is_found_and_named(folder: Path, corruption: str) -> None:
    corrupt, expected = CORRUPTIONS[corruption]
    corrupt(folder)
    found = verify(folder)
    missing = [start for start in expected if not any(problem.startswith(start) for problem in found)]
    assert missing == [], found


def test_a_tombstone_has_no_data_and_a_successor(make_release: Any, tmp_path: Path) -> None:
    first, _ = make_release("1"), make_release("2", 2)
    for name in first.manifest["files"]:
        (first.folder / name).unlink()
    (first.folder / "tombstone.json").write_text(json.dumps({"successor": "2"}))
    assert verify(first.folder) == []
    (first.folder / "images.parquet").touch()
    assert verify(first.folder) == ["images.parquet: data of a purged release; run `release purge 1` again"]
    (first.folder / "tombstone.json").write_text(json.dumps({"successor": "3"}))
    assert verify(first.folder)[1] == "tombstone.json: its successor 3 is no complete release"
    (first.folder / "tombstone.json").write_text("{")
    assert verify(first.folder)[0].startswith("tombstone.json: not JSON: ")


def test_a_lake_is_verified_with_what_ties_its_releases(make_release: Any, tmp_path: Path) -> None:
    make_release("1")
    make_release("2", 1)
    reseal(make_release("3", 3).folder, parent="9")
    file = tag_file(tmp_path / "lake", "production")
    file.parent.mkdir()
    file.write_text('{"version": "8", "sequence": 3}')
    found = verify_lake(tmp_path / "lake")
    assert found == {
        "1": [],
        "2": [],
        "3": [],
        "": [
            ".tags/production.json: names release 8, which is not there",
            "releases 1 and 2 have the same sequence number",
            "release 3: its parent 9 is not there",
        ],
    }
    file.write_text("[]")
    assert "can't be read; set it again" in verify_lake(tmp_path / "lake")[""][0]
