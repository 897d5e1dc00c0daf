"""Per-image work on a Ray cluster. Each unit is a Ray task; inside it the same process pool as on one machine.

Tasks, because Ray does those of a lost node again wherever there is room, and uses nodes that come later. A pool
inside, because Ray doesn't say of which signal a worker died, and would do again whatever killed it.
"""

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from multiprocessing.pool import RemoteTraceback
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from dataset_build.errors import RunError, UserError
from resources.engine import BatchFunction, Unit, answered
from resources.same_code import differences, installed
from resources.workers import Workers

CONNECT = 10.0  # seconds
LOST_NODES = 20  # that one unit may lose before the run gives up


@dataclass(frozen=True)
class Job:
    """What workers are sent once a run. Two are the same when they are of one run."""

    run: str
    work: BatchFunction = field(compare=False)
    setup: Callable[[], None] = field(compare=False)
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch] = field(compare=False)
    installed: dict[str, str] = field(compare=False)


class RayEngine:
    """The workers of a Ray cluster, one CPU each. At most two units per worker are under way at any time.

    `address` is what `ray.init` takes; `workers` 0 means as many as the cluster has CPUs when the run starts.
    """

    def __init__(self, address: str = "auto", workers: int = 0) -> None:
        self.address, self.workers = address, workers

    def run(
        self,
        work: BatchFunction,
        units: Iterable[Unit],
        *,
        setup: Callable[[], None],
        failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
    ) -> Iterator[Unit]:
        """Map `work` over the units on the cluster.

        Raises UserError without Ray, RunError without a cluster, where a node has other code, or when nodes keep dying.
        """
        units = iter(units)
        first = list(islice(units, 1))
        if not first:
            return
        with _connected(self.address) as ray:
            workers = self.workers or max(1, int(ray.cluster_resources().get("CPU", 0)))
            task = ray.remote(num_cpus=1, max_retries=LOST_NODES)(_answer)
            job = ray.put(Job(uuid.uuid4().hex, work, setup, failed, installed()))
            running = {task.remote(job, batch): n for n, batch in [*first, *islice(units, 2 * workers - 1)]}
            while running:
                (done,), _ = ray.wait(list(running))
                number = running.pop(done)
                running |= {task.remote(job, batch): n for n, batch in islice(units, 1)}
                yield number, _result(ray, done)


def _result(ray: Any, done: Any) -> pa.RecordBatch:
    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from RemoteTraceback(str(error))
    except ray.exceptions.RayError as error:
        raise RunError(f"Ray lost a unit for good: {error}") from error


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Ray, connected for one run: workers and what they hold end with it."""
    try:
        import ray
    except ImportError:
        raise UserError("engine.kind is ray, but Ray is missing: pip install 'dataset-build[ray]'") from None
    try:
        _knock(address)
        os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "1")  # one try of 40 s, not 20, where "auto" is dead
        ray.init(address, log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError) as error:
        raise RunError(f"no Ray cluster answers at engine.address {address!r}: {error}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Connect to an address that names a port: Ray itself would try for several minutes."""
    url = urlsplit(address if "//" in address else f"//{address}")
    if url.hostname and url.port:
        socket.create_connection((url.hostname, url.port), timeout=CONNECT).close()


def _answer(job: Job, batch: pa.RecordBatch) -> pa.RecordBatch:
    """One unit, in a worker of the cluster."""
    worker = _worker(job)
    return answered(worker.submit(job.work, batch), worker, job.work, batch, job.failed)


@cache
def _worker(job: Job) -> Workers:
    """One process of this worker's own, for as long as the run lasts."""
    if unlike := differences(job.installed):
        raise RunError(f"{socket.gethostname()} has {', '.join(unlike)}; nodes must have what starts the run has")
    return Workers(1, job.setup)
