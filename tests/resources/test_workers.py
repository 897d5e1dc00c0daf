"""Processes that do work apart: whatever becomes of one, every task is answered."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dataset_build.errors import RunError
from resources.workers import WorkerDied, Workers
from tests.engines import nothing

WAIT = 60  # seconds, after which a task counts as lost


@contextmanager
def workers(count: int, setup: Any = nothing) -> Iterator[Workers]:
    started = Workers(count, setup)
    try:
        yield started
    finally:
        started.stop()


class Stubborn(Exception):
    """Can be sent and not be received."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def raises(kind: str) -> None:
    if kind == "stubborn":
        raise Stubborn("this", "that")
    raise ValueError(f"{kind} is wrong")


def refuses() -> None:
    raise ValueError("no model here")


def waits_for(file: str) -> str:
    while not Path(file).exists():
        time.sleep(0.01)
    return "done"


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_process_that_is_killed_over_its_task_is_told_with_its_signal() -> None:
    with workers(1) as one:
        with pytest.raises(WorkerDied, match="exit code -6") as death:
            one.submit(os.abort).result(WAIT)
        assert death.value.exitcode == -signal.SIGABRT
        assert one.submit(abs, -7).result(WAIT) == 7


def test_idle_processes_that_are_killed_while_others_work_cost_no_task(tmp_path: Path) -> None:
    with workers(2) as two:
        busy: Future[str] = two.submit(waits_for, str(tmp_path / "go on"))
        for n in range(8):
            os.kill(two.submit(os.getpid).result(WAIT), signal.SIGKILL)
            assert two.submit(abs, -n).result(WAIT) == n
        (tmp_path / "go on").touch()
        assert busy.result(WAIT) == "done"


def test_what_a_task_raises_is_told_with_where_it_was() -> None:
    with workers(1) as one, pytest.raises(ValueError, match=r"^the hash is wrong$") as raised:
        one.submit(raises, "the hash").result(WAIT)
    assert "in raises" in str(raised.value.__cause__)


def test_an_error_that_cannot_be_received_is_told_in_words() -> None:
    with workers(1) as one, pytest.raises(RunError, match=r"^Stubborn: this and that$"):
        one.submit(raises, "stubborn").result(WAIT)


def test_a_task_that_cannot_be_sent_is_its_own_fault() -> None:
    with workers(1) as one:
        with pytest.raises(AttributeError, match="local object"):
            one.submit(lambda: None).result(WAIT)
        assert one.submit(abs, -7).result(WAIT) == 7


def test_a_setup_that_fails_is_the_answer() -> None:
    with workers(2, refuses) as two, pytest.raises(ValueError, match=r"^no model here$"):
        two.submit(abs, -7).result(WAIT)


def test_processes_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(process: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.ForkServerProcess._Popen", staticmethod(no_memory))
    with workers(1) as one:
        with pytest.raises(RunError, match="is there memory for them") as failure:
            one.submit(abs, -7).result(WAIT)
        assert isinstance(failure.value.__cause__, BlockingIOError)
        monkeypatch.undo()
        assert one.submit(abs, -7).result(WAIT) == 7


def test_a_process_gives_way_to_another_after_many_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.workers.RENEWED", 3)
    with workers(1) as one:
        pids = [one.submit(os.getpid).result(WAIT) for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


def test_stopped_workers_end_whatever_they_do(tmp_path: Path) -> None:
    with workers(2) as two:
        pid = two.submit(os.getpid).result(WAIT)
        two.submit(waits_for, str(tmp_path / "never"))
        two.submit(waits_for, str(tmp_path / "never"))
    assert gone(pid)
