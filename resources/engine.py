"""Where per-image work runs: a function from a record batch to a record batch, over many units at once."""

import resource
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from dataset_build import watchdog
from dataset_build.cores import cores
from dataset_build.errors import RunError
from resources.workers import WorkerDied, Workers

BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]
Unit = tuple[int, pa.RecordBatch]


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
        """Map `work` over the units in worker processes."""
        units = iter(units)
        first = list(islice(units, 1))
        if not first:
            return
        workers = Workers(self.workers, setup)
        try:
            running: dict[Future[pa.RecordBatch], Unit] = {}
            for unit in [*first, *islice(units, 2 * self.workers - 1)]:
                running[workers.submit(work, unit[1])] = unit
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    number, batch = running.pop(future)
                    for unit in islice(units, 1):
                        running[workers.submit(work, unit[1])] = unit
                    yield number, answered(future, workers, work, batch, failed)
        finally:
            workers.stop()


def apart(memory: int, work: Callable[..., None], *given: Any) -> None:
    """Do `work` in a process of its own, which gets `memory` bytes: beyond that it meets a MemoryError.

    Raises what the work raises, and RunError when the process dies of it.
    """
    worker = Workers(1, partial(_limit_memory, memory))
    try:
        worker.submit(work, *given).result()
    except WorkerDied as death:
        raise RunError(f"the process that was to {work.__name__.replace('_', ' ')} died: {death}") from death
    finally:
        worker.stop()


def _limit_memory(memory: int) -> None:
    """Where the system can say how much this process has already."""
    with suppress(OSError, ValueError):  # the latter where the limit is lower already
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def answered(
    future: Future[pa.RecordBatch],
    workers: Workers,
    work: BatchFunction,
    batch: pa.RecordBatch,
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
) -> pa.RecordBatch:
    """What became of `batch`, whose `work` is under way; waits for it."""
    try:
        return future.result()
    except (WorkerDied, MemoryError):
        return _row_by_row(workers, work, batch, failed)


def _row_by_row(
    workers: Workers,
    work: BatchFunction,
    batch: pa.RecordBatch,
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
) -> pa.RecordBatch:
    """A worker died over this unit, or had no memory: find the row that kills, and answer for it."""
    results = []
    for index in range(batch.num_rows):
        row = batch.slice(index, 1)
        try:
            results.append(workers.submit(work, row).result())
        except WorkerDied as death:
            results.append(failed(row, "timeout" if death.exitcode == watchdog.EXIT_CODE else "crashed"))
        except MemoryError:
            results.append(failed(row, "crashed"))
    return pa.concat_batches(results)
