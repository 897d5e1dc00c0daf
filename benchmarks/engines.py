"""What a Ray cluster costs against the process pool: one drop read by both, with as many workers, on this machine.

    python -m benchmarks.engines [--images 4000] [--workers 2]

Needs Ray (`make .venv-ray/.ready`). The cluster is started and ended here.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.ingest import megabytes, write_photos
from dataset_build.config import Config
from resources.engine import Engine, LocalEngine
from resources.ingest import ingest_drop
from resources.lake import Lake
from resources.ray_engine import RayEngine


class Spent(NamedTuple):
    """Of one drop: seconds until its first unit was written, milliseconds an image from then on, of the clock and of
    this process's CPU, and peak megabytes of this process and those it started."""

    start: float
    image: float
    driver: float
    memory: float


def read(source: Path, root: Path, engine: Engine) -> Spent:
    """Read the drop into a new lake."""
    lake, marks = Lake(root, Config()), []
    lake.drops.add_source(source)
    (drop,) = lake.drops.discover(source.name)
    with peak_memory() as peak:
        ingest_drop(lake, engine, drop, lambda done, _: marks.append((time.perf_counter(), time.process_time(), done)))
    (begun, _, _), (first, cpu, some), (last, cpu_at_last, done) = marks[0], marks[1], marks[-1]
    images = (done - some) / 1000
    return Spent(first - begun, (last - first) / images, (cpu_at_last - cpu) / images, peak())


@contextmanager
def peak_memory() -> Iterator[Callable[[], float]]:
    """Ask afterwards for the most megabytes in use meanwhile."""
    seen, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.5):
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
            f"{name}: first unit after {spent.start:.1f} s, then {spent.image:.2f} ms an image, "
            f"{spent.driver:.2f} ms of them CPU of this process; {spent.memory:.0f} MB at the most"
        )
    print(f"an image takes {ray.image / local.image:.2f} x as long on Ray, {ray.image - local.image:+.2f} ms")


if __name__ == "__main__":
    main()
