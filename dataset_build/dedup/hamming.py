"""Search for 256-bit hashes that differ in few bits: multi-index hashing, and brute force for small sets."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

BANDS = 16
MAX_BAND_RADIUS = 2
BRUTE_FORCE_PAIRS = 1 << 22  # about 0.2 s; beyond it the time to load numba is repaid
MOST_WORKERS = 4  # each holds a sorted copy of all hashes

Hashes = NDArray[np.uint64]
Rows = NDArray[np.int64]
Found = tuple[Rows, Rows, NDArray[np.int16]]


def near(left: Hashes, right: Hashes, radius: int) -> Iterator[Found]:
    """Pairs (left row, right row, distance) at most `radius` bits apart, each once; hashes are (n, 4) uint64.

    A pair counts as found when at most min(2, radius // 16) bits differ in at least one of the 16 bands of 16 bits.
    That finds every pair up to 47 bits and, of pairs whose bits differ at random, over 99.999 % at 48, 99.8 % at 60
    and 99.0 % at 64. It depends on the two hashes only, so that what is found is the same however hashes are split
    into calls. Buckets have no cap: unlike hashes that share a band cost time, never pairs.

    Source: Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
    """
    if len(left) * len(right) <= BRUTE_FORCE_PAIRS:
        yield from brute_force(left, right, radius, half=False)
    elif len(left) <= len(right):
        yield from multi_index(left, right, radius, half=False)
    else:
        for j, i, distance in multi_index(right, left, radius, half=False):
            yield i, j, distance


def near_among(hashes: Hashes, radius: int) -> Iterator[Found]:
    """The same among the rows of one set, no row with itself."""
    search = brute_force if len(hashes) ** 2 <= BRUTE_FORCE_PAIRS else multi_index
    return search(hashes, hashes, radius, half=True)


def brute_force(left: Hashes, right: Hashes, radius: int, half: bool) -> Iterator[Found]:
    """What `multi_index` finds, by looking at every pair."""
    left_bands, right_bands = left.view(np.uint16), right.view(np.uint16)
    step = max(1, (1 << 20) // max(1, len(right)))
    for first in range(0, len(left), step):
        bits = np.bitwise_count(left_bands[first : first + step, None] ^ right_bands[None])
        distance = bits.sum(axis=2, dtype=np.int16)
        close = (distance <= radius) & (bits.min(axis=2) <= _band_radius(radius))
        i, j = np.nonzero(np.triu(close, first + 1) if half else close)
        yield i + first, j, distance[i, j]


def multi_index(left: Hashes, right: Hashes, radius: int, half: bool) -> Iterator[Found]:
    """Pairs (left row, right row, distance) found by looking up each band's value and its neighbours.

    With `half`, both sides are the same rows and each pair is met once. It is faster with the larger side right.
    """
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_WORKERS)) as pool:
        yield from pool.map(partial(_band_pairs, left, right, radius, half), range(BANDS))


def _band_pairs(left: Hashes, right: Hashes, radius: int, half: bool, band: int) -> Found:
    from dataset_build.dedup.band_scan import by_band, in_columns, scan

    masks = np.flatnonzero(np.bitwise_count(np.arange(1 << 16)) <= _band_radius(radius))
    left_order, left_starts = by_band(left, band)
    right_order, right_starts = (left_order, left_starts) if half else by_band(right, band)
    sides = left[left_order], left_starts, in_columns(right, right_order), right_starts
    rows = scan(*sides, masks, band, _band_radius(radius), radius, half)
    i, j, distance = rows.T
    return left_order[i].astype(np.int64), right_order[j].astype(np.int64), distance.astype(np.int16)


def _band_radius(radius: int) -> int:
    """Bits that may differ inside a band: each further bit costs about eight times the time."""
    return min(MAX_BAND_RADIUS, radius // BANDS)
