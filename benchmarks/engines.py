"""What a Ray cluster costs against the process pool: one drop read by both, with as many workers, on this machine.

    python -m benchmarks.engines [--images 4000] [--workers 2]

Needs Ray (`make .venv-ray/.ready`). The cluster is started and ended here.
"""

import argparse
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.ingest import megabytes, tree, write_photos
from dataset_build.config import Config
from resources.engine import Engine, LocalEngine
from resources.ingest import ingest_drop
from resources.lake import Lake
from resources.ray_engine import RayEngine


class Spent(NamedTuple):
    """Of one drop: seconds until its first unit was written; from then on, milliseconds an image of the clock, of all
    processes' CPU and of this one's; and peak megabytes of this process and those it started."""

    start: float
    clock: float
    processors: float
    driver: float
    memory: float


class Mark(NamedTuple):
    """A moment: images done, seconds of the clock, of all processes' CPU and of this one's."""

    done: int
    clock: float
    processors: float
    driver: float


def read(source: Path, root: Path, engine: Engine) -> Spent:
    """Read the drop into a new lake."""
    lake, marks = Lake(root, Config()), []

    def progress(done: int, total: int) -> None:
        if len(marks) < 2 or done == total:  # to look costs time
            marks.append(Mark(done, time.perf_counter(), processor_seconds(os.getpid()), time.process_time()))

    lake.drops.add_source(source)
    (drop,) = lake.drops.discover(source.name)
    with peak_memory() as peak:
        ingest_drop(lake, engine, drop, progress)
    begun, first, last = marks
    each = [1000 * (b - a) / (last.done - first.done) for a, b in zip(first[1:], last[1:], strict=True)]
    return Spent(first.clock - begun.clock, *each, peak())


def processor_seconds(root: int) -> float:
    """CPU of a process and its descendants, those that have ended included."""
    ticks = 0
    for process in tree(root):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """Ask afterwards for the most megabytes in use meanwhile."""
    seen, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(3):  # to look costs time
            seen.append(megabytes(os.getpid()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lambda: max(seen)
    finally:
        done.set()
        thread.join()


@contextmanager
def cluster(workers: int) -> Iterator[Any]:
    """A Ray cluster of one node with so many CPUs."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    from ray.cluster_utils import Cluster

    node = {"num_cpus": workers, "object_store_memory": 200 * 2**20, "include_dashboard": False}
    nodes = Cluster(initialize_head=True, head_node_args=node)
    try:
        yield nodes
    finally:
        nodes.shutdown()


def main() -> None:
    """Print what both spent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = folder / "photos"
        write_photos(source, arguments.images, "0.2 MP")
        local = read(source, folder / "local", LocalEngine(arguments.workers))
        with cluster(arguments.workers) as nodes:
            ray = read(source, folder / "ray", RayEngine(nodes.address, arguments.workers))
    for name, spent in (("local", local), ("ray", ray)):
        print(
            f"{name}: first unit after {spent.start:.1f} s, then an image takes {spent.clock:.2f} ms, "
            f"{spent.processors:.2f} ms of CPU, {spent.driver:.2f} of it here; {spent.memory:.0f} MB at the most"
        )
    print(f"CPU on Ray against local: {ray.processors / local.processors:.2f} x")


if __name__ == "__main__":
    main()
