"""Which images look alike: pairs of equal pixels, equal hashes and near hashes."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dataset_build import schemas
from dataset_build.dedup.hamming import Found, near_rows

VERSION = "1"  # part of the fingerprint: raise it when any result may come out different

VIEWS = (("hash_whole",), ("hash_trimmed", "hash_centre"))
COLUMNS = ("image_id", "pixel_hash", "hash_whole", "hash_trimmed", "hash_centre", "hash_informative")
INPUT = pa.schema([schemas.IMAGE_FACTS.schema.field(column) for column in COLUMNS])

Numbers = NDArray[np.int64]
Distances = NDArray[np.int16]


def near_pairs(new: pa.Table, known: pa.Table, radius: int) -> pa.Table:
    """Pairs of images at most `radius` bits apart that the `new` images bring, sorted by their ids.

    `new` and `known` have the columns of `INPUT`; ids are unique, and new images that are known already are
    left out. The result has the schema of `duplicate_pairs`. The distance of two images is the least over
    their views, held against each other whole with whole, and trimmed or centre with trimmed or centre.
    Images whose hashes aren't informative are compared by their pixels only, those without a pixel hash not
    at all.

    Images with equal pixels, and images that share a hash, are linked at distance 0 to one representative
    each (the known one with the smallest id, else the new one), and only representatives are compared
    further. So whoever reads the pairs must first unite images joined by pairs of distance 0, by whatever
    method, into classes; the distance of two images is the least that is stored between their classes, and
    they have equal pixels when pairs of method `pixels` join them. Read so, the pairs say the same however
    the images were split into calls and whatever the order. No pair comes from two calls.

    `near_rows` says how complete the search is: wholly up to 47 bits.
    """
    images = _known_first(new, known)
    first_new = known.num_rows - known["pixel_hash"].null_count
    numbers = np.arange(images.num_rows)
    twin = _first_with_equal(images["pixel_hash"])
    distinct = np.flatnonzero((twin == numbers) & _informative(images))
    found = [_links(twin, numbers, first_new)]
    for views in VIEWS:
        hashes = pa.concat_arrays([images[view].take(distinct).combine_chunks() for view in views])
        found += _alike(hashes, np.tile(distinct, len(views)), first_new, radius)
    return _pairs(images["image_id"], twin, *(np.concatenate(column) for column in zip(*found, strict=True)))


def _known_first(new: pa.Table, known: pa.Table) -> pa.Table:
    """All images that have pixels, known before new, each by id, so that a representative comes first."""
    known, new = (table.select(COLUMNS).cast(INPUT).sort_by("image_id") for table in (known, new))
    again = pc.is_in(new["image_id"], known["image_id"])
    images = pa.concat_tables([known, new.filter(pc.invert(again))])
    return images.filter(pc.is_valid(images["pixel_hash"])).combine_chunks()


def _informative(images: pa.Table) -> NDArray[np.bool_]:
    usable = pc.fill_null(images["hash_informative"], False)
    for view in sum(VIEWS, ()):
        usable = pc.and_(usable, pc.is_valid(images[view]))
    return np.asarray(usable)


def _first_with_equal(values: pa.ChunkedArray) -> Numbers:
    """For each row, the number of the first row with the same value."""
    codes = np.asarray(values.combine_chunks().dictionary_encode().indices)
    _, first = np.unique(codes, return_index=True)
    return np.asarray(first[codes])


def _links(representative: Numbers, member: Numbers, first_new: int) -> Found:
    """Pairs at distance 0 of new members with their representatives."""
    linked = (representative != member) & (member >= first_new)
    return representative[linked], member[linked], np.zeros(linked.sum(), np.int16)


def _alike(hashes: pa.FixedSizeBinaryArray, numbers: Numbers, first_new: int, radius: int) -> Iterator[Found]:
    """Pairs of images whose hashes are equal or near; hash k belongs to the image numbers[k]."""
    encoded = hashes.dictionary_encode()
    codes = np.asarray(encoded.indices)
    owner = np.full(len(encoded.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(owner, codes, numbers)
    yield _links(owner[codes], numbers, first_new)
    words = np.frombuffer(encoded.dictionary.buffers()[1], np.uint64).reshape(-1, 4)[: len(owner)]
    for i, j, distance in near_rows(words, owner >= first_new, radius):
        yield owner[i], owner[j], distance


def _pairs(ids: pa.ChunkedArray, twin: Numbers, a: Numbers, b: Numbers, distance: Distances) -> pa.Table:
    """The least distance of each pair of distinct images, as duplicate_pairs."""
    by_id = pc.sort_indices(ids)
    rank = np.empty(len(ids), np.int64)
    rank[by_id] = np.arange(len(ids))
    low, high = np.minimum(rank[a], rank[b]), np.maximum(rank[a], rank[b])
    order = np.lexsort((distance, high, low))
    low, high, distance = low[order], high[order], distance[order]
    repeated = (np.diff(low, prepend=-1) == 0) & (np.diff(high, prepend=-1) == 0)
    kept = ~repeated & (low != high)
    low, high = np.asarray(by_id)[low[kept]], np.asarray(by_id)[high[kept]]
    method = np.where(twin[low] == twin[high], "pixels", "hash")
    columns = [ids.take(low), ids.take(high), pa.array(method, pa.string()), distance[kept]]
    return pa.table(columns, schema=schemas.DUPLICATE_PAIRS.schema)
