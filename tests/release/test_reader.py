import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

import dataset_build
from dataset_build.release.errors import (
    BadVersion,
    IncompleteRelease,
    MissingExtra,
    NoRelease,
    NoSuchTable,
    UnknownRelease,
)
from dataset_build.release.reader import Release, check_version, open_release, releases

BAD = ["", ".", "..", "../1", "a/b", "/etc", ".hidden", "-x", "a b", "ä", "a\n", "1\0", "x" * 65, "a\\b"]


@pytest.mark.parametrize("name", ["1", "v1.0", "2026-01-31", "A_b", "x" * 64, "1..2"])
def test_good_versions(name: str) -> None:
    check_version(name)


@pytest.mark.parametrize("name", BAD)
def test_bad_versions(name: str) -> None:
    with pytest.raises(BadVersion) as error:
        check_version(name)
    assert str(error.value) == (
        f"a release can't be called {name!r}: up to 64 of A-Z a-z 0-9 . - _, a letter or digit first"
    )


@pytest.mark.parametrize("name", BAD)
def test_no_name_leads_out_of_the_lake(make_release: Any, tmp_path: Path, name: str) -> None:
    make_release("1")
    shutil.copytree(tmp_path / "lake/releases/1", tmp_path / "lake/1")
    with pytest.raises(UnknownRelease):
        open_release(name, tmp_path / "lake")


@pytest.mark.parametrize("prepare", [lambda lake: None, lambda lake: (lake / "releases").mkdir(parents=True)])
def test_an_empty_lake_says_what_to_do(tmp_path: Path, prepare: Any) -> None:
    lake = tmp_path / "lake"
    prepare(lake)
    with pytest.raises(NoRelease) as error:
        open_release(lake=lake)
    assert str(error.value) == f"no release in {lake}: `dataset-build build --source DIR --lake {lake}` makes one"


def test_the_latest_is_the_one_with_the_highest_sequence(make_release: Any, tmp_path: Path) -> None:
    for version, sequence in (("10", 2), ("9", 3), ("b", 1)):
        make_release(version, sequence)
    lake = tmp_path / "lake"
    assert [manifest["version"] for manifest in releases(lake)] == ["b", "10", "9"]
    assert open_release(lake=lake).version == "9"
    assert open_release("b", str(lake)).manifest["sequence"] == 1
    with pytest.raises(UnknownRelease) as error:
        open_release("8", lake)
    assert str(error.value) == f"no release '8' in {lake}; there are: b, 10, 9; tags: latest"


def test_only_complete_releases_count(make_release: Any, tmp_path: Path) -> None:
    for sequence, version in enumerate(("1", "unsealed", "changed", ".hidden", "copied"), 1):
        make_release(version, sequence)
    folder = tmp_path / "lake/releases"
    (folder / "unsealed/manifest.sha256").unlink()
    with (folder / "changed/manifest.json").open("a") as file:
        file.write("\n")
    (folder / "copied").rename(folder / "copy-of-copied")
    (folder / "file").touch()
    assert [manifest["version"] for manifest in releases(tmp_path / "lake")] == ["1"]


@pytest.mark.parametrize("name", ["images.parquet", "release.duckdb"])
def test_damaged_files_are_named(make_release: Any, name: str) -> None:
    release = make_release()
    with (release.folder / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(IncompleteRelease, match=f"^release 1: {name} missing or changed; restore "):
        Release(release.folder)
    (release.folder / name).unlink()
    with pytest.raises(IncompleteRelease, match=f"^release 1: {name} missing or changed; restore "):
        Release(release.folder)


def test_the_card_may_be_edited_and_the_folder_moved(release: Release, tmp_path: Path) -> None:
    moved = shutil.copytree(release.folder, tmp_path / "x=y" / "elsewhere")
    (moved / "README.md").write_text("mine")
    with Release(moved) as copy:
        assert (copy.version, copy.folder) == ("1", moved)
        assert copy.arrow("images").column_names == release.arrow("images").column_names
        assert copy.sql("select count(*) from images").fetchall() == [(2,)]


def test_a_folder_that_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(UnknownRelease, match="is no complete release"):
        Release(tmp_path)


def test_the_same_rows_in_every_form(release: Release) -> None:
    expected = [("A tabby cat.", 640), ("A red\u202e fish | <b>bold</b>", 640)]
    arrow = release.arrow("images").select(["caption", "width"])
    assert list(zip(*arrow.to_pydict().values(), strict=True)) == expected
    assert release.relation("images").select("caption, width").fetchall() == expected
    assert list(release.pandas("images")[["caption", "width"]].itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize("read", [Release.arrow, Release.relation, Release.pandas])
def test_unknown_tables_are_named(release: Release, read: Any) -> None:
    with pytest.raises(NoSuchTable) as error:
        read(release, "../secret")
    assert str(error.value) == "no table '../secret'; there are: images, captions, tags, rejects, lineage"


def test_a_missing_pandas_names_the_extra(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"^pandas isn't installed: pip install 'dataset-build\[pandas\]'$"):
        release.pandas("images")


def test_sql_binds_values_and_is_read_only(release: Release) -> None:
    assert release.sql(
        "select caption from images where width > $w and uri = $u", {"w": 1, "u": "cats/a.jpg"}
    ).fetchall() == [("A tabby cat.",)]
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        release.sql("delete from images")


def test_sql_does_not_see_the_variables_of_the_program(release: Release) -> None:
    with pytest.raises(duckdb.CatalogException, match="params does not exist"):
        release.sql("from params")


def test_plain_duckdb_gives_the_same_rows(release: Release) -> None:
    query = "select reason, count(*) from rejects group by 1 order by 1"
    expected = [(r, 1) for r in ("near_duplicate", "not_an_image", "replaced", "same_bytes", "too_small", "truncated")]
    with duckdb.connect(str(release.folder / "release.duckdb"), read_only=True) as plain:
        assert plain.sql(query).fetchall() == expected
        assert release.sql(query).fetchall() == expected


def test_reading_leaves_the_folder_as_it_was(release: Release) -> None:
    def state() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in release.folder.iterdir()}

    before = state()
    release.sql("create temp table t as select i, sha256(i::varchar) from range(10000) r(i)")
    release.sql("from t order by 2").fetchall()
    release.relation("images").fetchall()
    assert state() == before


def test_queries_spill_where_nobody_else_can_look(release: Release) -> None:
    def spills() -> Path:
        ((folder,),) = release.sql("select current_setting('temp_directory')").fetchall()
        return Path(folder)

    first = spills()
    assert (first.parent.stat().st_mode & 0o777, str(os.getpid()) in first.name) == (0o700, False)
    release.close()
    assert spills() != first


def test_closing_ends_the_connection(release: Release) -> None:
    rows = release.relation("images")
    release.close()
    with pytest.raises(duckdb.Error):
        rows.fetchall()
    assert release.sql("select 1").fetchall() == [(1,)]


def test_the_package_opens_releases_and_stays_cheap(make_release: Any, tmp_path: Path) -> None:
    make_release("1")
    assert dataset_build.open_release("1", tmp_path / "lake").version == "1"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = dataset_build.nothing
    script = (
        "import sys, json, dataset_build; print(json.dumps([m for m in ('duckdb', 'pyarrow') if m in sys.modules]))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert json.loads(result.stdout) == []
