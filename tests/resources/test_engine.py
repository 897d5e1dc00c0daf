"""The process pool: every unit comes back, and a row that kills its worker is answered for."""

import os
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_build import watchdog
from dataset_build.errors import RunError
from resources.engine import LocalEngine
from tests.engines import batch, broken, dies, dies_once, failed, harmful, nothing, square


def results(work: object, units: list[pa.RecordBatch], setup: object = nothing) -> dict[int, list[tuple[int, str]]]:
    found = LocalEngine(2).run(work, enumerate(units), setup=setup, failed=failed)
    return {number: [(r["n"], r["status"]) for r in rows.to_pylist()] for number, rows in found}


def test_every_unit_comes_back_once() -> None:
    units = [batch(n, n + 1) for n in range(20)]
    assert results(square, units) == {n: [(n * n, "ok"), ((n + 1) ** 2, "ok")] for n in range(20)}


def test_no_units_start_no_process() -> None:
    assert results(square, []) == {}


def test_a_crash_and_a_hang_cost_only_their_own_rows() -> None:
    units = [batch(1, 13, 2), batch(3, 4), batch(5, 17), batch(19, 6)]
    assert results(harmful, units, partial(watchdog.arm, 0.5)) == {
        0: [(1, "ok"), (13, "crashed"), (4, "ok")],
        1: [(9, "ok"), (16, "ok")],
        2: [(25, "ok"), (17, "timeout")],
        3: [(19, "crashed"), (36, "ok")],
    }


def test_a_mistake_in_the_code_is_not_taken_for_bad_input() -> None:
    with pytest.raises(ZeroDivisionError, match="a mistake in the code"):
        results(broken, [batch(1)])


def test_a_worker_that_dies_before_it_has_any_work_costs_nothing(tmp_path: Path) -> None:
    units = [batch(n) for n in range(9)]
    found = results(square, units, partial(dies_once, tmp_path / "died"))
    assert found == {n: [(n * n, "ok")] for n in range(9)}


def test_workers_that_always_die_before_they_have_any_work_end_the_run() -> None:
    with pytest.raises(RunError, match="die before they can: is there memory for them"):
        results(square, [batch(n) for n in range(9)], dies)


def test_units_are_taken_as_they_are_needed() -> None:
    taken = []

    def units() -> object:
        for n in range(100):
            taken.append(n)
            yield n, batch(n)

    found = LocalEngine(2).run(square, units(), setup=nothing, failed=failed)
    next(found)
    assert len(taken) <= 6
    found.close()


def test_workers_default_to_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert LocalEngine().workers == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert LocalEngine().workers == 5
