"""The pass over the bytes, through the lake: speed against bare decoding, scaling over cores, memory, second build.

Run it as `python -m benchmarks.ingest [--images 10000]`. Exit status 1 when a bar is missed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import simplejpeg

from benchmarks.decode_once import photo
from dataset_build.config import Config
from resources.engine import LocalEngine
from resources.ingest import ingest_drop
from resources.lake import Lake

BASES = 40
SIZES = {"0.2 MP": (500, 400, 93, 13.0, 0.33), "6 MP": (3000, 2000, 90, 9.0, 1.00)}  # quality, noise, bar
MEMORY_BAR, SECOND_BUILD_BAR, SCALING_BAR = 600, 5.0, 1.8


def write_photos(folder: Path, count: int, size: str) -> list[Path]:
    """`count` JPEG files of different bytes; every fortieth has the same pixels."""
    folder.mkdir(parents=True)
    width, height, quality, noise, _ = SIZES[size]
    bases = [photo(width, height, quality, noise, seed) for seed in range(min(count, BASES))]
    paths = [folder / f"{number:06}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        comment = f"{number:06}".encode()
        data = bases[number % len(bases)]
        path.write_bytes(data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:])
        path.with_suffix(".txt").write_text("a red hat", "utf-8")
    return paths


def bare_rate(paths: list[Path]) -> float:
    """Images a second that simplejpeg decodes from memory on one core."""
    files = [path.read_bytes() for path in paths]
    started = time.perf_counter()
    for data in files:
        simplejpeg.decode_jpeg(data)
    return len(files) / (time.perf_counter() - started)


def ingest_rate(source: Path, lake: Path, workers: int) -> float:
    """Images a second through sources, engine and lake, their Parquet written; the workers' start is not counted."""
    view, marks = Lake(lake, Config()), []
    view.drops.add_source(source)
    (drop,) = view.drops.discover(source.name)
    ingest_drop(view, LocalEngine(workers), drop, lambda done, total: marks.append((time.perf_counter(), done)))
    (first, some), (last, done) = marks[1], marks[-1]
    return (done - some) / (last - first)


def speed(size: str, count: int, folder: Path) -> bool:
    """Print the ratios for one size of image; whether they reach their bars."""
    source = folder / size.replace(" ", "_")
    paths = write_photos(source, count, size)
    bare = bare_rate(paths[: min(count, 400)])
    one, two = (ingest_rate(source, folder / f"lake-{size}-{n}", n) for n in (1, 2))
    bar = SIZES[size][4]
    print(f"{size}: bare decode {bare:.0f}/s, through the lake {one:.0f}/s on one worker, {two:.0f}/s on two")
    print(f"  per core against bare decode: {one / bare:.0%} (bar {bar:.0%}); two workers: {two / one:.2f} x")
    return one / bare >= bar and two / one >= SCALING_BAR


def tree(root: int) -> Iterator[int]:
    """A process and its descendants."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text().split(" (", 1)
            parents.setdefault(int(rest.rsplit(") ", 1)[1].split()[1]), []).append(int(pid))
        except OSError:
            continue
    waiting = [root]
    while waiting:
        yield (pid := waiting.pop())
        waiting += parents.get(pid, [])


def megabytes(root: int) -> float:
    """Proportional memory of a process and its descendants."""
    total = 0
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def build(source: Path, lake: Path) -> tuple[float, float, str]:
    """Seconds, peak megabytes and last words of one build on the command line."""
    command = [sys.executable, "-c", "from dataset_build.cli import main; main()", "build", "--source", str(source)]
    started, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(
        [*command, "--lake", str(lake)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    words: list[str] = []
    reader = threading.Thread(target=lambda: words.extend(process.stdout or []))
    reader.start()
    while process.poll() is None:
        peak = max(peak, megabytes(process.pid))
        time.sleep(0.1)
    reader.join()
    return time.perf_counter() - started, peak, words[-1].strip() if words else ""


def growth(count: int, folder: Path) -> bool:
    """Print memory at a quarter and the whole of `count`, and the time of a second build."""
    source = folder / "many"
    write_photos(source, count, "0.2 MP")
    few = folder / "few"
    few.mkdir()
    for path in sorted(source.iterdir())[: count // 2]:  # a quarter of the images, with their texts
        os.link(path, few / path.name)
    _, small, _ = build(few, folder / "lake-few")
    seconds, peak, _ = build(source, folder / "lake-many")
    again, _, words = build(source, folder / "lake-many")
    print(f"{count:,} images: built in {seconds:.0f} s, {count / seconds:.0f}/s")
    print(f"  peak {peak:.0f} MB (bar {MEMORY_BAR} MB)")
    print(f"  a quarter of them: peak {small:.0f} MB; growth {peak / small:.2f} x")
    print(f"  second build: {again:.1f} s (bar {SECOND_BUILD_BAR} s): {words}")
    return peak < MEMORY_BAR and again < SECOND_BUILD_BAR


def main() -> None:
    """Run all parts in one temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000, help="images of the memory test")
    arguments = parser.parse_args()
    os.environ.pop("DAGSTER_HOME", None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        reached = [speed("0.2 MP", 2000, folder), speed("6 MP", 80, folder), growth(arguments.images, folder)]
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
