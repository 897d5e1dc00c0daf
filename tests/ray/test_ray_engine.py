"""The engine's contract on a Ray cluster of two nodes, one of which dies at the end."""

import os
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build import watchdog
from dataset_build.errors import RunError
from resources import ray_engine
from resources.ray_engine import RayEngine
from resources.same_code import installed
from tests.engines import batch, broken, failed, harmful, nothing, square


def results(
    cluster: Any, work: object, units: list[pa.RecordBatch], setup: object = nothing
) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for number, rows in RayEngine(cluster.address).run(work, enumerate(units), setup=setup, failed=failed):
        assert number not in found
        found[number] = [(r["n"], r["status"]) for r in rows.to_pylist()]
    return found


def test_every_unit_comes_back_once(cluster: Any) -> None:
    units = [batch(n, n + 1) for n in range(20)]
    assert results(cluster, square, units) == {n: [(n * n, "ok"), ((n + 1) ** 2, "ok")] for n in range(20)}


def test_no_units_need_no_cluster() -> None:
    engine = RayEngine("127.0.0.1:1")
    assert list(engine.run(square, [], setup=nothing, failed=failed)) == []


def note(line: str, file: Path) -> None:
    with file.open("a") as stream:
        stream.write(f"{line}\n")


def set_up_noted(file: Path) -> None:
    note(f"{os.getpid()}", file)


def square_noted(rows: pa.RecordBatch, file: Path) -> pa.RecordBatch:
    note(f"{os.getpid()} {os.environ['RAY_RAYLET_PID']}", file)
    return square(rows)


def test_each_worker_is_set_up_once_and_both_nodes_work(cluster: Any, tmp_path: Path) -> None:
    ready, used = tmp_path / "ready", tmp_path / "used"
    results(cluster, partial(square_noted, file=used), [batch(n) for n in range(40)], partial(set_up_noted, ready))
    workers = dict(line.split() for line in used.read_text().splitlines())
    assert sorted(ready.read_text().split()) == sorted(workers)
    assert len(set(workers.values())) == 2


def test_a_crash_and_a_hang_cost_only_their_own_rows(cluster: Any) -> None:
    units = [batch(1, 13, 2), batch(3, 4), batch(5, 17)]
    assert results(cluster, harmful, units, partial(watchdog.arm, 0.5)) == {
        0: [(1, "ok"), (13, "crashed"), (4, "ok")],
        1: [(9, "ok"), (16, "ok")],
        2: [(25, "ok"), (17, "timeout")],
    }


def test_a_mistake_in_the_code_is_not_taken_for_bad_input(cluster: Any) -> None:
    with pytest.raises(ZeroDivisionError, match=r"^a mistake in the code$") as raised:
        results(cluster, broken, [batch(1)])
    assert 'raise ZeroDivisionError("a mistake in the code")' in str(raised.value.__cause__)


def test_units_are_taken_as_they_are_needed(cluster: Any) -> None:
    taken = []

    def units() -> object:
        for n in range(100):
            taken.append(n)
            yield n, batch(n)

    with closing(RayEngine(cluster.address).run(square, units(), setup=nothing, failed=failed)) as run:
        next(run)
        assert len(taken) == 5


def test_a_missing_cluster_is_named() -> None:
    engine = RayEngine("127.0.0.1:1")
    with pytest.raises(RunError, match=r"^no Ray cluster answers at engine.address '127.0.0.1:1'"):
        list(engine.run(square, [(0, batch(1))], setup=nothing, failed=failed))


def test_a_node_with_other_code_does_nothing(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = installed()
    monkeypatch.setattr(ray_engine, "installed", lambda: {**here, "pillow": "1.0"})
    with pytest.raises(RunError, match=rf"has pillow {here['pillow']} in place of 1.0; nodes must have"):
        results(cluster, square, [batch(1)])


def stuck(rows: pa.RecordBatch, file: Path) -> pa.RecordBatch:
    """0 waits for 1, which says who it is and never returns."""
    (n,) = rows.column("n").to_pylist()
    while n == 0 and not file.exists():
        time.sleep(0.01)
    if n == 1:
        note(f"{os.getpid()}", file)
    while n == 1:
        time.sleep(0.01)
    return rows


def held(rows: pa.RecordBatch, folder: Path) -> pa.RecordBatch:
    """From 4 on, wait for the gate; each start is noted, with its node."""
    (n,) = rows.column("n").to_pylist()
    note(f"{n} {os.environ['RAY_RAYLET_PID']}", folder / "starts")
    while n >= 4 and not (folder / "gate").exists():
        time.sleep(0.01)
    return square(rows)


def test_a_stopped_run_leaves_no_process(cluster: Any, tmp_path: Path) -> None:
    work, units = partial(stuck, file=tmp_path / "pids"), [(0, batch(0)), (1, batch(1))]
    with closing(RayEngine(cluster.address).run(work, units, setup=nothing, failed=failed)) as run:
        next(run)
    (pid,) = (tmp_path / "pids").read_text().split()
    end = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_units_of_a_lost_node_are_done_again_and_no_others(cluster: Any, tmp_path: Path) -> None:
    work, units = partial(held, folder=tmp_path), [(n, batch(n)) for n in range(12)]
    with closing(RayEngine(cluster.address).run(work, units, setup=nothing, failed=failed)) as run:
        found = [next(run) for _ in range(4)]
        while len(waiting := [node for n, node in starts(tmp_path) if n >= 4]) < 2:
            time.sleep(0.01)
        assert len(set(waiting)) == 2
        cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)
        (tmp_path / "gate").touch()
        found += list(run)
    assert sorted(number for number, _ in found) == list(range(12))
    assert all(rows.column("n").to_pylist() == [number**2] for number, rows in found)
    assert len(starts(tmp_path)) == 13


def starts(folder: Path) -> list[tuple[int, str]]:
    """Unit and node of each start."""
    lines = (line.split() for line in (folder / "starts").read_text().splitlines())
    return [(int(n), node) for n, node in lines]
