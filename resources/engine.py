"""Where per-image work runs: a function from a record batch to a record batch, over many units at once."""

import ctypes
import multiprocessing
import resource
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from dataset_build import watchdog
from dataset_build.cores import cores
from dataset_build.errors import RunError

BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]
Unit = tuple[int, pa.RecordBatch]
PRELOAD = [
    "dataset_build.cli",  # workers run the main script again, up to its guard
    "dataset_build.ingest",
    "dataset_build.sources.listing",
    "dataset_build.captions.pictures",
    "scipy.fftpack",  # by imagehash, at the first hash
    "pandas",  # by pyarrow, at the first conversion, where it is installed
]


POOLS = 5  # of which the last but one may break
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h, in bytes


class Engine(Protocol):
    """The contract: every unit comes back once, changed by `work`, in any order.

    `setup` runs once in each worker. A row whose worker dies twice, or twice has no memory for it, is answered by
    `failed(row, status)`, where status is timeout or crashed; the other rows of its unit are not affected.
    """

    def run(
        self,
        work: BatchFunction,
        units: Iterable[Unit],
        *,
        setup: Callable[[], None],
        failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
    ) -> Iterator[Unit]:
        """Map `work` over the units."""
        ...


class LocalEngine:
    """A pool of processes on this machine. At most two units per worker are in memory at any time."""

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or cores()

    def run(
        self,
        work: BatchFunction,
        units: Iterable[Unit],
        *,
        setup: Callable[[], None],
        failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
    ) -> Iterator[Unit]:
        """Map `work` over the units in worker processes. Raises RunError when pool after pool of them breaks."""
        units = iter(units)
        for _ in range(POOLS):
            first = list(islice(units, 1))
            if not first:
                return
            pool = process_pool(self.workers, setup)
            try:
                left = yield from self._through(pool, work, chain(first, units), failed)
            finally:
                pool.stop()
                pool.join()
            if not left:
                return
            units = chain(left, units)
        raise RunError("the processes that look at images die while they have nothing to do: is there memory for them?")

    def _through(
        self,
        pool: ProcessPool,
        work: BatchFunction,
        units: Iterator[Unit],
        failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
    ) -> Generator[Unit, None, list[Unit]]:
        """Map `work` over the units until there are no more, or the pool breaks. Returns those that were under way."""
        running: dict[Future[pa.RecordBatch], Unit] = {}
        left: list[Unit] = []

        def start(count: int) -> None:
            for unit in islice(units, count):
                try:
                    running[_submit(pool, work, unit[1])] = unit
                except BrokenProcessPool:
                    left.append(unit)

        start(2 * self.workers)
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                number, batch = running.pop(future)
                start(0 if left else 1)
                try:
                    yield number, answered(future, pool, work, batch, failed)
                except BrokenProcessPool:
                    left.append((number, batch))
        return left


def _submit(pool: ProcessPool, work: BatchFunction, batch: pa.RecordBatch) -> Future[pa.RecordBatch]:
    """Raises BrokenProcessPool, which a pool is once a worker dies that has nothing to do."""
    try:
        return pool.submit(work, None, batch)
    except RuntimeError as error:
        raise BrokenProcessPool(str(error)) from error


def process_pool(workers: int, setup: Callable[[], None]) -> ProcessPool:
    """Processes that look at images: `setup` runs once in each. A crash or a timeout ends one process, not the pool."""
    return ProcessPool(
        max_workers=workers,
        max_tasks=500,
        context=_context(),
        initializer=_initialise,
        initargs=[setup],
    )


def apart(memory: int, work: Callable[..., None], *given: Any) -> None:
    """Do `work` in a process of its own, which gets `memory` bytes: beyond that it meets a MemoryError.

    Raises what the work raises, and RunError when the process dies of it.
    """
    pool = process_pool(1, partial(_limit_memory, memory))
    try:
        pool.submit(work, None, *given).result()
    except ProcessExpired as death:
        raise RunError(f"the process that was to {work.__name__.replace('_', ' ')} died: {death}") from death
    finally:
        pool.stop()
        pool.join()


def _limit_memory(memory: int) -> None:
    """Where the system can say how much this process has already."""
    with suppress(OSError, ValueError):  # the latter where the limit is lower already
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def answered(
    future: Future[pa.RecordBatch],
    pool: ProcessPool,
    work: BatchFunction,
    batch: pa.RecordBatch,
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
) -> pa.RecordBatch:
    """What became of `batch`, whose `work` is under way in the pool; waits for it."""
    try:
        return future.result()
    except (ProcessExpired, MemoryError):
        return _row_by_row(pool, work, batch, failed)


def _row_by_row(
    pool: ProcessPool,
    work: BatchFunction,
    batch: pa.RecordBatch,
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
) -> pa.RecordBatch:
    """A worker died over this unit, or had no memory: find the row that kills, and answer for it."""
    results = []
    for index in range(batch.num_rows):
        row = batch.slice(index, 1)
        try:
            results.append(_submit(pool, work, row).result())
        except ProcessExpired as death:
            results.append(failed(row, "timeout" if death.exitcode == watchdog.EXIT_CODE else "crashed"))
        except MemoryError:
            results.append(failed(row, "crashed"))
    return pa.concat_batches(results)


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
