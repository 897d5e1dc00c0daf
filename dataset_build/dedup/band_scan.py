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
def _near_in_earlier_band(a: Words, b: Words, band: int, band_radius: int) -> bool:
    """The pair is also found by a band before this one."""
    for earlier in range(band):
        word = earlier // _BANDS_PER_WORD
        shift = np.uint64(_BAND_BITS * (earlier % _BANDS_PER_WORD))
        if _popcount(((a[word] ^ b[word]) >> shift) & _BAND) <= band_radius:
            return True
    return False


@njit(cache=True, nogil=True)
def scan(
    left: Words,
    values: Numbers,
    right: Words,
    starts: Numbers,
    masks: Numbers,
    band: int,
    band_radius: int,
    radius: int,
    half: bool,
    first: int,
    stop: int,
) -> NDArray[np.int32]:
    """Pairs (left row, right row, distance) that this band is the first to find, for left rows first to stop.

    `left` and `right` are hashes (n, 4), sorted by the 16-bit value of the band; `values` are the left rows'
    values; bucket v of the right rows is starts[v] to starts[v + 1]; a left row is held against the buckets
    v ^ mask. With `half`, both sides are the same rows and each pair is met once.
    """
    found = np.empty((1024, 3), np.int32)
    count = 0
    for i in range(first, stop):
        value = values[i]
        for mask in masks:
            bucket = value ^ mask
            if half and bucket < value:
                continue
            begin = i + 1 if half and mask == 0 else starts[bucket]
            for j in range(begin, starts[bucket + 1]):
                distance = (
                    _popcount(left[i, 0] ^ right[j, 0])
                    + _popcount(left[i, 1] ^ right[j, 1])
                    + _popcount(left[i, 2] ^ right[j, 2])
                    + _popcount(left[i, 3] ^ right[j, 3])
                )
                if distance > radius or _near_in_earlier_band(left[i], right[j], band, band_radius):
                    continue
                if count == len(found):
                    found = np.concatenate((found, np.empty_like(found)))
                found[count, 0] = i
                found[count, 1] = j
                found[count, 2] = distance
                count += 1
    return found[:count]
