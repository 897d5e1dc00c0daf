"""What all formats have in common: whole files, the same bytes, going on, leaving out."""

import csv
import hashlib
import json
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from dataset_build.exports.errors import ExportError
from dataset_build.exports.plan import Wish
from dataset_build.exports.registry import FORMATS, load_format
from dataset_build.exports.run import export
from dataset_build.mixes import BadMix
from dataset_build.queries import load_query
from dataset_build.release.reader import Release
from tests.exports.conftest import TEXTS, Shelf, Write, Written, planted, write_release

OWN_ROOT = {"root": "/data/set"}  # else the folder's name is in some files


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_wish_gives_the_same_bytes(write: Write, written: Written, tmp_path: Path, form: str) -> None:
    write(form, rows=4, **OWN_ROOT)
    assert tree(tmp_path / form) == tree(written(form))


@pytest.mark.parametrize("form", FORMATS)
def test_the_manifest_lists_every_file_with_its_hash(written: Written, form: str) -> None:
    found = tree(written(form))
    manifest = json.loads(found.pop("export.json"))
    assert manifest["rows"] == 9 and manifest["skipped"] == {}
    for name, file in manifest["files"].items():
        if "files" in file:
            inside = [name_ for name_ in found if name_.startswith(f"{name}/")]
            assert (len(inside), sum(len(found.pop(each)) for each in inside)) == (file["files"], file["bytes"])
        else:
            data = found.pop(name)
            assert file == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert found == {}


def test_the_hash_of_a_folder_is_that_of_sha256sum(written: Written) -> None:
    manifest = json.loads((written("kohya") / "export.json").read_text("utf-8"))
    command = "LC_ALL=C sha256sum * | sha256sum"
    printed = subprocess.check_output(command, shell=True, cwd=written("kohya") / "00000", text=True)
    assert printed.split()[0] == manifest["files"]["00000"]["sha256"]


@pytest.mark.parametrize("form", FORMATS)
def test_source_and_licence_travel_with_every_row(written: Written, form: str) -> None:
    if FORMATS[form].credits:
        rows = pq.read_table(written(form) / "sources.parquet").to_pylist()
        assert len(rows) == 9
        assert {(row["source"], row["license"]) for row in rows} == {("scrape", "CC BY 4.0")}
        assert all(row["url"] == f"https://example.org/{row['source_id']}" for row in rows)
    else:
        tables = [pq.read_table(path, columns=["license"]) for path in written(form).rglob("*.parquet")]
        said = [str(table.to_pylist()).encode() for table in tables] or tree(written(form)).values()
        assert b"".join(said).count(b"CC BY 4.0") == 9


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.modes[0] != "reference"])
@pytest.mark.parametrize("patience", [0, 4])
def test_an_interrupted_export_goes_on(write: Write, shelf: Shelf, tmp_path: Path, form: str, patience: int) -> None:
    write(form, tmp_path / "whole", rows=3, **OWN_ROOT)
    shelf.given.clear()
    shelf.patience = patience
    with pytest.raises(KeyboardInterrupt):
        write(form, tmp_path / "halted", rows=3, **OWN_ROOT)
    assert not (tmp_path / "halted" / "export.json").exists()
    assert not list((tmp_path / "halted").rglob(".partial*"))
    shelf.patience, done = None, patience // 3 * 3
    shelf.given.clear()
    write(form, tmp_path / "halted", rows=3, resume=True, **OWN_ROOT)
    assert len(shelf.given) == 9 - done
    assert tree(tmp_path / "halted") == tree(tmp_path / "whole")


def test_what_a_killed_process_left_half_written_is_replaced(write: Write, shelf: Shelf, tmp_path: Path) -> None:
    shelf.patience = 4
    with pytest.raises(KeyboardInterrupt):
        write("kohya", rows=3)
    (tmp_path / "kohya" / ".partial-00001").mkdir()
    (tmp_path / "kohya" / ".partial-00001" / "old.jpg").write_bytes(b"half")
    (tmp_path / "kohya" / "00001").mkdir()  # renamed, but not noted as done
    (lost,) = (tmp_path / "kohya" / "00000").glob(f"{min(shelf.files)}.txt")
    lost.write_bytes(b"")  # noted, but not on disk when the power went
    shelf.patience = None
    write("kohya", rows=3, resume=True)
    assert not any("partial" in name or "old.jpg" in name for name in tree(tmp_path / "kohya"))
    assert len(list((tmp_path / "kohya" / "00001").glob("*.txt"))) == 3
    assert lost.read_bytes() != b""


