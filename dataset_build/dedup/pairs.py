"""Which images look alike: pairs of equal pixels and of near hashes."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dataset_build import schemas
from dataset_build.dedup import dihedral, hamming
from dataset_build.dedup.hamming import Found, Hashes

VERSION = "2"  # part of the fingerprint: raise it when any result may come out different

WHOLES = ("hash_whole", "hash_inside", "hash_trimmed")
COLUMNS = ("image_id", "pixel_hash", *WHOLES, "hash_crops", "hash_informative")
INPUT = pa.schema([schemas.IMAGE_FACTS.schema.field(column) for column in COLUMNS])
METHODS = ("pixels", "hash", "dihedral")
PAIRS = pa.schema([schemas.DUPLICATE_PAIRS.schema.field(k) for k in ("image_id_a", "image_id_b", "method", "distance")])

MIX = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64
)  # odd numbers

Numbers = NDArray[np.int64]


class Views(NamedTuple):
    """Hashes (n, 4) and the image each belongs to, images numbered with the known ones first."""

    hashes: Hashes
    image: Numbers

    def where(self, chosen: NDArray[np.bool_]) -> "Views":
        """Some of the rows."""
        return Views(self.hashes[chosen], self.image[chosen])


def near_pairs(new: pa.Table, known: pa.Table, radius: int, turned: bool = False) -> pa.Table:
    """Pairs of images at most `radius` bits apart that the `new` images bring, sorted by their ids.

    `new` and `known` have the columns of `INPUT`; ids are unique, and new images that are known already are left out.
    The result has the columns of `PAIRS`. The distance of two images is the least over their views: the whole image,
    inside its border and trimmed, each held against each of the other's and against the other's crops. With `turned`,
    the trimmed images are also compared mirrored and turned by right angles (method dihedral, where plain views are
    not as near). Images whose hashes aren't informative are compared by their pixels only.

    Images of equal pixels have equal facts, so each is linked at distance 0, by method pixels, to one of its class
    (the first known one, else the new one with the smallest id), and only that one is compared further: whoever reads
    the pairs takes what is said of it for all of them. Read so, the pairs say the same however the images were split
    into calls and whatever the order, and leaving images out later gives what they would have given without them. No
    pair comes from two calls. `hamming.near` says how complete the search is: wholly up to 47 bits.
    """
    images = _known_first(new, known)
    first_new = known.num_rows - known["pixel_hash"].null_count
    numbers = np.arange(images.num_rows)
    twin = _first_with_equal(images["pixel_hash"])
    links = (twin != numbers) & (numbers >= first_new)
    found = [(twin[links], numbers[links], np.zeros(links.sum(), np.int16))]
    methods = [np.zeros(links.sum(), np.int8)]
    distinct = np.flatnonzero((twin == numbers) & _informative(images))
    for method, search in enumerate((_plain, _turned)[: 1 + turned], 1):
        parts = list(search(images, distinct, first_new, radius))
        found += parts
        methods += [np.full(len(part[0]), method, np.int8) for part in parts]
    a, b, distance = (np.concatenate(column) for column in zip(*found, strict=True))
    return _pairs(images["image_id"], a, b, distance, np.concatenate(methods))


def _known_first(new: pa.Table, known: pa.Table) -> pa.Table:
    """All images that have pixels, known before new, so that a representative comes first; the new ones by id."""
    known, new = known.select(COLUMNS).cast(INPUT), new.select(COLUMNS).cast(INPUT).sort_by("image_id")
    again = pc.is_in(new["image_id"], known["image_id"])
    images = pa.concat_tables([known, new.filter(pc.invert(again))])
    return images.filter(pc.is_valid(images["pixel_hash"])).combine_chunks()


def _informative(images: pa.Table) -> NDArray[np.bool_]:
    usable = pc.fill_null(images["hash_informative"], False)
    for view in (*WHOLES, "hash_crops"):
        usable = pc.and_(usable, pc.is_valid(images[view]))
    return np.asarray(usable)


def _first_with_equal(values: pa.ChunkedArray) -> Numbers:
    """For each row, the number of the first row with the same value."""
    codes = np.asarray(values.combine_chunks().dictionary_encode().indices)
    _, first = np.unique(codes, return_index=True)
    return np.asarray(first[codes])


def _plain(images: pa.Table, distinct: Numbers, first_new: int, radius: int) -> Iterator[Found]:
    """Near views: wholes with wholes, and with crops."""
    wholes, crops = _wholes(images, distinct), _crops(images, distinct)
    new, old = _split(wholes, first_new)
    new_crops, _ = _split(crops, first_new)
    yield from _among(new, radius)
    yield from _between(crops, new, radius)
    yield from _between(Views(*(np.concatenate(both) for both in zip(new, new_crops, strict=True))), old, radius)


def _turned(images: pa.Table, distinct: Numbers, first_new: int, radius: int) -> Iterator[Found]:
    """Near trimmed images, one of them mirrored or turned.

    Either may be the turned one: turns move bits between bands, so that a search may miss what the other finds.
    """
    every = Views(_words(images["hash_trimmed"], distinct), distinct)
    new, old = _split(every, first_new)
    for turn in dihedral.TURNS:
        yield from _between(Views(dihedral.turned(new.hashes, turn), new.image), every, radius)
        yield from _between(Views(dihedral.turned(old.hashes, turn), old.image), new, radius)


def _wholes(images: pa.Table, distinct: Numbers) -> Views:
    """The different ones among the first three hashes of each image."""
    whole, inside, trimmed = (_words(images[view], distinct) for view in WHOLES)
    framed = (inside != whole).any(axis=1)
    twice = (trimmed != inside).any(axis=1) & (trimmed != whole).any(axis=1)
    hashes = np.concatenate([whole, inside[framed], trimmed[twice]])
    image = np.concatenate([distinct, distinct[framed], distinct[twice]])
    return Views(hashes, image)


def _crops(images: pa.Table, distinct: Numbers) -> Views:
    """The crops of each image, those apart that the trimmed image stands in for."""
    crops = _words(images["hash_crops"], distinct)
    each = len(crops) // max(1, len(distinct))
    trimmed = np.repeat(_words(images["hash_trimmed"], distinct), each, axis=0)
    return Views(crops, np.repeat(distinct, each)).where((crops != trimmed).any(axis=1))


def _words(view: pa.ChunkedArray, rows: Numbers) -> Hashes:
    """Hashes of 32 bytes as rows of four words."""
    chosen = view.take(pa.array(rows)).combine_chunks()
    size = chosen.type.byte_width
    data = np.frombuffer(chosen.buffers()[1] or b"", np.uint64)
    first = chosen.offset * size // 8
    return data[first : first + len(chosen) * size // 8].reshape(-1, 4)


def _split(views: Views, first_new: int) -> tuple[Views, Views]:
    new = views.image >= first_new
    return views.where(new), views.where(~new)


def _among(views: Views, radius: int) -> Iterator[Found]:
    values, postings = _collapsed(views)
    yield postings.pairs_within()
    for i, j, distance in hamming.near_among(values, radius):
        yield postings.expand(i, postings, j, distance)


def _between(left: Views, right: Views, radius: int) -> Iterator[Found]:
    """Near pairs of a left and a right view."""
    (left_values, left_postings), (right_values, right_postings) = _collapsed(left), _collapsed(right)
    for i, j, distance in hamming.near(left_values, right_values, radius):
        yield left_postings.expand(i, right_postings, j, distance)


class Postings(NamedTuple):
    """Which images have the same hash: those of hash k are image[starts[k]] to image[starts[k + 1]]."""

    image: Numbers
    starts: Numbers

    def expand(self, i: Numbers, other: "Postings", j: Numbers, distance: NDArray[np.int16]) -> Found:
        """Pairs of hashes as pairs of images."""
        here, there = np.diff(self.starts)[i], np.diff(other.starts)[j]
        pair = np.repeat(np.arange(len(i)), here * there)
        within = np.arange(len(pair)) - np.repeat(np.cumsum(here * there) - here * there, here * there)
        a = self.image[self.starts[i][pair] + within // there[pair]]
        b = other.image[other.starts[j][pair] + within % there[pair]]
        return a, b, distance[pair]

    def pairs_within(self) -> Found:
        """Pairs of images with the same hash."""
        shared = np.flatnonzero(np.diff(self.starts) > 1)
        a, b, distance = self.expand(shared, self, shared, np.zeros(len(shared), np.int16))
        return a[a < b], b[a < b], distance[a < b]


def _collapsed(views: Views) -> tuple[Hashes, Postings]:
    """The distinct hashes, each once, because a search is slowed by equal ones.

    They are brought together by a 64-bit mix of theirs; where that tears some apart, the search finds them equal.
    """
    order = np.argsort(views.hashes @ MIX, kind="stable")
    hashes = views.hashes[order]
    first = np.flatnonzero(np.append(True, (hashes[1:] != hashes[:-1]).any(axis=1))[: len(hashes)])
    return hashes[first], Postings(views.image[order], np.append(first, len(hashes)))


def _pairs(
    ids: pa.ChunkedArray, a: Numbers, b: Numbers, distance: NDArray[np.int16], method: NDArray[np.int8]
) -> pa.Table:
    """The least distance of each pair of distinct images, as PAIRS; where methods are as near, the first of them."""
    here, there = ids.take(pa.array(a)), ids.take(pa.array(b))
    ordered = pc.less(here, there)
    columns = {
        "image_id_a": pc.if_else(ordered, here, there),
        "image_id_b": pc.if_else(ordered, there, here),
        "distance": distance,
        "method": method,
    }
    found = pa.table(columns).filter(pa.array(a != b))
    found = found.sort_by([(column, "ascending") for column in columns])
    first = np.ones(found.num_rows, bool)
    if found.num_rows > 1:
        sides = (found["image_id_a"].combine_chunks(), found["image_id_b"].combine_chunks())
        first[1:] = np.logical_or(*(np.asarray(pc.not_equal(side[1:], side[:-1])) for side in sides))
    kept = found.filter(pa.array(first))
    return pa.table(
        [kept["image_id_a"], kept["image_id_b"], pa.array(METHODS).take(kept["method"]), kept["distance"]], schema=PAIRS
    )  # fmt: skip
