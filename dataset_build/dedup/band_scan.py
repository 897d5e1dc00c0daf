"""The compiled inner loop of the hash search; imported only where it runs, because numba is slow to load."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Whole = int | np.integer[Any]
Numbers = NDArray[np.int32]
Places = NDArray[np.int64]
Columns = tuple[Words, Words]  # one half of each hash


class Side(NamedTuple):
    """Hashes (n, 4) of which the first `wholes` are of whole pictures; order and starts are those of one band."""

    hashes: Words
    order: Numbers
    starts: Numbers
    wholes: int


class Masks(NamedTuple):
    """Which bits of a band's value may differ: those above a block of 2 ** bits values, and those inside it.

    `low` begins with those of fewest bits; `within[k]` is how many of them have at most k.
    """

    high: Numbers
    low: Numbers
    within: Places
    bits: int


class Limits(NamedTuple):
    """Bits that may differ in the band, in the half of the hash that it is in, and in all."""

    band: int
    half: int
    all: int


class Lists(NamedTuple):
    """Where the rows near each value of a block begin, where their wholes begin, and where they end."""

    begin: Places
    middle: Places
    end: Places


class Near(NamedTuple):
    """Halves of hashes, and the rows that they are of."""

    columns: Columns
    rows: Numbers


_ODD_BITS = np.uint64(0x5555555555555555)
_BIT_PAIRS = np.uint64(0x3333333333333333)
_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_BYTES = np.uint64(0x0101010101010101)
_ONE, _TWO, _FOUR, _TOP_BYTE = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
_FARTHEST = np.uint64(256)
_BAND_BITS = 16
_VALUES = 1 << _BAND_BITS
_BAND = np.uint64(0xFFFF)
_BANDS_PER_WORD, _BANDS_PER_HALF = 4, 8
_TILE = 512  # rows of which one in a hundred is near by chance; two words of each fit the fastest cache
_STRIDE = 32  # rows that are compared in one go: fewer are filled up with others


@njit(inline="always")
def _popcount(word: Any) -> Any:
    """Bits set in a word: a form that LLVM turns into the processor's own instruction."""
    word = word - ((word >> _ONE) & _ODD_BITS)
    word = (word & _BIT_PAIRS) + ((word >> _TWO) & _BIT_PAIRS)
    word = (word + (word >> _FOUR)) & _NIBBLES
    return (word * _BYTES) >> _TOP_BYTE


