"""Search for 256-bit hashes that differ in few bits: multi-index hashing, and brute force for small sets."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataset_build.cores import cores

if TYPE_CHECKING:
    from dataset_build.dedup.band_scan import Masks, Side

BANDS = 16
VALUES = 1 << 16  # of a band
MAX_BAND_RADIUS = 2
SORTED_FROM = 1 << 16  # rows; fewer are sorted faster than they are read
BRUTE_FORCE_PAIRS = 1 << 22  # about 0.2 s; beyond it the time to load numba is repaid
MOST_WORKERS = 4
FEW = 1 << 18  # rows; pairs among more of them are found faster apart
CACHE = 1 << 19  # bytes of the cache that a worker has to itself, or half of it
BLOCK_BITS = 1, 8  # of how many values a block of them is, as a power of two

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


NONE: Found = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int16)


def index(hashes: Hashes, wholes: int) -> Index:
    """Sort hashes by each of their bands: 64 bytes a row, and 4 MB. Few rows are left to be sorted by the search."""
    if len(hashes) < SORTED_FROM:
        return Index(hashes, wholes, np.empty((0, len(hashes)), np.int32), np.empty((0, VALUES + 1), np.int32))
    return _sorted(hashes, wholes)


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
        yield from (between for between, _ in multi_index(left, right, radius))
    else:
        yield from ((j, i, distance) for (i, j, distance), _ in multi_index(right, left, radius))


def near_among(rows: Index, radius: int) -> Iterator[Found]:
    """The same among the rows of one set, no row with itself."""
    if len(rows.hashes) ** 2 <= BRUTE_FORCE_PAIRS:
        return brute_force(rows, rows, radius, among=True)
    return (among for _, among in multi_index(rows, None, radius))


def near_and_among(few: Index, many: Index, radius: int) -> Iterator[tuple[Found, Found]]:
    """Both: pairs of few and many, and pairs among the few. Few are brought to their places once for both."""
    if len(few.hashes) <= FEW and len(few.hashes) * len(many.hashes) > BRUTE_FORCE_PAIRS:
        yield from multi_index(few, many, radius, among=True)
    else:
        yield from ((found, NONE) for found in near(few, many, radius))
        yield from ((NONE, found) for found in near_among(few, radius))


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


def multi_index(left: Index, right: Index | None, radius: int, among: bool = False) -> Iterator[tuple[Found, Found]]:
    """Pairs (left row, right row, distance) found by looking up each band's value and its neighbours, and left pairs.

    These are looked for with `among`, or where there is no right side. It is faster with the smaller side left.
    """
    alone = right is None
    every = left, right or Index(left.hashes[:0], 0, left.order[:0], left.starts[:0])
    left, right = (rows if len(rows.order) else _sorted(rows.hashes, rows.wholes) for rows in every)
    work = partial(_band_pairs, left, right, radius, among or alone, alone)
    with ThreadPoolExecutor(min(cores(), MOST_WORKERS)) as pool:
        yield from pool.map(work, range(BANDS))


def _sorted(hashes: Hashes, wholes: int) -> Index:
    order, starts = np.empty((BANDS, len(hashes)), np.int32), np.zeros((BANDS, VALUES + 1), np.int32)
    for band in range(BANDS):
        values = np.ascontiguousarray(hashes.view(np.uint16)[:, band])
        order[band] = np.argsort(values, kind="stable")
        np.cumsum(np.bincount(values, minlength=VALUES), out=starts[band, 1:])
    return Index(hashes, wholes, order, starts)


def _band_pairs(left: Index, right: Index, radius: int, among: bool, alone: bool, band: int) -> tuple[Found, Found]:
    from dataset_build.dedup.band_scan import Limits, scan

    limits = Limits(_band_radius(radius), _half_radius(radius), radius)
    found = scan(
        _of_band(left, band), _of_band(right, band), _masks(left, right, limits.band), limits, band, among, alone
    )
    between, within = ((i.astype(np.int64), j.astype(np.int64), d.astype(np.int16)) for i, j, d in (f.T for f in found))
    return between, within


def _masks(left: Index, right: Index, band_radius: int) -> "Masks":
    """The masks for blocks of as many values as fit the cache with the rows near them."""
    from dataset_build.dedup.band_scan import Masks

    bits = np.bitwise_count(np.arange(VALUES))
    masks = np.flatnonzero(bits <= band_radius)
    value = 1 + (20 * len(masks) * len(left.hashes) + 16 * len(right.hashes)) // VALUES  # bytes
    block = int(np.clip(np.log2(CACHE / value), *BLOCK_BITS))
    low = masks[masks < 1 << block]
    low = low[np.argsort(bits[low], kind="stable")]
    within = np.searchsorted(bits[low], np.arange(band_radius + 1), "right")
    high = masks[masks % (1 << block) == 0].astype(np.int32)
    return Masks(high, low.astype(np.int32), within, block)


def _of_band(rows: Index, band: int) -> "Side":
    """What `scan` reads of one side; read-only, as if mapped from a file, so that it compiles once."""
    from dataset_build.dedup.band_scan import Side

    return Side(_read_only(rows.hashes), _read_only(rows.order[band]), _read_only(rows.starts[band]), rows.wholes)


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
