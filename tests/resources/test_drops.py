"""The register of drops: what is new becomes a drop once, and what changed or vanished a numbered one."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_build.sources.scan import SourceNotFound, scan
from resources.drops import Drop, Drops, UnknownDrop, UnknownSource, slug
from resources.storage import LakeBusy, lock
from tests.bucket import lake_at


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "my scrape"
    for name in ("first/a.jpg", "first/b.jpg", "第二/c.jpg", "loose.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


@pytest.fixture
def drops(tmp_path: Path, source: Path) -> Drops:
    register = Drops(lake_at(tmp_path / "lake") / "drops")
    assert register.add_source(source) == "my_scrape"
    return register


def summary(new: list[Drop]) -> list[tuple[str, int, int, int]]:
    return [(drop.name, drop.sequence, drop.files, drop.vanished) for drop in new]


def held(drops: Drops, name: str) -> list[tuple[str, str]]:
    return [(row["path"], row["change"]) for row in drops.files(name).to_pylist()]


def test_top_level_folders_and_loose_files_are_drops(drops: Drops) -> None:
    assert summary(drops.discover("my_scrape")) == [
        ("my_scrape.first", 1, 2, 0),
        ("my_scrape.loose", 2, 1, 0),
        ("my_scrape.第二", 3, 1, 0),
    ]
    assert drops.discover("my_scrape") == []
    assert held(drops, "my_scrape.first") == [("first/a.jpg", "added"), ("first/b.jpg", "added")]


def test_what_changes_in_a_group_is_a_numbered_drop(drops: Drops, source: Path) -> None:
    drops.discover("my_scrape")
    (source / "first/a.jpg").write_bytes(b"a longer file than before")
    (source / "first/b.jpg").unlink()
    (source / "first/d.jpg").write_bytes(b"d")
    assert summary(drops.discover("my_scrape")) == [("my_scrape.first.2", 4, 2, 1)]
    assert held(drops, "my_scrape.first.2") == [
        ("first/a.jpg", "changed"),
        ("first/b.jpg", "vanished"),
        ("first/d.jpg", "added"),
    ]
    assert drops.discover("my_scrape") == []
    (source / "first/b.jpg").write_bytes(b"back")
    assert summary(drops.discover("my_scrape")) == [("my_scrape.first.3", 5, 1, 0)]


def test_a_removed_drop_does_not_count_and_does_not_come_back(drops: Drops) -> None:
    drops.discover("my_scrape")
    drops.remove("my_scrape.first")
    assert [drop.name for drop in drops.active()] == ["my_scrape.loose", "my_scrape.第二"]
    assert [drop.removed for drop in drops.all()] == [True, False, False]
    assert drops.discover("my_scrape") == []
    drops.restore("my_scrape.first")
    assert len(drops.active()) == 3


def test_an_unknown_drop_is_told_with_those_there_are(drops: Drops) -> None:
    drops.discover("my_scrape")
    with pytest.raises(UnknownDrop, match=r"no drop 'x'; there are: my_scrape.first, my_scrape.loose, my_scrape.第二"):
        drops.remove("x")


def test_a_source_is_known_by_its_folder(drops: Drops, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "my scrape"
    other.mkdir(parents=True)
    assert drops.add_source(source / ".." / source.name) == "my_scrape"
    assert drops.add_source(other) == "my_scrape-2"
    assert drops.sources() == {"my_scrape": source, "my_scrape-2": other}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a b/c", "a_b_c"), ("../etc", "etc"), ("..", "a8ca4457"), ("猫", "猫"), ("x" * 200, "x" * 80)],
)
def test_names_are_safe_in_paths(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_groups_whose_names_look_alike_stay_apart(tmp_path: Path) -> None:
    for folder in ("a b", "a_b"):
        (tmp_path / "s" / folder).mkdir(parents=True)
        (tmp_path / "s" / folder / "x.jpg").write_bytes(b"x")
    register = Drops(tmp_path / "drops")
    register.add_source(tmp_path / "s")
    assert summary(register.discover("s")) == [("s.a_b", 1, 1, 0), ("s.a_b-2", 2, 1, 0)]


def test_a_lake_inside_its_source_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "s" / "lake" / "drops").mkdir(parents=True)
    (tmp_path / "s" / "x.jpg").write_bytes(b"x")
    register = Drops(tmp_path / "s" / "lake" / "drops")
    register.add_source(tmp_path / "s")
    assert summary(register.discover("s")) == [("s.loose", 1, 1, 0)]
    assert register.discover("s") == []


def test_a_source_that_is_suddenly_empty_is_not_taken_for_vanished(drops: Drops, source: Path) -> None:
    drops.discover("my_scrape")
    source.rename(source.with_name("unmounted"))
    source.mkdir()
    with pytest.raises(SourceNotFound, match="is empty, and held files before: mount it again"):
        drops.discover("my_scrape")
    assert len(drops.all()) == 3


def test_a_source_must_be_a_folder(drops: Drops, tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"no folder .*/none: give --source a folder of images"):
        drops.add_source(tmp_path / "none")


def test_a_source_that_was_moved_keeps_its_drops(drops: Drops, source: Path, tmp_path: Path) -> None:
    drops.discover("my_scrape")
    source.rename(tmp_path / "moved")
    drops.move_source("my_scrape", tmp_path / "moved")
    assert drops.discover("my_scrape") == []
    assert drops.root_of(drops.get("my_scrape.first")) == tmp_path / "moved"


def test_a_forgotten_source_is_out_with_all_its_drops(drops: Drops) -> None:
    drops.discover("my_scrape")
    drops.forget_source("my_scrape")
    assert (drops.sources(), drops.active(), len(drops.all())) == ({}, [], 3)


def test_a_forgotten_source_comes_back_as_it_was(drops: Drops, source: Path) -> None:
    drops.discover("my_scrape")
    drops.remove("my_scrape.loose")
    drops.forget_source("my_scrape")
    assert drops.add_source(source) == "my_scrape"
    assert drops.discover("my_scrape") == []
    assert [drop.name for drop in drops.active()] == ["my_scrape.first", "my_scrape.第二"]


def test_another_folder_gets_no_name_of_a_forgotten_one(drops: Drops, source: Path, tmp_path: Path) -> None:
    drops.discover("my_scrape")
    drops.forget_source("my_scrape")
    other = tmp_path / "elsewhere" / "my scrape"
    shutil.copytree(source, other)
    assert drops.add_source(other) == "my_scrape-2"
    assert [drop.files for drop in drops.discover("my_scrape-2")] == [2, 1, 1]


def test_a_drop_of_a_forgotten_source_has_no_root(drops: Drops) -> None:
    drops.discover("my_scrape")
    drops.forget_source("my_scrape")
    with pytest.raises(UnknownSource, match="no source 'my_scrape'; there are: none"):
        drops.root_of(drops.get("my_scrape.first"))
    with pytest.raises(UnknownSource, match=r"the source 'my_scrape' of my_scrape\.first was forgotten: add it again"):
        drops.restore("my_scrape.first")
    assert drops.active() == []


def test_a_look_that_is_overtaken_by_another_is_taken_again(
    drops: Drops, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drops.discover("my_scrape")
    looks = []

    def overtaken(root: Path) -> pa.Table:
        looks.append(scan(root))
        if len(looks) == 1:
            (source / "first/new.jpg").write_bytes(b"new")
            Drops(drops.folder).discover("my_scrape")
            return looks[0]
        return looks[-1]

    monkeypatch.setattr("resources.drops.scan", overtaken)
    assert summary(drops.discover("my_scrape")) == []
    assert summary(drops.all())[3:] == [("my_scrape.first.2", 4, 1, 0)]


def test_an_unknown_source_is_told_with_those_there_are(drops: Drops, tmp_path: Path) -> None:
    with pytest.raises(UnknownSource, match="no source 'x'; there are: my_scrape"):
        drops.move_source("x", tmp_path)
    with pytest.raises(SourceNotFound, match=r"no folder .*: give the folder where the files lie now"):
        drops.move_source("my_scrape", tmp_path / "none")


def test_sources_are_changed_by_one_process_at_a_time(drops: Drops, source: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with lock(drops.folder / ".lock", "testing"):
        for change in (
            lambda: drops.add_source(tmp_path / "other"),
            lambda: drops.move_source("my_scrape", tmp_path / "other"),
            lambda: drops.forget_source("my_scrape"),
        ):
            with pytest.raises(LakeBusy, match=r"\(testing\)"):
                change()
    assert drops.sources() == {"my_scrape": source}
