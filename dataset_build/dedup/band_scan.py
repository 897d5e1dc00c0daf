"""The compiled inner loop of the hash search; imported only where it runs, because numba is slow to load."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Numbers = NDArray[np.int32]
Near = tuple[Words, Words, Numbers]  # one half of each hash as two columns, and row numbers

_ODD_BITS = np.uint64(0x5555555555555555)
_BIT_PAIRS = np.uint64(0x3333333333333333)
_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES = np.uint64(0x0101010101010101)
_ONE, _TWO, _FOUR, _TOP_BYTE = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
_FARTHEST = np.uint64(256)
_BAND_BITS = 16
_BAND = np.uint64(0xFFFF)
_BANDS_PER_WORD, _BANDS_PER_HALF = 4, 8
_BLOCK = 512  # left rows of which one in a hundred is near by chance; two words of each fit the fastest cache


@njit(inline="always")
def _popcount(word: np.uint64) -> np.uint64:
    """Bits set in a word: a form that LLVM turns into the processor's own instruction."""
    word = word - ((word >> _ONE) & _ODD_BITS)
    word = (word & _BIT_PAIRS) + ((word >> _TWO) & _BIT_PAIRS)
    word = (word + (word >> _FOUR)) & _NIBBLES
    return (word * _BYTES) >> _TOP_BYTE


@njit(inline="always")
def _least(a: np.uint64, b: np.uint64, first: Words, second: Words) -> np.uint64:
    """The least distance of two words to the rows of two columns: no branch, no other result, so it is vectorised."""
    least = _FARTHEST
    for k in range(first.size):
        least = min(least, _popcount(a ^ first[k]) + _popcount(b ^ second[k]))
    return least


@njit(inline="always")
def _value(hash_: Words, band: int) -> np.uint64:
    """The 16 bits of a band."""
    word = np.uint64(hash_[band // _BANDS_PER_WORD])
    return (word >> np.uint64(_BAND_BITS * (band % _BANDS_PER_WORD))) & _BAND


@njit(inline="always")
def _half(a: Words, b: Words, half: int) -> np.uint64:
    """Bits that differ in one half of two hashes."""
    return _popcount(a[2 * half] ^ b[2 * half]) + _popcount(a[2 * half + 1] ^ b[2 * half + 1])


@njit(inline="always")
def _distance_if_first(a: Words, b: Words, band: int, band_radius: int, half_radius: int) -> np.uint64:
    """Bits that differ, for a pair found by a band; all of them when a band before this one finds it too."""
    halves = _half(a, b, 0), _half(a, b, 1)
    for earlier in range(band):
        within = _popcount(_value(a, earlier) ^ _value(b, earlier)) <= band_radius
        if within and halves[earlier // _BANDS_PER_HALF] <= half_radius:
            return _FARTHEST
    return halves[0] + halves[1]


@njit(inline="always")
def _in_order(hashes: Words, order: Numbers, half: int) -> tuple[Words, Words]:
    """One half of each hash (n, 4) in another order, as two columns."""
    first, second = np.empty(len(order), np.uint64), np.empty(len(order), np.uint64)
    for place in range(len(order)):
        first[place] = hashes[order[place], 2 * half]
        second[place] = hashes[order[place], 2 * half + 1]
    return first, second


@njit(inline="always")
def _gather(
    value: int, masks: Numbers, among: bool, starts: Numbers, order: Numbers, wholes: int, columns: Near, near: Near
) -> tuple[int, int]:
    """Bring the rows together whose value is `value` ^ mask: wholes from the middle on, crops before; begin and end."""
    begin = end = len(near[0]) // 2
    for mask in masks:
        other = value ^ mask
        if among and other > value:
            continue
        for place in range(starts[other], starts[other + 1]):
            if order[place] < wholes:
                at = end
                end += 1
            else:
                begin -= 1
                at = begin
            near[0][at] = columns[0][place]
            near[1][at] = columns[1][place]
            near[2][at] = order[place]
    return begin, end


@njit(cache=True, nogil=True)
def scan(
    left: Words,
    left_order: Numbers,
    left_starts: Numbers,
    left_wholes: int,
    right: Words,
    right_order: Numbers,
    right_starts: Numbers,
    right_wholes: int,
    masks: Numbers,
    most: int,
    band: int,
    band_radius: int,
    half_radius: int,
    radius: int,
    among: bool,
) -> Numbers:
    """Pairs (left row, right row, distance) that this band is the first to find.

    Hashes (n, 4), order and starts are those of a band in `hamming.Index`. For each value of the band, the left rows
    whose value differs from it by one of `masks` are brought together, `most` at the most. Each right row of that
    value is held against them: first the half of the hash that the band is in, then all of it. With `among`, both
    sides are the same and each pair is met once; the last of the masks must be 0.
    """
    side = band // _BANDS_PER_HALF
    columns = (*_in_order(left, left_order, side), left_order)
    near = np.empty(2 * most, np.uint64), np.empty(2 * most, np.uint64), np.empty(2 * most, np.int32)
    found = np.empty((1024, 3), np.int32)
    count = 0
    for value in range(1 << _BAND_BITS):
        rows = right_order[right_starts[value] : right_starts[value + 1]]
        if len(rows) == 0:
            continue
        own_a, own_b = _in_order(right, rows, side)
        wholes = np.searchsorted(rows, right_wholes)
        begin, end = _gather(value, masks, among, left_starts, left_order, left_wholes, columns, near)
        for block in range(begin, end, _BLOCK):
            for j in range(len(rows)):
                crop = j >= wholes
                met = (wholes if crop else wholes - j) if among else 0  # rows at the end, which are of its own bucket
                first, stop = max(block, most if crop else begin), min(block + _BLOCK, end - met)
                if _least(own_a[j], own_b[j], near[0][first:stop], near[1][first:stop]) > half_radius:
                    continue
                for i in range(first, stop):
                    if _popcount(near[0][i] ^ own_a[j]) + _popcount(near[1][i] ^ own_b[j]) > half_radius:
                        continue
                    a, b = left[near[2][i]], right[rows[j]]
                    distance = _distance_if_first(a, b, band, band_radius, half_radius)
                    if distance > radius:
                        continue
                    if count == len(found):
                        found = np.concatenate((found, np.empty_like(found)))
                    found[count, 0] = near[2][i]
                    found[count, 1] = rows[j]
                    found[count, 2] = distance
                    count += 1
    return found[:count]
