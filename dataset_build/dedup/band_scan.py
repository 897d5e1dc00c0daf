"""The compiled inner loop of the hash search; imported only where it runs, because numba is slow to load."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]

_ODD_BITS = np.uint64(0x5555555555555555)
_BIT_PAIRS = np.uint64(0x3333333333333333)
_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES = np.uint64(0x0101010101010101)
_ONE, _TWO, _FOUR, _TOP_BYTE = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
_FARTHEST = np.uint64(256)
_BAND_BITS = 16
_BAND = np.uint64(0xFFFF)
_BANDS_PER_WORD = 4


@njit(inline="always")
def _popcount(word: np.uint64) -> np.uint64:
    """Bits set in a word: a form that LLVM turns into the processor's own instruction."""
    word = word - ((word >> _ONE) & _ODD_BITS)
    word = (word & _BIT_PAIRS) + ((word >> _TWO) & _BIT_PAIRS)
    word = (word + (word >> _FOUR)) & _NIBBLES
    return (word * _BYTES) >> _TOP_BYTE


@njit(inline="always")
def _least(hash_: Words, columns: Words, first: int, stop: int) -> np.uint64:
    """The least distance of a hash to those from first to stop: no branch and no other result, so it is vectorised."""
    a, b, c, d = hash_[0], hash_[1], hash_[2], hash_[3]
    column0, column1, column2, column3 = (
        columns[0, first:stop], columns[1, first:stop], columns[2, first:stop], columns[3, first:stop],
    )  # fmt: skip
    least = _FARTHEST
    for j in range(column0.size):
        distance = (
            _popcount(a ^ column0[j])
            + _popcount(b ^ column1[j])
            + _popcount(c ^ column2[j])
            + _popcount(d ^ column3[j])
        )
        least = min(least, distance)
    return least


@njit(inline="always")
def _near_in_earlier_band(a: Words, b: Words, band: int, band_radius: int) -> bool:
    """The pair is also found by a band before this one."""
    for earlier in range(band):
        word = earlier // _BANDS_PER_WORD
        shift = np.uint64(_BAND_BITS * (earlier % _BANDS_PER_WORD))
        if _popcount(((a[word] ^ b[word]) >> shift) & _BAND) <= band_radius:
            return True
    return False


@njit(cache=True, nogil=True)
def by_band(hashes: Words, band: int) -> tuple[NDArray[np.int32], Numbers]:
    """Counting sort of hashes (n, 4) by a band: row numbers in order, and where each value of the band starts."""
    word, shift = band // _BANDS_PER_WORD, np.uint64(_BAND_BITS * (band % _BANDS_PER_WORD))
    starts = np.zeros((1 << _BAND_BITS) + 1, np.int64)
    for row in range(len(hashes)):
        starts[np.int64((hashes[row, word] >> shift) & _BAND) + 1] += 1
    starts = np.cumsum(starts)
    order, place = np.empty(len(hashes), np.int32), starts.copy()
    for row in range(len(hashes)):
        value = np.int64((hashes[row, word] >> shift) & _BAND)
        order[place[value]] = row
        place[value] += 1
    return order, starts


@njit(cache=True, nogil=True)
def in_columns(hashes: Words, order: NDArray[np.int32]) -> Words:
    """Hashes (n, 4) in another order and as columns (4, n)."""
    columns = np.empty((4, len(order)), np.uint64)
    for place in range(len(order)):
        row = order[place]
        for word in range(4):
            columns[word, place] = hashes[row, word]
    return columns


@njit(cache=True, nogil=True)
def scan(
    left: Words,
    left_starts: Numbers,
    right: Words,
    right_starts: Numbers,
    masks: Numbers,
    band: int,
    band_radius: int,
    radius: int,
    half: bool,
) -> NDArray[np.int32]:
    """Pairs (left row, right row, distance) that this band is the first to find.

    `left` (n, 4) and `right` (4, m) are hashes in the order of the band's values; bucket v of each side is
    starts[v] to starts[v + 1]. Bucket v of the right is held against the buckets v ^ mask of the left while it is in
    the processor's cache, so that memory is read in order; the larger side belongs right. With `half`, both sides are
    the same hashes and each pair is met once.
    """
    found = np.empty((1024, 3), np.int32)
    count = 0
    for bucket in range(len(right_starts) - 1):
        begin, stop = right_starts[bucket], right_starts[bucket + 1]
        if begin == stop:
            continue
        for mask in masks:
            value = bucket ^ mask
            if half and value > bucket:
                continue
            for i in range(left_starts[value], left_starts[value + 1]):
                first = i + 1 if half and mask == 0 else begin
                if _least(left[i], right, first, stop) > radius:
                    continue
                for j in range(first, stop):
                    distance = (
                        _popcount(left[i, 0] ^ right[0, j])
                        + _popcount(left[i, 1] ^ right[1, j])
                        + _popcount(left[i, 2] ^ right[2, j])
                        + _popcount(left[i, 3] ^ right[3, j])
                    )
                    if distance > radius or _near_in_earlier_band(left[i], right[:, j], band, band_radius):
                        continue
                    if count == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                    found[count, 0] = i
                    found[count, 1] = j
                    found[count, 2] = distance
                    count += 1
    return found[:count]
