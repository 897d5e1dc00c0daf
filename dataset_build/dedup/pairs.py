"""Which images look alike: pairs of equal pixels and of near hashes."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dataset_build import schemas
from dataset_build.dedup import dihedral, hamming
from dataset_build.dedup.hamming import Found
from dataset_build.dedup.segments import ID, Arrival, Names, Positions, Rows, Segment, offsets

VERSION = "3"  # part of the fingerprint: raise it when any result may come out different

METHODS = ("pixels", "hash", "dihedral")
PAIRS = pa.schema([schemas.DUPLICATE_PAIRS.schema.field(k) for k in ("image_id_a", "image_id_b", "method", "distance")])


def near_pairs(new: Arrival, known: Sequence[Segment], radius: int, turned: bool = False) -> pa.Table:
    """Pairs of images at most `radius` bits apart that the new images bring, sorted by their ids.

    The result has the columns of `PAIRS`. The distance of two images is the least over their views: the whole image,
    inside its border and trimmed, each held against each of the other's and against the other's crops. With `turned`,
    the trimmed images are also compared mirrored and turned by right angles (method dihedral, where plain views are
    not as near). Images whose hashes aren't informative are compared by their pixels only.

    Images of equal pixels have equal facts, so each is linked at distance 0, by method pixels, to one of its class
    (the first known one, else the new one with the smallest id), and only that one is compared further: whoever reads
    the pairs takes what is said of it for all of them. Read so, the pairs say the same however the images were split
    into segments and whatever the order, and leaving images out later gives what they would have given without them.
    No pair comes from two calls. `hamming.near` says how complete the search is: wholly up to 47 bits.
    """
    found: list[Found] = [(*new.twins, np.zeros(len(new.twins[0]), np.int16))]
    methods = [0]
    for method, search in enumerate((_plain, _turned)[: 1 + turned], 1):
        found += search(new.segment, known, radius)
        methods += [method] * (len(found) - len(methods))
    by = np.repeat(np.array(methods, np.int8), [len(part[0]) for part in found])
    a, b, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    return _table([*known, new.segment], *_nearest(a, b, distance, by))


def _plain(new: Segment, known: Sequence[Segment], radius: int) -> Iterator[Found]:
    """Near views: wholes with wholes, and with crops."""
    *starts, start = offsets([*known, new])
    both = zip(known, starts, strict=True)
    for segment, at in both:
        for between, (i, j, distance) in hamming.near_and_among(new.views.hashes, segment.views.hashes, radius):
            yield start + new.views.image[i], start + new.views.image[j], distance
            yield start + new.views.image[between[0]], at + segment.views.image[between[1]], between[2]
        break
    else:
        for i, j, distance in hamming.near_among(new.views.hashes, radius):
            yield start + new.views.image[i], start + new.views.image[j], distance
    for segment, at in both:
        yield from _between(new.views, start, segment.views, at, radius)


def _turned(new: Segment, known: Sequence[Segment], radius: int) -> Iterator[Found]:
    """Near trimmed images, one of them mirrored or turned.

    Either may be the turned one: transposing moves bits between bands, so that a search may miss what the other
    finds. To transpose and mirror the known one is to hold its transposed hash against the mirrored new one.
    """
    *starts, start = offsets([*known, new])
    for turn in dihedral.TURNS:
        side = _as_turned(new.trimmed, turn)
        for segment, at in zip([*known, new], [*starts, start], strict=True):
            yield from _between(side, start, segment.trimmed, at, radius)
    for mirror in dihedral.MIRRORS:
        side = _as_turned(new.trimmed, mirror)
        for segment, at in zip(known, starts, strict=True):
            yield from _between(side, start, segment.transposed, at, radius)


def _as_turned(rows: Rows, turn: dihedral.Turn) -> Rows:
    hashes = dihedral.turned(rows.hashes.hashes, turn)
    return Rows(hamming.index(hashes, len(hashes)), rows.image)


def _between(left: Rows, left_start: int, right: Rows, right_start: int, radius: int) -> Iterator[Found]:
    for i, j, distance in hamming.near(left.hashes, right.hashes, radius):
        yield left_start + left.image[i], right_start + right.image[j], distance


def _nearest(
    a: Positions, b: Positions, distance: NDArray[np.int16], method: NDArray[np.int8]
) -> tuple[Positions, Positions, NDArray[np.int16], NDArray[np.int8]]:
    """The least distance of each pair of distinct images; where methods are as near, the first of them."""
    a, b = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((method, distance, b, a))
    order = order[a[order] != b[order]]
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(a[order]) != 0) | (np.diff(b[order]) != 0)
    kept = order[first]
    return a[kept], b[kept], distance[kept], method[kept]


def _table(
    segments: Sequence[Segment], a: Positions, b: Positions, distance: NDArray[np.int16], method: NDArray[np.int8]
) -> pa.Table:
    """Pairs as PAIRS, sorted by their ids."""
    here, there = _ids(segments, a), _ids(segments, b)
    smaller, larger = np.where(here < there, here, there), np.where(here < there, there, here)
    columns = [
        pa.array(smaller).cast(pa.string()), pa.array(larger).cast(pa.string()),
        pa.array(METHODS).take(pa.array(method)), pa.array(distance),
    ]  # fmt: skip
    return pa.table(columns, schema=PAIRS).take(pa.array(np.lexsort((larger, smaller))))


def _ids(segments: Sequence[Segment], numbers: Positions) -> Names:
    """The ids of images that are numbered through all segments."""
    ids = np.empty(len(numbers), f"S{ID}")
    for start, segment in zip(offsets(segments), segments, strict=True):
        here = (numbers >= start) & (numbers < start + len(segment.ids))
        ids[here] = segment.ids[numbers[here] - start]
    return ids
