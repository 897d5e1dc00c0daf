"""How long it takes to group images, in memory, at what size and with what recall; and one per cent more of them."""

import resource
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dataset_build.config import Duplicates
from dataset_build.dedup.pairs import near_pairs
from dataset_build.dedup.segments import INPUT, arrive
from dataset_build.dedup.stars import stars
from dataset_build.images.hashes import CROPS

PLANTED = 0.1  # share of the images that are planted near others
RADIUS = Duplicates().widest_radius


class Planted(NamedTuple):
    """Facts of images with random hashes, and the row of which each is a copy, its own for most."""

    images: pa.Table
    source: NDArray[np.int64]


class Spent(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


def grow(count: int, seed: int) -> dict[str, float]:
    """Time a full grouping of `count` images, and what the last hundredth of them costs when it comes later."""
    rng = np.random.default_rng(seed)
    few = arrive(planted(1500, rng).images, []).segment
    near_pairs(arrive(planted(3000, rng).images, [few]), [few], RADIUS)  # so that compiling isn't timed
    images, source = planted(count, rng)
    order = pa.table(
        {"image_id": images["image_id"], "keeper_rank": np.arange(count), "survives": np.ones(count, bool)}
    )

    pairs, full = timed(lambda: near_pairs(arrive(images, []), [], RADIUS))
    grouped, grouping = timed(lambda: stars(pairs, order))
    hundredth = count // 100
    known = arrive(images.slice(hundredth), []).segment
    _, later = timed(lambda: near_pairs(arrive(images.slice(0, hundredth), [known]), [known], RADIUS))
    figures = {
        "images": count,
        "wall": full.wall + grouping.wall,
        "cpu": full.cpu + grouping.cpu,
        "stars": grouping.cpu,
        "recall": recall_of(pairs, images["image_id"], source),
        "more wall": later.wall,
        "more cpu": later.cpu,
        "GiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    print(
        f"{count:,} images, {(1 + len(CROPS)) * count:,} hash rows, radius {RADIUS}: {figures['wall']:.1f} s "
        f"({figures['cpu']:.1f} s of CPU), of which stars {grouping.wall:.1f} s; {len(pc.unique(grouped['keeper'])):,} "
        f"stars; recall of planted pairs {figures['recall']:.3%}; 1 % more in {later.wall:.2f} s ({later.cpu:.2f} s of "
        f"CPU: {later.cpu / figures['cpu']:.1%} of the full time); {figures['GiB']:.2f} GiB at the most",
        flush=True,
    )
    return figures


def planted(count: int, rng: np.random.Generator) -> Planted:
    """Images of which some copy others in 0 to RADIUS random bits of the whole picture, every number as likely."""
    distinct = count - round(PLANTED * count)
    source = np.append(np.arange(distinct), rng.integers(0, distinct, count - distinct))
    whole = rng.integers(0, 2**64, (count, 4), np.uint64)
    for first in range(distinct, count, 10_000):
        some = source[first : first + 10_000]
        bits = np.argsort(rng.random((len(some), 256), np.float32), axis=1)
        flips = np.zeros_like(bits, dtype=bool)
        np.put_along_axis(flips, bits, np.arange(256) < rng.integers(0, RADIUS + 1, len(some))[:, None], axis=1)
        whole[first : first + len(some)] = whole[some] ^ np.packbits(flips, axis=1).view(np.uint64)
    crops = fixed(rng.integers(0, 2**64, (count, 4 * len(CROPS)), np.uint64))
    numbers = np.array_split(rng.permutation(count), -(-count // 1_000_000))  # a column of texts holds 2 GB at the most
    ids = pa.chunked_array([pc.utf8_lpad(pa.array(some).cast(pa.string()), 64, "0") for some in numbers])
    views = fixed(whole)
    pixels = pc.utf8_slice_codeunits(ids, 32)
    columns = [ids, pixels, views, views, views, crops, pa.repeat(True, count)]
    return Planted(pa.table(columns, schema=INPUT), source)


def fixed(words: Any) -> pa.FixedSizeBinaryArray:
    """Rows of words as fixed-size binary values."""
    buffer = pa.py_buffer(np.ascontiguousarray(words))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(8 * words.shape[1]), len(words), [None, buffer])


def recall_of(pairs: pa.Table, ids: pa.ChunkedArray, source: NDArray[np.int64]) -> float:
    """Share of the planted pairs that were found."""
    copies = np.flatnonzero(source != np.arange(len(source)))
    planted_pairs = ids.take(pa.array(copies)), ids.take(pa.array(source[copies]))
    wanted, found = (
        pc.binary_join_element_wise(pc.min_element_wise(a, b), pc.max_element_wise(a, b), "-")
        for a, b in (planted_pairs, (pairs["image_id_a"], pairs["image_id_b"]))
    )
    return float(pc.mean(pc.is_in(wanted, found.combine_chunks()).cast(pa.float64())).as_py())


def timed(work: Any) -> tuple[Any, Spent]:
    """The result of a call, and its seconds of wall and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, Spent(time.perf_counter() - wall, time.process_time() - cpu)


def plot(runs: list[dict[str, float]], path: Path) -> None:
    """Draw how time grows with the number of images."""
    from matplotlib import pyplot

    images = [run["images"] for run in runs]
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    for key, label in (("cpu", "all of them"), ("more cpu", "1 % more")):
        axes.loglog(images, [run[key] for run in runs], marker="o", label=label)
    axes.set(xlabel="images", ylabel="processor seconds", title=f"Near-duplicates within {RADIUS} of 256 bits")
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100, metadata={"Software": None})
