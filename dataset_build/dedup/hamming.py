"""Search for 256-bit hashes that differ in few bits: multi-index hashing, and brute force for small sets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataset_build.cores import cores

BANDS = 16
VALUES = 1 << 16  # of a band
MAX_BAND_RADIUS = 2
SORTED_FROM = 1 << 16  # rows; fewer are sorted faster than they are read
BRUTE_FORCE_PAIRS = 1 << 22  # about 0.2 s; beyond it the time to load numba is repaid
MOST_WORKERS = 4

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int32]
Found = tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]], NDArray[np.int16]]


class Index(NamedTuple):
    """Hashes (n, 4), ready to be searched: for each band the rows in its order, and where each of its values starts.

    The first `wholes` rows are held against all others, the rest, of crops, against those only. `order` is (16, n)
    and `starts` (16, 65537), both without rows where there are few hashes. Arrays may be memory-mapped.
    """

    hashes: Hashes
    wholes: int
    order: Numbers
    starts: Numbers


def index(wholes: Hashes, crops: Hashes) -> Index:
    """Sort hashes by each of their bands: 64 bytes a row, and 4 MB. Few rows are left to be sorted by the search."""
    hashes = np.concatenate([wholes, crops])
    if len(hashes) < SORTED_FROM:
        return Index(hashes, len(wholes), np.empty((0, len(hashes)), np.int32), np.empty((0, VALUES + 1), np.int32))
    return _sorted(hashes, len(wholes))


def near(left: Index, right: Index, radius: int) -> Iterator[Found]:
    """Pairs (left row, right row, distance) at most `radius` bits apart, each once.

    A pair counts as found when in one of the 16 bands of 16 bits at most min(2, radius // 16) bits differ, and at most
    9/16 of the radius in the half of the hash that the band is in. That finds every pair up to 47 bits and, of pairs
    whose bits differ at random, over 99.999 % at 48, 99.8 % at 60 and 99.0 % at 64. It depends on the two hashes
    only, so that what is found is the same however hashes are split into calls. Buckets have no cap: unlike hashes
    that share a band cost time, never pairs.

    Source: Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
    """
    if len(left.hashes) * len(right.hashes) <= BRUTE_FORCE_PAIRS:
        yield from brute_force(left, right, radius)
    elif len(left.hashes) <= len(right.hashes):
        yield from multi_index(left, right, radius)
    else:
        for j, i, distance in multi_index(right, left, radius):
            yield i, j, distance


def near_among(rows: Index, radius: int) -> Iterator[Found]:
    """The same among the rows of one set, no row with itself."""
    if len(rows.hashes) ** 2 <= BRUTE_FORCE_PAIRS:
        return brute_force(rows, rows, radius, among=True)
    return multi_index(rows, rows, radius, among=True)


def brute_force(left: Index, right: Index, radius: int, among: bool = False) -> Iterator[Found]:
    """What `multi_index` finds, by looking at every pair of hashes."""
    step = max(1, (1 << 20) // max(1, len(right.hashes)))
    for first in range(0, len(left.hashes), step):
        some, every = left.hashes[first : first + step].view(np.uint16), right.hashes.view(np.uint16)
        bits = np.bitwise_count(some[:, None] ^ every).reshape(len(some), len(every), 2, BANDS // 2)
        half = bits.sum(axis=3, dtype=np.int16)
        distance = half.sum(axis=2, dtype=np.int16)
        found = (half <= _half_radius(radius)) & (bits.min(axis=3) <= _band_radius(radius))
        close = found.any(axis=2) & (distance <= radius)
        close[max(0, left.wholes - first) :, right.wholes :] = False
        i, j = np.nonzero(np.triu(close, first + 1) if among else close)
        yield i + first, j, distance[i, j]


def multi_index(left: Index, right: Index, radius: int, among: bool = False) -> Iterator[Found]:
    """Pairs (left row, right row, distance) found by looking up each band's value and its neighbours.

    With `among`, both sides are the same rows and each pair is met once. It is faster with the smaller side left.
    """
    left, right = (rows if len(rows.order) else _sorted(rows.hashes, rows.wholes) for rows in (left, right))
    with ThreadPoolExecutor(min(cores(), MOST_WORKERS)) as pool:
        yield from pool.map(partial(_band_pairs, left, right, radius, among), range(BANDS))


def _sorted(hashes: Hashes, wholes: int) -> Index:
    order, starts = np.empty((BANDS, len(hashes)), np.int32), np.zeros((BANDS, VALUES + 1), np.int32)
    for band in range(BANDS):
        values = np.ascontiguousarray(hashes.view(np.uint16)[:, band])
        order[band] = np.argsort(values, kind="stable")
        np.cumsum(np.bincount(values, minlength=VALUES), out=starts[band, 1:])
    return Index(hashes, wholes, order, starts)


def _band_pairs(left: Index, right: Index, radius: int, among: bool, band: int) -> Found:
    from dataset_build.dedup.band_scan import scan

    masks = np.flatnonzero(np.bitwise_count(np.arange(VALUES)) <= _band_radius(radius))[::-1].astype(np.int32)
    most = int(np.sort(np.diff(left.starts[band]))[-len(masks) :].sum())
    limits = band, _band_radius(radius), _half_radius(radius), radius
    i, j, distance = scan(*_of_band(left, band), *_of_band(right, band), masks, most, *limits, among).T
    return i.astype(np.int64), j.astype(np.int64), distance.astype(np.int16)


def _of_band(rows: Index, band: int) -> tuple[Hashes, Numbers, Numbers, int]:
    """What `scan` reads of one side; read-only, as if mapped from a file, so that it compiles once."""
    return _read_only(rows.hashes), _read_only(rows.order[band]), _read_only(rows.starts[band]), rows.wholes


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array = array.view(np.ndarray)
    array.flags.writeable = False
    return array


def _band_radius(radius: int) -> int:
    """Bits that may differ inside a band: each further bit costs about eight times the time."""
    return min(MAX_BAND_RADIUS, radius // BANDS)


def _half_radius(radius: int) -> int:
    """Bits that may differ in the half that a band is in: of unlike hashes 1 in 50,000 pass, near ones rarely fail."""
    return radius * 9 // 16
