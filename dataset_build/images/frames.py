"""How many frames or pages a file holds, without decoding them and in bounded time."""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

MOST = 65_535  # frames; the count stops here
_APNG = {b"fcTL": "f", b"IDAT": "d", b"fdAT": "d", b"IEND": "e"}


class Frames(NamedTuple):
    """How many frames there are, whether the last one is cut off, and whether they are out of order."""

    number: int
    cut: bool
    disordered: bool = False


def gif(data: bytes) -> Frames:
    """Frames of a GIF, by its blocks (GIF89a specification, appendix A)."""
    at = 13 + _palette(data[10:11])
    count = 0
    while at < len(data) and count < MOST:
        kind = data[at]
        if kind == 0x21:
            at = _after_blocks(data, at + 2)
        elif kind == 0x2C:
            count += 1
            at = _after_blocks(data, at + 11 + _palette(data[at + 9 : at + 10]))
        else:
            break
    return Frames(max(count, 1), at > len(data))


def tiff(data: bytes) -> Frames:
    """Pages of a TIFF or BigTIFF, by its chain of directories; it ends where the chain breaks."""
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    head, entries, entry, link = (8, "Q", 20, "Q") if big else (4, "H", 12, "I")
    seen: set[int] = set()
    try:
        at = struct.unpack_from(order + link, data, head)[0]
        while at and at not in seen and len(seen) < MOST:
            length = struct.unpack_from(order + entries, data, at)[0] * entry
            seen.add(at)
            at = struct.unpack_from(order + link, data, at + struct.calcsize(order + entries) + length)[0]
    except (struct.error, OverflowError):  # points outside the file
        pass
    return Frames(max(len(seen), 1), False)


def apng(data: bytes, number: int) -> Frames:
    """The `number` frames of an animated PNG, by its chunks (PNG specification, third edition, 4.9 and 11.3.6).

    Control and data chunks are numbered in one sequence, and each control is followed by its frame's data.
    """
    announced, numbers, order = number, [], ""
    for kind, body in islice(_chunks(data), 4 * MOST):
        if kind == b"acTL":
            announced = int.from_bytes(body[:4], "big")
        if kind in (b"fcTL", b"fdAT"):
            numbers.append(int.from_bytes(body[:4], "big"))
        order += _APNG.get(kind, "")
    ordered = numbers == list(range(len(numbers))) and "ff" not in order
    cut = order.count("f") < announced or not order.endswith("de")
    return Frames(number, cut, disordered=not ordered)


def _palette(flags: bytes) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    """Where a chain of sub-blocks ends; beyond the end of the data when it is cut off."""
    while at < len(data):
        if data[at] == 0:
            return at + 1
        at += data[at] + 1
    return len(data) + 1


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and first bytes of each whole chunk of a PNG, up to its end."""
    at, kind = 8, b""
    while kind != b"IEND" and at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            return
        yield kind, data[at + 8 : at + 8 + min(length, 4)]
        at += 12 + length
