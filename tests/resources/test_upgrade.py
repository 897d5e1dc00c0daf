"""A lake of older columns is carried over, and nothing in it is made again."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.fingerprint import Fingerprint
from resources.lake import Lake
from resources.pieces import Piece
from resources.plan import plan
from resources.releases import inputs_of
from resources.upgrade import OlderLake, older, refuse_older, upgrade
from tests.resources.test_killed import in_child
from tests.shell import Shell

MISSING = {"image_facts": "torn_rows", "captions": "parent"}  # the columns that the older lake doesn't have


def without(column: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return (batch.drop_columns([column]) for batch in batches)


def make_older(piece: Piece) -> Piece:
    """Write a piece as if it had been made before a column was there; the piece itself is gone."""
    column = MISSING[piece.table.name]
    parts = dict(piece.fingerprint.parts)
    made_from = Fingerprint(parts | {"columns": {k: v for k, v in parts["columns"].items() if k != column}})
    schema = piece.table.schema.remove(piece.table.schema.get_field_index(column))
    where = piece.folder.relative_to(piece.folder.parents[2]).parts
    place = Path(*(str(made_from) if part == str(piece.fingerprint) else part for part in where))
    old = Piece(piece.folder.parents[2] / place, replace(piece.table, schema=schema), made_from)
    old.replace(without(column, piece.batches()), {"occurrences": "v"}, {"run_id": "r"})
    shutil.rmtree(piece.folder)
    return old


@pytest.fixture
def lake(built: Path, tmp_path: Path) -> Lake:
    return Lake(shutil.copytree(built, tmp_path / "lake"), Config())


def rows(piece: Piece) -> list[dict[str, object]]:
    return [row for batch in piece.batches() for row in batch.to_pylist()]


def test_a_lake_of_the_present_columns_is_left_alone(lake: Lake) -> None:
    assert list(older(lake)) == []
    refuse_older(lake)
    changed = Lake(lake.root, Config.model_validate({"images": {"timeout": 99}, "captions": {"max_tags": 3}}))
    assert list(older(changed)) == []


def test_older_facts_are_carried_over_with_nulls_and_nothing_is_stale(lake: Lake) -> None:
    drop = lake.drops.active()[0].name
    piece = lake.piece("image_facts", drop)
    before = rows(piece)
    old = make_older(piece)
    with pytest.raises(OlderLake, match=r"image_facts: .* `dataset-build lake upgrade`"):
        build(lake.root, Config(), [])
    assert [(new.folder, was.folder) for new, was in upgrade(lake)] == [(piece.folder, old.folder)]
    assert rows(piece) == [row | {"torn_rows": None} for row in before]
    assert (piece.version, (piece.manifest or {})["inputs"]) == (old.version, {"occurrences": "v"})
    assert (piece.manifest or {})["made_from"]["columns"]["torn_rows"] == "int16"
    assert list(older(lake)) == []


def test_older_captions_are_not_asked_again_and_stand_once(lake: Lake) -> None:
    piece = lake.captions("compose")
    before = rows(piece)
    old = make_older(piece)
    assert [new.folder for new, _ in upgrade(lake)] == [piece.folder]
    assert rows(piece) == [row | {"parent": None} for row in before]
    assert lake.count("captions") == len(before)
    assert lake.count("missing_captions") == 0
    assert not old.version
    assert [step.what for step in plan(lake) if "captions" in step.what] == []
    assert list(older(lake)) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_an_upgrade_that_is_killed_is_finished_by_the_next(lake: Lake) -> None:
    piece, killed = lake.captions("compose"), 0
    before, inputs = rows(piece), inputs_of(lake)
    make_older(piece)
    for point in range(1, 100, 2):
        ended, _ = in_child(lake, lambda: list(upgrade(lake)), last=point)
        if ended == 0:
            break
        killed += ended == signal.SIGKILL
    assert killed > 5
    assert rows(piece) == before
    assert lake.count("captions") == len(before)
    assert list(older(lake)) == []
    assert inputs_of(lake).keys() == inputs.keys()


def test_what_is_made_otherwise_is_not_carried_over(lake: Lake) -> None:
    drop = lake.drops.active()[0].name
    piece = lake.piece("image_facts", drop)
    parts = dict(piece.fingerprint.parts)
    for changed in ({"code": "0"}, {"columns": parts["columns"] | {"torn_rows": "int8"}}):
        made_from = Fingerprint(parts | changed)
        folder = piece.folder.parents[1] / str(made_from) / drop
        Piece(folder, piece.table, made_from).replace(piece.batches(), {}, {})
    shutil.rmtree(piece.folder)
    assert list(older(lake)) == []


def test_the_command_carries_over_and_says_so(run: Shell, lake: Lake) -> None:
    make_older(lake.piece("image_facts", lake.drops.active()[0].name))
    code, _, error = run("build", "--lake", lake.root)
    assert (code, "dataset-build lake upgrade" in error) == (2, True)
    assert run("lake", "upgrade", "--lake", lake.root)[1].endswith("1 carried over\n")
    assert run("lake", "upgrade", "--lake", lake.root)[1] == "every table has the present columns\n"
