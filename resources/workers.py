"""Processes that do work apart: one that dies costs no other's work.

Each has a pipe of its own, so that none can leave another waiting, and says when it takes work, so that a death
before that is told from one over the work. Pools that share a queue can't tell, and may lose work.
"""

import ctypes
import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.pool import ExceptionWithTraceback
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, TypeVar

import pyarrow as pa

from dataset_build.errors import RunError

T = TypeVar("T")
Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]
RENEWED = 500  # tasks after which a process gives way to another, whatever it has leaked
TRIES = 5  # of processes that die before they take a task
PAUSE, GRACE = 0.2, 5.0  # seconds between these, and for a process to end by itself
PRELOAD = [
    "dataset_build.cli",  # workers run the main script again, up to its guard
    "dataset_build.ingest",
    "dataset_build.sources.listing",
    "dataset_build.captions.pictures",
    "scipy.fftpack",  # by imagehash, at the first hash
    "pandas",  # by pyarrow, at the first conversion, where it is installed
]
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h, in bytes

_processes = Lock()  # multiprocessing looks at all processes when it starts one, and two looks at once mistake an end


class WorkerDied(RunError):
    """A process died over its task; `exitcode` is negative for a signal."""

    def __init__(self, exitcode: int | None) -> None:
        super().__init__(exitcode)
        self.exitcode = exitcode

    def __str__(self) -> str:
        return f"exit code {self.exitcode}"


class Workers:
    """Processes in each of which `setup` runs once; they start when there is work for them."""

    def __init__(self, count: int, setup: Callable[[], None]) -> None:
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._workers = [_Worker(setup) for _ in range(count)]
        self._threads = [Thread(target=self._employ, args=[worker], daemon=True) for worker in self._workers]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Callable[..., T], *given: Any) -> Future[T]:
        """Have `work(*given)` done. The answer is what it returns or raises; WorkerDied when it kills its process, and
        RunError when processes die before they can take it."""
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()
        self._tasks.put((answer, work, given))
        return answer

    def stop(self) -> None:
        """End the processes, whatever they do. What is not answered by now never will be."""
        for worker in self._workers:
            worker.end()
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _employ(self, worker: "_Worker") -> None:
        while (task := self._tasks.get()) and not worker.ended.is_set():
            answer, work, given = task
            try:
                result = worker.do(work, given)
            except Exception as error:  # noqa: BLE001 - it is the answer
                if not worker.ended.is_set():
                    answer.set_exception(error)
            else:
                answer.set_result(result)
        worker.bury()


class _Worker:
    """A process, or none, or another when it has died or has done enough. One thread gives it work."""

    def __init__(self, setup: Callable[[], None]) -> None:
        self.setup, self.ended = setup, Event()
        self.process: Any = None
        self.pipe: Any = None
        self.done = 0

    def do(self, work: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        """What the process makes of it."""
        task = ForkingPickler.dumps((work, given))
        self._hand_over(task)
        try:
            answer = self.pipe.recv_bytes()
        except (EOFError, OSError):
            raise WorkerDied(self.bury()) from None
        self.done += 1
        if self.done == RENEWED:
            self.bury()
        value, error = ForkingPickler.loads(answer)
        if error is not None:
            raise error
        return value

    def end(self) -> None:
        """Let there be no process any more."""
        self.ended.set()
        with _processes:
            if self.process:
                self.process.kill()

    def _hand_over(self, task: Any) -> None:
        for _ in range(TRIES):
            try:
                if not self.process:
                    self._start()
                self.pipe.send_bytes(task)
                self.pipe.recv_bytes()
                return
            except (EOFError, OSError) as error:
                why = error
                self.bury()
            if self.ended.wait(PAUSE):
                break
        raise RunError("the processes that do the work die before they can: is there memory for them?") from why

    def _start(self) -> None:
        context = _context()
        self.pipe, theirs = context.Pipe()
        self.done = 0
        with theirs, _processes:
            if self.ended.is_set():
                raise EOFError("ended")
            process = context.Process(target=_serve, args=(theirs, self.setup), daemon=True)
            process.start()
            self.process = process

    def bury(self) -> int | None:
        """See the process to its end, whose exit code this is."""
        if self.pipe:
            self.pipe.close()
        with _processes:
            process, self.process = self.process, None
            if not process:
                return None
            process.join(GRACE)
            if process.exitcode is None:
                process.kill()
                process.join()
            exitcode: int = process.exitcode
            return exitcode


def _context() -> Any:
    """Workers are forked from a small clean process: forking this one isn't safe, since it has threads.

    That process imports what a worker needs, so that no worker has to.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


def _serve(pipe: Connection, setup: Callable[[], None]) -> None:
    """Do one task after the other, until nobody is there any more to send one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
    failure = None
    try:
        _set_up(setup)
    except Exception as error:  # noqa: BLE001 - it is the answer to every task
        failure = _raised(error)
    with suppress(EOFError, OSError):
        while True:
            task = pipe.recv_bytes()
            pipe.send_bytes(b"taken")
            pipe.send_bytes(failure or _answer(task))


def _answer(task: bytes) -> Any:
    """What a task returns and what it raises, one of them None."""
    try:
        work, given = ForkingPickler.loads(task)
        return ForkingPickler.dumps((work(*given), None))
    except Exception as error:  # noqa: BLE001 - it is the answer
        return _raised(error)


def _raised(error: Exception) -> Any:
    """An error with its traceback; not all can be sent, and some can't be received."""
    try:
        answer = ForkingPickler.dumps((None, ExceptionWithTraceback(error, error.__traceback__)))
        ForkingPickler.loads(answer)
        return answer
    except Exception:  # noqa: BLE001 - whatever an error's own class does
        return ForkingPickler.dumps((None, RunError(f"{type(error).__name__}: {error}")))


def _set_up(setup: Callable[[], None]) -> None:
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _keep_freed_memory()
    setup()


def _keep_freed_memory() -> None:
    """Reuse the memory of one picture for the next: to give it back and fault it in again takes a fifth of the time."""
    c = ctypes.CDLL(None)
    if hasattr(c, "mallopt"):  # glibc
        c.mallopt(M_MMAP_THRESHOLD, 64 * 2**20)
        c.mallopt(M_TRIM_THRESHOLD, 128 * 2**20)