@njit(inline="always")
def _value(hash_: Words, band: int) -> np.uint64:
    """The 16 bits of a band."""
    word = np.uint64(hash_[band // _BANDS_PER_WORD])
    return (word >> np.uint64(_BAND_BITS * (band % _BANDS_PER_WORD))) & _BAND


@njit(inline="always")
def _half(a: Words, b: Words, half: int) -> Any:
    """Bits that differ in one half of two hashes."""
    return _popcount(a[2 * half] ^ b[2 * half]) + _popcount(a[2 * half + 1] ^ b[2 * half + 1])


@njit(inline="always")
def _distance_if_first(a: Words, b: Words, band: int, limits: Limits) -> Any:
    """Bits that differ, for a pair found by a band; all of them when a band before this one finds it too."""
    halves = _half(a, b, 0), _half(a, b, 1)
    for earlier in range(band):
        within = _popcount(_value(a, earlier) ^ _value(b, earlier)) <= limits.band
        if within and halves[earlier // _BANDS_PER_HALF] <= limits.half:
            return _FARTHEST
    return halves[0] + halves[1]


@njit(inline="always")
def _columns(size: int) -> Columns:
    """Room for halves of hashes, with what may be read behind them."""
    return np.zeros(size + _STRIDE, np.uint64), np.zeros(size + _STRIDE, np.uint64)


@njit(inline="always")
def _fetch(side: Side, half: int, begin: Whole, end: Whole, columns: Columns) -> None:
    """One half of each hash from one place of an order to another. Rows lie anywhere, so this waits for memory."""
    order, words = side.order[begin:end], side.hashes.reshape(-1)
    for k in range(len(order)):
        at = (np.uint64(order[k]) << _TWO) | np.uint64(2 * half)  # unsigned, or each would be tested for its sign
        columns[0][k] = words[at]
        columns[1][k] = words[at | _ONE]


@njit(inline="always")
def _whole_ends(side: Side) -> Numbers:
    """For each value of a band, the place behind the last whole picture: they come before the crops."""
    ends = np.empty(_VALUES, np.int32)
    for value in range(_VALUES):
        end = side.starts[value + 1]
        while end > side.starts[value] and side.order[end - 1] >= side.wholes:
            end -= 1
        ends[value] = end
    return ends


@njit(inline="always")
def _least(a: Any, b: Any, columns: Columns, begin: Whole, end: Whole) -> np.uint64:
    """The least distance of two words to some rows, and to a few behind them, so that none are left over.

    No branch, no other result, so it is vectorised.
    """
    end = begin + ((end - begin + _STRIDE - 1) & -_STRIDE)
    first, second = columns[0][begin:end], columns[1][begin:end]
    least = _FARTHEST
    for k in range(first.size):
        least = min(least, _popcount(a ^ first[k]) + _popcount(b ^ second[k]))
    return least


@njit(inline="always")
def _count(sizes: Numbers, block: int, masks: Masks, budget: int, alone: bool, by_bits: Places, counts: Places) -> None:
    """For each value of a block, how many rows are near it, of as many for each value as `sizes` says."""
    many = len(counts)
    by_bits[:] = 0
    counts[:] = 0
    for high in masks.high:
        bits: Whole = np.int64(_popcount(np.uint64(high)))
        other = block ^ high
        if bits == 0 or (alone and other > block):
            continue
        for value in range(many):
            by_bits[bits, value] += sizes[other + value]
    for low in masks.low:
        for bits in range(1, budget + 1 - np.int64(_popcount(np.uint64(low)))):
            for value in range(many):
                counts[value] += by_bits[bits, value ^ low]
        for value in range(many):
            if not alone or (value ^ low) < value:
                counts[value] += sizes[block + (value ^ low)]


@njit(inline="always")
def _lay_out(crops: Places, wholes: Places, lists: Lists) -> Whole:
    """Give the rows near each value of a block their places, from a multiple of the stride on; the end of all."""
    at: Whole = 0
    for value in range(len(crops)):
        lists.begin[value] = at
        lists.middle[value] = at + crops[value]
        lists.end[value] = lists.middle[value] + wholes[value]
        at = (lists.end[value] + _STRIDE - 1) & -_STRIDE
    return at


@njit(inline="always")
def _bring(
    left: Side, begin: Whole, end: Whole, columns: Columns, value: int, low: Numbers, least: int, goes: Words,
    near: Near,
) -> None:  # fmt: skip
    """Bring some rows of a value of a block to all its values from `least` on that differ from it by a mask."""
    for place in range(begin, end):
        row, a, b = left.order[place], columns[0][place], columns[1][place]
        for mask in low:
            other = np.uint64(value ^ mask)
            if np.int64(other) < least:
                continue
            at = goes[other]
            goes[other] = at + _ONE
            near.columns[0][at] = a
            near.columns[1][at] = b
            near.rows[at] = row


@njit(inline="always")
def _gather(
    left: Side, left_ends: Numbers, columns: Columns, block: int, masks: Masks, budget: int, alone: bool,
    crop_goes: Words, whole_goes: Words, near: Near,
) -> None:  # fmt: skip
    """Bring the rows together that are near each value of a block; places move behind what was brought."""
    for high in masks.high:
        other = block ^ high
        if alone and other > block:
            continue
        low = masks.low[: masks.within[budget - np.int64(_popcount(np.uint64(high)))]]
        for value in range(1 << masks.bits):
            least = value + 1 if alone and high == 0 else 0
            begin, end = left.starts[other + value], left.starts[other + value + 1]
            middle = left_ends[other + value]
            _bring(left, begin, middle, columns, value, low, least, whole_goes, near)
            _bring(left, middle, end, columns, value, low, least, crop_goes, near)


@njit(inline="always")
def _put(found: Numbers, count: int, i: Whole, j: Whole, distance: Whole) -> tuple[Numbers, int]:
    """Add a pair; there is room for twice as many when it runs out."""
    if count == len(found):
        found = np.concatenate((found, np.empty_like(found)))
    found[count, 0], found[count, 1], found[count, 2] = i, j, distance
    return found, count + 1


@njit(nogil=True)
def _between(
    left: Side, right: Side, lists: Lists, near: Near, own: Columns, base: Whole, block: int, band: int, limits: Limits,
    same: bool, found: Numbers, count: int,
) -> tuple[Numbers, int]:  # fmt: skip
    """Hold the right rows of each value of a block against the left rows near it; with `same`, against earlier ones."""
    for value in range(len(lists.middle)):
        begin, end = np.int64(right.starts[block + value]), np.int64(right.starts[block + value + 1])
        middle, last = lists.middle[value], lists.end[value]
        for tile in range(lists.begin[value], last, _TILE):
            for place in range(begin, end):
                first = tile if right.order[place] < right.wholes else max(tile, middle)
                stop = min(tile + _TILE, last)
                a, b = own[0][place - base], own[1][place - base]
                if first >= stop or _least(a, b, near.columns, first, stop) > limits.half:
                    continue
                for k in range(first, stop):
                    i, j = near.rows[k], right.order[place]
                    apart = _popcount(near.columns[0][k] ^ a) + _popcount(near.columns[1][k] ^ b)
                    if apart > limits.half or (same and i >= j):
                        continue
                    distance = _distance_if_first(left.hashes[i], right.hashes[j], band, limits)
                    if distance <= limits.all:
                        found, count = _put(found, count, i, j, distance)
    return found, count


@njit(nogil=True)
def _inside(
    side: Side, ends: Numbers, columns: Columns, band: int, limits: Limits, value: int, found: Numbers, count: int
) -> tuple[Numbers, int]:
    """Hold each whole of a value against what comes behind it."""
    end = np.int64(side.starts[value + 1])
    for place in range(side.starts[value], ends[value]):
        a, b = columns[0][place], columns[1][place]
        if _least(a, b, columns, place + 1, end) > limits.half:
            continue
        for k in range(place + 1, end):
            if _popcount(columns[0][k] ^ a) + _popcount(columns[1][k] ^ b) > limits.half:
                continue
            i, j = side.order[place], side.order[k]
            distance = _distance_if_first(side.hashes[i], side.hashes[j], band, limits)
            if distance <= limits.all:
                found, count = _put(found, count, i, j, distance)
    return found, count


@njit(cache=True, nogil=True)
def scan(
    left: Side, right: Side, masks: Masks, limits: Limits, band: int, among: bool, alone: bool
) -> tuple[Numbers, Numbers]:
    """Pairs (row, row, distance) that this band is the first to find: of left and right, and, if asked, among the left.

    Values of the band are visited by blocks. The left rows near each value of a block are brought together, crops
    before wholes, and each right row of that value is held against them: first the half of the hash that the band is
    in, then all of it. So each right row is read once. Where the left is `alone`, each of its pairs is met once: at
    the larger of its values, or in the one that its rows share.
    """
    many = 1 << masks.bits
    ordered, left_ends = _columns(len(left.order)), _whole_ends(left)
    _fetch(left, band // _BANDS_PER_HALF, 0, len(left.order), ordered)
    whole_sizes, crop_sizes = left_ends - left.starts[:-1], left.starts[1:] - left_ends
    by_bits = np.zeros((limits.band + 1, many), np.int64)
    crops, wholes = np.zeros(many, np.int64), np.zeros(many, np.int64)
    crop_goes, whole_goes = np.zeros(many, np.uint64), np.zeros(many, np.uint64)
    lists = Lists(np.zeros(many, np.int64), np.zeros(many, np.int64), np.zeros(many, np.int64))
    near, own = Near(_columns(0), np.zeros(0, np.int32)), _columns(0)
    found, count = np.empty((1024, 3), np.int32), 0
    own_found, own_count = np.empty((1024, 3), np.int32), 0
    for block in range(0, _VALUES, many):
        begin, end = right.starts[block], right.starts[block + many]
        if begin == end and left.starts[block] == left.starts[block + many]:
            continue
        _count(crop_sizes, block, masks, limits.band, alone, by_bits, crops)
        _count(whole_sizes, block, masks, limits.band, alone, by_bits, wholes)
        total = _lay_out(crops, wholes, lists)
        if total > len(near.rows):
            near = Near(_columns(2 * total), np.zeros(2 * total, np.int32))
        for value in range(many):
            crop_goes[value], whole_goes[value] = lists.begin[value], lists.middle[value]
        _gather(left, left_ends, ordered, block, masks, limits.band, alone, crop_goes, whole_goes, near)
        if end > begin:
            if end - begin > len(own[0]) - _STRIDE:
                own = _columns(2 * (end - begin))
            _fetch(right, band // _BANDS_PER_HALF, begin, end, own)
            found, count = _between(left, right, lists, near, own, begin, block, band, limits, False, found, count)
        if among:
            own_found, own_count = _between(
                left, left, lists, near, ordered, 0, block, band, limits, not alone, own_found, own_count
            )
        for value in range(block, block + many if alone else block):
            own_found, own_count = _inside(left, left_ends, ordered, band, limits, value, own_found, own_count)
    return found[:count], own_found[:own_count]
