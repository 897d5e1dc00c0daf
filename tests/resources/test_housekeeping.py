"""A lake is tidied without changing what a build makes of it, also when tidying is killed."""

import os
import shutil
import signal
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dataset_build.config import Config
from dataset_build.fingerprint import Fingerprint
from dataset_build.release.verify import verify_lake
from dataset_build.schemas import CAPTIONS
from resources.annotations import PERSON
from resources.housekeeping import clean, compact, stored, waste
from resources.lake import Lake
from resources.pieces import Piece, neighbours
from resources.plan import plan
from resources.releases import inputs_of
from resources.storage import LakeBusy, lock
from tests.resources.test_killed import in_child
from tests.shell import Shell

OTHER = Config.model_validate({"rules": {"min_side": 100}})


@pytest.fixture
def lake(built: Path, tmp_path: Path) -> Lake:
    return Lake(shutil.copytree(built, tmp_path / "lake"), Config())


def caption(number: int) -> list[pa.RecordBatch]:
    """A row like those of captions, of an image that is not there."""
    row = {"caption_id": f"c{number}", "image_id": "i", "recipe": "r", "variant": "v", "status": "ok", "attempt": 1}
    return [pa.RecordBatch.from_pylist([row | {"fingerprint": "f", "n": number, "final": True}], CAPTIONS.schema)]


def planted(lake: Lake, recipe: str = "gone", parts: int = 4) -> Piece:
    """Captions in several parts, by a recipe that nobody names."""
    made_from = Fingerprint({"recipe": recipe})
    piece = Piece(lake.root / "tables/captions" / str(made_from), CAPTIONS, made_from)
    for number in range(parts):
        piece.append(caption(number), {"image_texts": "v"}, {"run_id": "r"})
    return piece


def names(piece: Piece) -> list[str]:
    return [row["caption_id"] for batch in piece.batches() for row in batch.to_pylist()]


def test_neighbours_are_merged_as_long_as_they_are_small() -> None:
    parts = [{"bytes": size} for size in (5, 3, 4, 20, 1, 1, 12, 30)]
    groups = [[part["bytes"] for part in group] for group in neighbours(parts, 10)]
    assert groups == [[5, 3, 4], [20], [1, 1], [12], [30]]


def test_merging_changes_no_row_and_no_version(lake: Lake) -> None:
    piece = planted(lake)
    rows, version, before, inputs = names(piece), piece.version, piece.manifest, inputs_of(lake)
    assert [(each.table.name, saved) for each, saved in compact(lake)] == [("captions", 3)]
    assert (names(piece), piece.version, inputs_of(lake)) == (rows, version, inputs)
    assert before is not None
    assert piece.manifest == {**before, "parts": (piece.manifest or {})["parts"]}
    assert [file.name for file in piece.folder.glob("*.parquet")] == [part.name for part in piece.parts()]
    assert list(compact(lake)) == []


def test_rows_that_come_later_get_the_version_that_they_would_have_had(lake: Lake, tmp_path: Path) -> None:
    piece = planted(lake)
    never = Piece(shutil.copytree(piece.folder, tmp_path / "never"), CAPTIONS, piece.fingerprint)
    assert len(list(compact(lake))) == 1
    piece.append([], {}, {})
    assert piece.version == never.version
    for each in (piece, never):
        each.append(caption(9), {}, {})
    assert piece.version == never.version
    assert names(piece) == ["c0", "c1", "c2", "c3", "c9"]
    assert len(list(compact(lake))) == 1
    assert (names(piece), piece.version, len(piece.parts())) == (names(never), never.version, 1)


def test_after_merging_a_build_has_nothing_to_do(lake: Lake) -> None:
    piece = lake.captions("compose")
    rows = pa.Table.from_batches(piece.batches()).slice(0).to_batches(max_chunksize=20)
    piece.replace(rows[:1], {}, {})
    for batch in rows[1:]:
        piece.append([batch], {}, {})
    for name in ("caption_failures", "caption_verdicts"):
        lake.derive(name)
    assert list(plan(lake)) == []
    assert [(each.folder, saved) for each, saved in compact(lake)] == [(piece.folder, len(rows) - 1)]
    assert list(plan(lake)) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_merging_that_is_killed_loses_and_doubles_nothing(lake: Lake) -> None:
    piece, points = planted(lake), 0
    rows, version = names(piece), piece.version
    for point in range(1, 400, 3):
        ended, _ = in_child(lake, lambda: list(compact(lake)), last=point)
        points += ended == signal.SIGKILL
        assert (names(piece), piece.version) == (rows, version), point
        if ended == 0:
            break
    assert points > 5
    list(clean(lake))
    assert [file.name for file in piece.folder.glob("*.parquet")] == [part.name for part in piece.parts()]
    assert len(piece.parts()) == 1


def test_of_a_released_lake_nothing_is_waste(lake: Lake) -> None:
    assert list(waste(lake)) == []
    assert list(waste(Lake(lake.root, OTHER))) == []  # the release was made under the other configuration


def test_what_no_release_and_no_setting_names_is_deleted(lake: Lake) -> None:
    tried = Lake(lake.root, OTHER)
    piece = tried.derive("image_verdicts")
    (found,) = waste(lake)
    assert (found.table, found.where, found.costly) == ("image_verdicts", piece.folder.name, False)
    assert found.bytes > 500
    assert list(waste(tried)) == []
    assert [each.paths for each in clean(lake)] == [(piece.folder,)]
    assert not piece.folder.exists()
    assert verify_lake(lake.root) == {"1": [], "": []}
    assert list(plan(lake)) == []


