import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dataset_build.release.manifest import STAGES, code, content, files_of, read_manifest, seal, stages


def rejects(*pairs: tuple[str, str]) -> pa.Table:
    return pa.table({"stage": [stage for stage, _ in pairs], "reason": [reason for _, reason in pairs]})


def test_stages_add_up_in_their_order() -> None:
    found = rejects(
        ("duplicate", "near_duplicate"),
        ("source", "vanished"),
        ("source", "not_an_image"),
        ("duplicate", "same_bytes"),
        ("duplicate", "near_duplicate"),
        ("caption", "no_caption"),
    )
    assert stages(found, 10) == [
        {"stage": "source", "in": 10, "rejected": {"not_an_image": 1, "vanished": 1}, "out": 8},
        {"stage": "takedown", "in": 8, "rejected": {}, "out": 8},
        {"stage": "broken", "in": 8, "rejected": {}, "out": 8},
        {"stage": "override", "in": 8, "rejected": {}, "out": 8},
        {"stage": "content", "in": 8, "rejected": {}, "out": 8},
        {"stage": "size", "in": 8, "rejected": {}, "out": 8},
        {"stage": "aspect", "in": 8, "rejected": {}, "out": 8},
        {"stage": "blur", "in": 8, "rejected": {}, "out": 8},
        {"stage": "text", "in": 8, "rejected": {}, "out": 8},
        {"stage": "duplicate", "in": 8, "rejected": {"near_duplicate": 2, "same_bytes": 1}, "out": 5},
        {"stage": "corpus", "in": 5, "rejected": {}, "out": 5},
        {"stage": "caption", "in": 5, "rejected": {"no_caption": 1}, "out": 4},
    ]


def test_unknown_stages_come_before_the_captions() -> None:
    found = rejects(("zoom", "z"), ("age", "a"), ("caption", "no_caption"), ("blur", "blurred"))
    assert [(s["stage"], s["in"], s["out"]) for s in stages(found, 4, ("blur", "caption"))] == [
        ("blur", 4, 3),
        ("age", 3, 2),
        ("zoom", 2, 1),
        ("caption", 1, 0),
    ]


def test_stages_of_nothing() -> None:
    nothing = pa.table({"stage": pa.array([], pa.string()), "reason": pa.array([], pa.string())})
    assert [(s["in"], s["rejected"], s["out"]) for s in stages(nothing, 0)] == [(0, {}, 0)] * len(STAGES)


def test_more_rejects_than_occurrences_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^2 occurrences are rejected, but only 1 were found$"):
        stages(rejects(("size", "too_small"), ("size", "too_small")), 1)


def test_files_have_rows_bytes_and_sha256(tmp_path: Path, write_tables: Callable[..., Path]) -> None:
    folder = write_tables(tmp_path / "1")
    (folder / "README.md").write_text("abc")
    (folder / "other.txt").write_text("not part of it")
    files = files_of(folder)
    assert {name: file.get("rows") for name, file in files.items()} == {
        "images.parquet": 2,
        "captions.parquet": 4,
        "tags.parquet": 2,
        "rejects.parquet": 6,
        "lineage.parquet": 6,
        "README.md": None,
    }
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files["README.md"] == {"bytes": 3, "sha256": abc}
    tags = (folder / "tags.parquet").read_bytes()
    columns = {"image_id": "string", "tag": "string", "category": "string", "origin": "string", "rank": "int32"}
    sha256 = hashlib.sha256(tags).hexdigest()
    assert files["tags.parquet"] == {"rows": 2, "columns": columns, "bytes": len(tags), "sha256": sha256}


def test_content_is_that_of_the_parquet_files_alone() -> None:
    files = {"a.parquet": {"rows": 1, "sha256": "1"}, "release.duckdb": {"sha256": "2"}}
    assert content(files) == content({"README.md": {"sha256": "3"}, "a.parquet": {"sha256": "1"}})
    assert content(files) != content({"a.parquet": {"sha256": "4"}})
    assert content(files) != content({"b.parquet": {"sha256": "1"}})


def test_code_names_the_versions() -> None:
    found = code()
    assert set(found) == {"version", "git_commit", "packages"}
    assert found["packages"]["duckdb"] == duckdb.__version__
    assert found["packages"]["pyarrow"] == pa.__version__


def test_a_sealed_manifest_is_read_back(tmp_path: Path) -> None:
    manifest = {"version": "1", "drops": [{"name": "猫"}], "parent": None}
    seal(tmp_path, manifest)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "manifest.sha256"]
    assert read_manifest(tmp_path) == manifest
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8")) == manifest


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum isn't here")
def test_the_seal_is_what_sha256sum_checks(tmp_path: Path) -> None:
    seal(tmp_path, {"version": "1"})
    check = ["sha256sum", "-c", "manifest.sha256"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=True).stdout == b"manifest.json: OK\n"


def test_an_incomplete_or_changed_manifest_is_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    (tmp_path / "manifest.json").write_text("{}")
    assert read_manifest(tmp_path) is None
    seal(tmp_path, {"version": "1"})
    (tmp_path / "manifest.json").write_text('{"version": "2"}')
    assert read_manifest(tmp_path) is None
    seal(tmp_path, {"version": "1"})
    (tmp_path / "manifest.sha256").write_bytes(b"\xff\n")
    assert read_manifest(tmp_path) is None


def test_a_manifest_that_is_no_json_is_not_sealed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        seal(tmp_path, {"share": float("nan")})
    assert list(tmp_path.iterdir()) == []