def test_going_on_with_what_is_finished_does_nothing(write: Write, shelf: Shelf, tmp_path: Path) -> None:
    manifest = write("webdataset")
    before = tree(tmp_path / "webdataset")
    shelf.given.clear()
    assert write("webdataset", resume=True) == manifest
    assert shelf.given == [] and tree(tmp_path / "webdataset") == before


@pytest.mark.parametrize("finished", [True, False])
def test_another_wish_does_not_go_on(write: Write, shelf: Shelf, tmp_path: Path, finished: bool) -> None:
    if finished:
        write("webdataset")
    else:
        shelf.patience = 1
        with pytest.raises(KeyboardInterrupt):
            write("webdataset")
    with pytest.raises(ExportError, match=r"another export was begun in .*: mix, mix_sha256, where differ"):
        write("webdataset", resume=True, mix="alt", where="width > 1")


def test_a_folder_with_something_in_it_is_refused(write: Write, tmp_path: Path) -> None:
    (tmp_path / "webdataset").mkdir()
    (tmp_path / "webdataset" / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="is not empty"):
        write("webdataset")
    with pytest.raises(ExportError, match="holds no export to go on with"):
        write("webdataset", resume=True)
    assert tree(tmp_path / "webdataset") == {"mine.txt": b"mine"}


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.modes[0] != "reference"])
def test_an_image_that_can_not_be_had_is_left_out_and_listed(
    write: Write, shelf: Shelf, tmp_path: Path, form: str
) -> None:
    gone, changed = sorted(shelf.files)[:2]
    del shelf.files[gone]
    shelf.files[changed] += b"more"
    manifest = write(form, rows=2)
    assert manifest["rows"] == 7
    assert manifest["skipped"] == {"changed": 1, "vanished": 1}
    with (tmp_path / form / "skipped.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["image_id", "reason", "detail"],
            [gone, "vanished", "gone"],
            [changed, "changed", "the file has other bytes than when the release was made"],
        ]
    others = {name: data for name, data in tree(tmp_path / form).items() if name not in ("skipped.csv",)}
    assert not any(left_out.encode() in data for data in others.values() for left_out in (gone, changed))
    assert not any(left_out in name for name in others for left_out in (gone, changed))


@pytest.mark.parametrize("form", FORMATS)
def test_an_image_that_is_taken_down_is_in_no_file_but_the_list(
    write: Write, shelf: Shelf, tmp_path: Path, form: str
) -> None:
    image = sorted(shelf.files)[3]
    shelf.refused = {image: "take-down 1"}
    manifest = write(form, rows=2)
    assert (manifest["rows"], manifest["skipped"]) == (8, {"taken_down": 1})
    found = tree(tmp_path / form)
    assert found.pop("skipped.csv").decode() == f"image_id,reason,detail\n{image},taken_down,take-down 1\n"
    number = next(row["source_id"] for row in planted()["images"] if row["image_id"] == image)
    unwanted = (image, TEXTS[int(number)].strip(), f"https://example.org/{number}")
    assert not any(text.encode() in data or text in name for name, data in found.items() for text in unwanted)
    assert image not in shelf.given


def test_an_export_does_not_go_on_after_a_take_down(write: Write, shelf: Shelf) -> None:
    shelf.patience = 1
    with pytest.raises(KeyboardInterrupt):
        write("webdataset")
    shelf.patience, shelf.refused = None, {min(shelf.files): "take-down 1"}
    with pytest.raises(ExportError, match=r"another export was begun in .*: taken_down differ"):
        write("webdataset", resume=True)


@pytest.mark.parametrize("form", ["deck", "webdataset"])
def test_a_hostile_release_names_no_files(tmp_path: Path, form: str) -> None:
    tables = planted()
    tables["images"] = [{**tables["images"][0], "image_id": f"../../../{'a' * 55}", "format": "/../../../x"}]
    write_release(tmp_path / "hostile" / "1", tables)
    with Release(tmp_path / "hostile" / "1") as release:
        wish = Wish(mode="reference" if form == "deck" else None)
        manifest = export(release, form, load_format(form), tmp_path / "a" / "b" / "out", Heap({}), wish)
    assert (manifest["rows"], manifest["skipped"]) == (0, {"bad_id": 1})
    assert {path.name for path in tmp_path.iterdir()} == {"hostile", "a"}


