"""How long it takes to group images, in memory, at what size and with what recall."""

import resource
import time
from typing import Any

import numpy as np
import pyarrow as pa

from dataset_build.config import Duplicates
from dataset_build.dedup.hamming import MOST_WORKERS
from dataset_build.dedup.pairs import INPUT, near_pairs
from dataset_build.dedup.stars import stars

PLANTED = 0.1  # share of the images that are planted near others
RADIUS = Duplicates().widest_radius


def grow(count: int, seed: int) -> None:
    """Time a full grouping of `count` images, and the same when the last hundredth comes later."""
    rng = np.random.default_rng(seed)
    warm = planted(3000, rng)[0]
    near_pairs(warm, warm.slice(0, 0), RADIUS)  # so that compiling isn't timed
    near_pairs(warm.slice(0, 1500), warm.slice(1500), RADIUS)
    images, copies, sources = planted(count, rng)
    order = pa.table(
        {"image_id": images["image_id"], "keeper_rank": np.arange(count), "survives": np.ones(count, bool)}
    )  # fmt: skip

    pairs, full = timed(lambda: near_pairs(images, images.slice(0, 0), RADIUS))
    found = set(zip(pairs["image_id_a"].to_pylist(), pairs["image_id_b"].to_pylist(), strict=True))
    wanted = [(min(a, b), max(a, b)) for a, b in zip(copies, sources, strict=True)]
    recall = sum(pair in found for pair in wanted) / len(wanted)
    grouped, grouping = timed(lambda: stars(pairs, order))
    hundredth = count // 100
    some = near_pairs, images.slice(0, hundredth), images.slice(hundredth)
    _, later = timed(lambda: some[0](some[1], some[2], RADIUS))
    total = tuple(a + b for a, b in zip(full, grouping, strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{count} images, {3 * count} hash rows, radius {RADIUS}, at most {MOST_WORKERS} threads: "
        f"{total[0]:.1f} s ({total[1]:.1f} s of CPU), of which stars {grouping[0]:.1f} s; "
        f"{len(set(grouped['keeper'].to_pylist()))} stars; recall of planted pairs {recall:.3%}; "
        f"1 % more in {later[0]:.2f} s ({later[1]:.2f} s of CPU: {later[1] / total[1]:.1%} of the full time); "
        f"{memory:.2f} GiB at the most",
        flush=True,
    )


def planted(count: int, rng: np.random.Generator) -> tuple[pa.Table, list[str], list[str]]:
    """Facts of images with random hashes, and ids of the copies among them and of what they are copies of.

    A copy differs from its source in 0 to RADIUS random bits of the whole picture, every number as likely.
    """
    distinct = count - round(PLANTED * count)
    source = rng.integers(0, distinct, count - distinct)
    views = rng.integers(0, 2**64, (count, 3, 4), np.uint64)
    for first in range(0, count - distinct, 10_000):
        some = source[first : first + 10_000]
        bits = np.argsort(rng.random((len(some), 256), np.float32), axis=1)
        flips = np.zeros_like(bits, dtype=bool)
        np.put_along_axis(flips, bits, np.arange(256) < rng.integers(0, RADIUS + 1, len(some))[:, None], axis=1)
        rows = slice(distinct + first, distinct + first + len(some))
        views[rows, 0] = views[some, 0] ^ np.packbits(flips, axis=1).view(np.uint64)
    ids = [f"{number:016x}" for number in rng.permutation(count)]
    whole = fixed(views[:, 0], 32)
    columns = [ids, ids, whole, whole, whole, fixed(views[:, 1:].reshape(count, 8), 64), [True] * count]
    return pa.table(columns, schema=INPUT), ids[distinct:], [ids[k] for k in source]


def fixed(words: Any, size: int) -> pa.FixedSizeBinaryArray:
    """Rows of words as fixed-size binary values."""
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(size), len(words), [None, pa.py_buffer(np.ascontiguousarray(words))]
    )  # fmt: skip


def timed(work: Any) -> tuple[Any, tuple[float, float]]:
    """The result of a call, and its seconds of wall and of CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)
