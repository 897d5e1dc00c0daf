"""Search for 256-bit hashes that differ in few bits: multi-index hashing, and brute force for small sets."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

BANDS = 16
BAND_VALUES = 1 << 16
MAX_BAND_RADIUS = 2
BRUTE_FORCE_PAIRS = 1 << 22  # about 0.2 s; beyond it the time to load numba is repaid

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]
Found = tuple[Rows, Rows, NDArray[np.int16]]


def near_rows(hashes: Hashes, fresh: NDArray[np.bool_], radius: int) -> Iterator[Found]:
    """Pairs of distinct rows (i, j, distance) at most `radius` bits apart, at least one of them fresh.

    `hashes` is (n, 4) uint64; each pair comes once, in either order. A pair counts as found when at most
    min(2, radius // 16) bits differ in at least one of the 16 bands of 16 bits. That finds every pair up to
    47 bits and, of pairs whose bits differ at random, over 99.999 % at 48, 99.8 % at 60 and 92.7 % at 72. It
    depends on the two hashes only, so neither the split into fresh and other rows nor their order changes
    what is found. Buckets have no cap: unlike hashes that share a band cost time, never pairs.

    Source: Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
    """
    new, old = np.flatnonzero(fresh), np.flatnonzero(~fresh)
    for left, right, half in ((new, new, True), (new, old, False)):
        search = brute_force if len(left) * len(right) <= BRUTE_FORCE_PAIRS else multi_index
        for i, j, distance in search(hashes[left], hashes[right], radius, half):
            yield left[i], right[j], distance


def brute_force(left: Hashes, right: Hashes, radius: int, half: bool) -> Iterator[Found]:
    """What `multi_index` finds, by looking at every pair."""
    left_bands, right_bands = left.view(np.uint16), right.view(np.uint16)
    step = max(1, (1 << 20) // max(1, len(right)))
    for first in range(0, len(left), step):
        bits = np.bitwise_count(left_bands[first : first + step, None] ^ right_bands[None])
        distance = bits.sum(axis=2, dtype=np.int16)
        near = (distance <= radius) & (bits.min(axis=2) <= _band_radius(radius))
        i, j = np.nonzero(np.triu(near, first + 1) if half else near)
        yield i + first, j, distance[i, j]


def multi_index(left: Hashes, right: Hashes, radius: int, half: bool) -> Iterator[Found]:
    """Pairs (left row, right row, distance) found by looking up each band's value and its neighbours.

    With `half`, both sides are the same rows and each pair is met once.
    """
    from dataset_build.dedup.band_scan import scan

    values = np.arange(BAND_VALUES)
    masks = np.flatnonzero(np.bitwise_count(values) <= _band_radius(radius))
    workers = os.cpu_count() or 1
    step = len(left) // (4 * workers) + 1
    with ThreadPoolExecutor(workers) as pool:
        for band in range(BANDS):
            left_order, left_values = _by_band(left, band)
            right_order, right_values = (left_order, left_values) if half else _by_band(right, band)
            starts = np.searchsorted(right_values, np.arange(BAND_VALUES + 1))
            sides = left[left_order], left_values, right[right_order], starts
            tasks = [
                pool.submit(
                    scan, *sides, masks, band, _band_radius(radius), radius, half,
                    first, min(first + step, len(left)),
                )
                for first in range(0, len(left), step)
            ]  # fmt: skip
            for task in tasks:
                i, j, distance = task.result().T
                yield left_order[i], right_order[j], distance.astype(np.int16)


def _band_radius(radius: int) -> int:
    """Bits that may differ inside a band: each further bit costs about eight times the time."""
    return min(MAX_BAND_RADIUS, radius // BANDS)


def _by_band(hashes: Hashes, band: int) -> tuple[Rows, Rows]:
    """Row numbers sorted by the value of a band, and the values in that order."""
    values = hashes.view(np.uint16)[:, band]
    order = np.argsort(values, kind="stable")
    return order, values[order].astype(np.int64)