def test_an_image_without_a_text_is_left_out(write: Write, tmp_path: Path) -> None:
    manifest = write("webdataset", mix="recap", settings=("max_tokens=9", "share=1"))
    assert 0 < manifest["rows"] < 9
    assert manifest["skipped"] == {"no_text": 9 - manifest["rows"]}


def test_a_filter_is_an_expression_over_images(write: Write, tmp_path: Path) -> None:
    manifest = write("webdataset", tmp_path / "a", where="format = 'PNG' and width > 301 -- only these")
    assert manifest["rows"] == 2
    several = "image_id in (select image_id from tags where tag = 'cat')"
    assert write("webdataset", tmp_path / "b", where=several)["rows"] == 9
    assert write("webdataset", tmp_path / "c", where="false")["rows"] == 0


@pytest.mark.parametrize(
    "where",
    [
        "true) or (true",
        "true; drop table images",
        "true union select 1",
        "true limit 1",
        "",
        "nope = 1",
        "uri",
        "x(",
        "$a",
    ],
)
def test_a_filter_that_is_no_condition_is_refused_and_leaves_nothing(write: Write, tmp_path: Path, where: str) -> None:
    with pytest.raises(ExportError, match="--where: "):
        write("webdataset", where=where)
    assert not (tmp_path / "webdataset").exists()


def test_a_limit_takes_the_first_by_image_id(write: Write, tmp_path: Path, texts: dict[str, str]) -> None:
    write("sharegpt4v", limit=2)
    rows = json.loads((tmp_path / "sharegpt4v" / "sharegpt4v.json").read_text("utf-8"))
    assert [row["id"] for row in rows] == list(texts)[:2]


@pytest.mark.parametrize(
    ("form", "wish", "error"),
    [
        ("webdataset", {"mode": "copy"}, "webdataset can't hold images by copy; it can by embed"),
        ("webdataset", {"mix": "nope"}, "no mix 'nope'"),
        ("webdataset", {"settings": ("share=1",)}, "has no parameter 'share'"),
    ],
)
def test_wishes_that_can_not_be_met(write: Write, form: str, wish: dict[str, Any], error: str) -> None:
    with pytest.raises((ExportError, BadMix), match=error):
        write(form, **wish)


def test_an_unknown_format_lists_those_there_are() -> None:
    with pytest.raises(ExportError, match="no format 'zip'; there are: webdataset, hf-imagefolder"):
        load_format("zip")


def test_the_manifest_says_which_texts_were_given(write: Write) -> None:
    manifest = write("webdataset", mix="clip", settings=("share=0.5", "seed=3"))
    assert manifest["plan"]["parameters"] == {"share": 0.5, "seed": 3}
    given = {row["kind"]: (row["rows"], row["fell_back"]) for row in manifest["texts"]}
    assert sum(rows for rows, _ in given.values()) == 9
    assert given["short"][0] == given["short"][1]  # ssc was wanted
    assert given["alt"][1] == 0


@pytest.mark.parametrize("name", ["texts", "picked", "selected", "part", "part_texts", "rows"])
def test_a_query_states_what_it_binds(name: str) -> None:
    query = load_query(f"exports/{name}")
    (statement,) = duckdb.extract_statements(query.text)
    assert statement.named_parameters == set(query.params)


class Heap(Shelf):
    """A megabyte for each image, made when it is read."""

    def read(self, rows: Any) -> Any:
        for _ in rows:
            yield np.random.default_rng(0).bytes(1 << 20)


def test_memory_does_not_grow_with_the_images(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset_build.exports.run._verified", lambda row, found: found)
    big = tmp_path / "releases" / "big"
    tables = planted()
    row = tables["images"][0]
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(150)]
    tables["images"] = [{**row, "image_id": image_id, "caption": "c"} for image_id in ids]
    write_release(big, tables)
    for form in ("webdataset", "hf-parquet", "kohya"):
        with Release(big) as release:
            tracemalloc.start()
            export(release, form, load_format(form), tmp_path / form, Heap({}), Wish())
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < 80 << 20, form
