"""Processes that look at images: what kills one costs no other work, not even what breaks their pool."""

import ctypes
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from threading import Event, RLock, Thread
from typing import Any, TypeVar

import pyarrow as pa
from pebble import ProcessPool

from dataset_build.errors import RunError

T = TypeVar("T")
POOLS = 5  # that may break without an answer between them
LOOKS = 0.2  # seconds between two looks at a pool
PRELOAD = [
    "dataset_build.cli",  # workers run the main script again, up to its guard
    "dataset_build.ingest",
    "dataset_build.sources.listing",
    "dataset_build.captions.pictures",
    "scipy.fftpack",  # by imagehash, at the first hash
    "pandas",  # by pyarrow, at the first conversion, where it is installed
]
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h, in bytes


class Workers:
    """Processes in each of which `setup` runs once. A crash or a timeout ends one of them, and fails what it did with
    pebble's ProcessExpired.

    A process that dies before pebble knows what it does breaks the whole pool, and leaves some work unanswered for
    ever. Then another pool does all that is unanswered. RunError, when pool after pool breaks.
    """

    def __init__(self, count: int, setup: Callable[[], None]) -> None:
        self._new = partial(ProcessPool, count, 500, _initialise, [setup], _context())
        self._pool, self._broken = self._new(), 0
        self._unanswered: dict[Future[Any], Callable[[], Future[Any]]] = {}
        self._lock, self._stopped = RLock(), Event()
        self._watcher = Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, work: Callable[..., T], *given: Any) -> Future[T]:
        """Have `work(*given)` done."""
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()
        with self._lock:
            self._unanswered[answer] = lambda: self._pool.submit(work, None, *given)
            self._start(answer)
        return answer

    def stop(self) -> None:
        """End the processes, whatever they do."""
        self._stopped.set()
        self._watcher.join()
        self._pool.stop()
        self._pool.join()

    def _start(self, answer: Future[Any]) -> None:
        with suppress(RuntimeError):  # the pool is broken, which the watcher will see
            self._unanswered[answer]().add_done_callback(partial(self._pass_on, answer))

    def _pass_on(self, answer: Future[Any], done: Future[Any]) -> None:
        if done.cancelled() or isinstance(error := done.exception(), BrokenProcessPool):
            return
        with self._lock:
            if not self._unanswered.pop(answer, None):
                return
            self._broken = 0
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(done.result())

    def _watch(self) -> None:
        while not self._stopped.wait(LOOKS):
            if not self._pool.active:
                self._replace()

    def _replace(self) -> None:
        self._pool.stop()
        self._pool.join()
        with self._lock:
            self._broken += bool(self._unanswered)
            if self._broken == POOLS:
                self._give_up()
            self._pool = self._new()
            for answer in list(self._unanswered):
                self._start(answer)

    def _give_up(self) -> None:
        why = RunError("the processes that look at images die before they can: is there memory for them?")
        for answer in self._unanswered:
            answer.set_exception(why)
        self._unanswered, self._broken = {}, 0


def _context() -> Any:
    """Workers are forked from a small clean process: forking this one isn't safe, since it has threads.

    That process imports what a worker needs, so that no worker has to.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    return context


def _initialise(setup: Callable[[], None]) -> None:
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