def test_captions_are_deleted_only_by_name(lake: Lake) -> None:
    piece = planted(lake)
    person = Piece(lake.root / "tables/captions/person", CAPTIONS, PERSON)
    person.append(caption(0), {}, {})
    (found,) = waste(lake)
    assert (found.table, found.where, found.costly) == ("captions", str(piece.fingerprint), True)
    assert list(clean(lake)) == []
    assert names(piece) == ["c0", "c1", "c2", "c3"]
    assert len(list(clean(lake, costly=True))) == 1
    assert not piece.folder.exists()
    assert names(person) == ["c0"]


def test_what_killed_builds_left_is_found_and_work_under_way_is_kept(lake: Lake) -> None:
    drop = lake.drops.active()[0].name
    finished, hidden = lake.piece("image_facts", drop).folder, lake.root / "releases/.staging-9"
    (finished / "units").mkdir()
    (finished / "units/00000000.parquet").write_bytes(b"12345")
    (finished / "part-00009-0123456789ab.parquet").write_bytes(b"123")
    hidden.mkdir()
    (hidden / "images.parquet").write_bytes(b"1")
    fresh, old = lake.root / "drops/.a.1.tmp", lake.root / "drops/.b.1.tmp"
    for file in (fresh, old):
        file.write_bytes(b"12")
    os.utime(old, (time.time() - 7200,) * 2)
    (lake.root / "journal").mkdir(exist_ok=True)
    for name in ("calls-0.sqlite", "calls-1.sqlite", "calls-1.sqlite-wal"):
        (lake.root / "journal" / name).write_bytes(b"1234")
    under_way = Lake(lake.root, Config.model_validate({"images": {"timeout": 99}})).piece("image_facts", drop)
    under_way.unit(0).parent.mkdir(parents=True)
    under_way.unit(0).write_bytes(b"1")
    found = {(each.where, each.bytes) for each in waste(lake)}
    assert found == {
        (f"{lake.fingerprint('image_facts')}/{drop}", 8),
        (str(under_way.fingerprint), 1),
        ("releases/.staging-9", 1),
        ("drops/.b.1.tmp", 2),
        ("journal/calls-0.sqlite", 4),
    }
    theirs = Lake(lake.root, Config.model_validate({"images": {"timeout": 99}}))
    assert str(under_way.fingerprint) not in {each.where for each in waste(theirs)}
    assert len(list(clean(lake))) == 5
    assert list(waste(lake)) == []
    assert fresh.exists()
    assert list(plan(lake)) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_cleaning_that_is_killed_is_finished_by_the_next(lake: Lake) -> None:
    piece = Lake(lake.root, OTHER).derive("image_verdicts")
    kept = {str(each.folder): each.version for each in stored(lake) if each.folder != piece.folder}
    ended, _ = in_child(lake, lambda: list(clean(lake)), last=8)
    assert ended == signal.SIGKILL
    assert piece.folder.exists()
    list(clean(lake))
    assert not piece.folder.exists()
    assert {str(each.folder): each.version for each in stored(lake)} == kept


def test_the_lake_is_tidied_by_one_at_a_time(lake: Lake) -> None:
    with lock(lake.root / ".lock", "building"):
        for work in (compact, clean):
            with pytest.raises(LakeBusy, match=r"\(building\)"):
                list(work(lake))


def test_captions_that_are_being_written_are_left_alone(lake: Lake) -> None:
    piece = lake.captions("compose")
    waiting = piece.folder / "waiting.parquet"
    waiting.write_bytes(b"1")
    with lake.writing(piece), pytest.raises(LakeBusy, match=r"\(writing captions\)"):
        list(clean(lake))
    assert waiting.exists()
    assert len(list(clean(lake))) == 1
    assert not waiting.exists()


def test_a_drop_that_is_being_read_under_other_settings_is_left_alone(lake: Lake) -> None:
    other = Lake(lake.root, Config.model_validate({"images": {"timeout": 99}}))
    piece = other.piece("image_facts", lake.drops.active()[0].name)
    piece.unit(0).parent.mkdir(parents=True)
    piece.unit(0).write_bytes(b"1")
    with other.writing(piece), pytest.raises(LakeBusy, match=r"\(writing image_facts\)"):
        list(clean(lake))
    assert piece.unit(0).exists()
    assert len(list(clean(lake))) == 1


def test_each_query_spills_into_a_folder_of_its_own_that_is_no_waste_until_its_process_is_dead(lake: Lake) -> None:
    def spill(connection: duckdb.DuckDBPyConnection) -> Path:
        return Path(connection.sql("select current_setting('temp_directory')").fetchall()[0][0])

    with lake.connect([]) as one, lake.connect([]) as other:
        folders = [spill(one), spill(other)]
        left = folders[0].with_name("private-left")
        left.mkdir()
        for folder in (*folders, left):
            os.utime(folder, (time.time() - 7200,) * 2)
        assert [each.paths for each in clean(lake)] == [(left,)]
        assert len({*folders}) == 2
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)


def test_the_command_says_what_it_would_delete(run: Shell, lake: Lake) -> None:
    planted(lake, parts=2)
    folder = Lake(lake.root, OTHER).derive("image_verdicts").folder
    code, said, _ = run("lake", "gc", "--lake", lake.root)
    assert (code, folder.exists()) == (0, True)
    assert "image_verdicts" in said
    assert "deleted with --captions only" in said
    assert "would be deleted by --apply" in said
    assert "captions are kept without --captions" in run("lake", "gc", "--apply", "--lake", lake.root)[1]
    assert not folder.exists()
    assert "1 parts less" in run("lake", "compact", "--lake", lake.root)[1]
    assert "there is nothing to merge" in run("lake", "compact", "--lake", lake.root)[1]
    code, _, error = run("lake", "compact", "--lake", "nowhere")
    assert (code, "nowhere is no lake" in error) == (2, True)
