"""What is known of images, in arrays ready to be searched: ids, pixels and hashes, in a segment per arrival."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dataset_build import schemas
from dataset_build.dedup import dihedral, hamming
from dataset_build.dedup.hamming import Hashes, Index, Numbers
from dataset_build.images.hashes import CROPS

WHOLES = ("hash_whole", "hash_inside", "hash_trimmed")
COLUMNS = ("image_id", "pixel_hash", *WHOLES, "hash_crops", "hash_informative")
INPUT = pa.schema([schemas.IMAGE_FACTS.schema.field(column) for column in COLUMNS])
ID, PIXELS = 64, 32  # hex digits of an image id and of a pixel hash
TRANSPOSED = (1, 0, 0)
PER_IMAGE, KINDS = ("ids", "pixels", "first", "look"), ("views", "trimmed", "transposed")  # fields of a segment
PARTS = ("hashes", "wholes", "order", "starts", "image")
ARRAYS = (*PER_IMAGE, *(f"{kind}_{part}" for kind in KINDS for part in PARTS))  # what a segment is stored as

Names = NDArray[np.bytes_]
Positions = NDArray[np.int64]


class Rows(NamedTuple):
    """Hashes ready to be searched, and the image of the segment that each belongs to."""

    hashes: Index
    image: Numbers


class Segment(NamedTuple):
    """Images, numbered in the order of their ids, and what is searched for those that came before.

    `pixels` are the distinct pixel hashes that came with this segment first, in order, and `first` the image that
    stands for each; only such images have rows. `look` says where the image's thumbnail is. `trimmed` and
    `transposed` (the same hashes of the transposed pictures) have rows only when turned copies are looked for.
    """

    ids: Names
    pixels: Names
    first: Numbers
    look: Positions
    views: Rows
    trimmed: Rows
    transposed: Rows


class Arrival(NamedTuple):
    """A segment of new images, and those of its images that have the pixels of another, beside that other.

    Images of several segments are numbered one segment after the other, the new one last.
    """

    segment: Segment
    twins: tuple[Positions, Positions]


def arrive(images: pa.Table, known: Sequence[Segment], turned: bool = False, first_look: int = 0) -> Arrival:
    """The images of a table that have pixels and are not known; ids are unique in it.

    The table has the columns of `INPUT`; the thumbnail of its first row is number `first_look`, and so on.
    """
    images = images.select(COLUMNS).cast(INPUT)
    names = _names(images["image_id"], ID)
    rows = np.flatnonzero(np.asarray(pc.is_valid(images["pixel_hash"])))
    for segment in known:
        rows = rows[places(segment.ids, names[rows]) < 0]
    rows = rows[np.argsort(names[rows])]
    pixels, first, which = np.unique(_names(images["pixel_hash"], PIXELS)[rows], return_index=True, return_inverse=True)
    numbers, count = np.arange(len(rows)), sum(len(segment.ids) for segment in known)
    owner = _owners(known, pixels)
    twin = np.where(owner < 0, first + count, owner)[which]
    own = twin == numbers + count
    hashed = np.flatnonzero(own & _informative(images)[rows])
    views, trimmed, transposed = _rows_of(images, rows[hashed], hashed, turned)
    stands = pixels[owner < 0], first[owner < 0].astype(np.int32)
    segment = Segment(names[rows], *stands, rows + first_look, views, trimmed, transposed)
    return Arrival(segment, (twin[~own], numbers[~own] + count))


def merged(segments: Sequence[Segment]) -> Segment:
    """Several segments as one, the first of them having come first."""
    ids = np.concatenate([segment.ids for segment in segments])
    order = np.argsort(ids)
    number = np.empty(len(ids), np.int32)
    number[order] = np.arange(len(ids), dtype=np.int32)
    numbers = [number[at : at + len(segment.ids)] for at, segment in zip(offsets(segments), segments, strict=True)]
    pixels = np.concatenate([segment.pixels for segment in segments])
    by_pixels = np.argsort(pixels)
    first = np.concatenate([own[segment.first] for own, segment in zip(numbers, segments, strict=True)])
    look = np.concatenate([segment.look for segment in segments])
    views, trimmed, transposed = (
        _merged_rows([getattr(segment, kind) for segment in segments], numbers) for kind in KINDS
    )
    return Segment(ids[order], pixels[by_pixels], first[by_pixels], look[order], views, trimmed, transposed)


def offsets(segments: Sequence[Segment]) -> list[int]:
    """The number of the first image of each segment."""
    return [0, *np.cumsum([len(segment.ids) for segment in segments]).tolist()][: len(segments)]


def places(ordered: Names, names: Names) -> Positions:
    """Where names stand among ordered ones; -1 where they don't."""
    if not len(ordered):
        return np.full(len(names), -1)
    place = np.minimum(np.searchsorted(ordered, names), len(ordered) - 1)
    return np.where(ordered[place] == names, place, -1)


def to_arrays(segment: Segment) -> dict[str, NDArray[Any]]:
    """A segment as arrays by name, to be stored."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(segment, name) for name in PER_IMAGE}
    for kind in KINDS:
        (hashes, wholes, order, starts), image = getattr(segment, kind)
        parts = hashes, np.array([wholes]), order, starts, image
        arrays |= {f"{kind}_{part}": array for part, array in zip(PARTS, parts, strict=True)}
    return arrays


def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Segment:
    """The segment that was stored."""

    def rows(kind: str) -> Rows:
        hashes, wholes, order, starts, image = (arrays[f"{kind}_{part}"] for part in PARTS)
        return Rows(Index(hashes, int(wholes[0]), order, starts), image)

    per_image = (arrays[name] for name in PER_IMAGE)
    return Segment(*per_image, *(rows(kind) for kind in KINDS))  # type: ignore[arg-type]  # as many as there are


def _names(column: pa.ChunkedArray, size: int) -> Names:
    """Texts of at most `size` bytes, as many bytes each; null is empty."""
    texts = pc.ascii_rpad(pc.fill_null(column, ""), size, "\0").combine_chunks()
    if pc.max(pc.binary_length(texts)).as_py() not in (None, size):
        raise ValueError(f"more than {size} characters: {column.type}")
    data = texts.cast(pa.binary(size)).buffers()[1]
    return np.frombuffer(data or b"", f"S{size}")[: len(texts)]


def _owners(known: Sequence[Segment], pixels: Names) -> Positions:
    """The number of the known image that stands for these pixels; -1 where none does."""
    owner = np.full(len(pixels), -1)
    for at, segment in zip(offsets(known), known, strict=True):
        place = places(segment.pixels, pixels)
        owner[place >= 0] = at + segment.first[place[place >= 0]]
    return owner


def _informative(images: pa.Table) -> NDArray[np.bool_]:
    usable = pc.fill_null(images["hash_informative"], False)
    for view in (*WHOLES, "hash_crops"):
        usable = pc.and_(usable, pc.is_valid(images[view]))
    return np.asarray(usable)


def _rows_of(images: pa.Table, rows: Positions, number: Positions, turned: bool) -> Iterator[Rows]:
    """The three kinds of rows of the images in some rows of a table, numbered as given."""
    hashes, wholes, owners = _views(images, rows, number)
    yield Rows(hamming.index(hashes, wholes), owners)
    upright = _words(images["hash_trimmed"])[rows if turned else rows[:0]]
    for hashes in (upright, dihedral.turned(upright, TRANSPOSED)):
        yield Rows(hamming.index(hashes, len(hashes)), number[: len(hashes)].astype(np.int32))


def _views(images: pa.Table, rows: Positions, number: Positions) -> tuple[Hashes, int, Numbers]:
    """The different views of images, wholes first, how many wholes there are, and the image of each."""
    whole, inside, trimmed = (_words(images[view])[rows] for view in WHOLES)
    framed = (inside != whole).any(axis=1)
    twice = (trimmed != inside).any(axis=1) & (trimmed != whole).any(axis=1)
    crops = _words(images["hash_crops"]).reshape(-1, len(CROPS), 4)[rows]
    telling = (crops != trimmed[:, None]).any(axis=2)  # the trimmed image stands in for those that say nothing
    hashes = np.concatenate([whole, inside[framed], trimmed[twice], crops[telling]])
    owners = [number, number[framed], number[twice], number[np.nonzero(telling)[0]]]
    return hashes, sum(map(len, owners[:-1])), np.concatenate(owners).astype(np.int32)


def _words(view: pa.ChunkedArray) -> Hashes:
    """Hashes of 32 bytes as rows of four words."""
    array = view.combine_chunks()
    size = array.type.byte_width
    data = np.frombuffer(array.buffers()[1] or b"", np.uint64)
    first = array.offset * size // 8
    return data[first : first + len(array) * size // 8].reshape(-1, 4)


def _merged_rows(kind: Sequence[Rows], numbers: Sequence[Numbers]) -> Rows:
    """Rows of several segments, wholes before crops; `numbers` are the new ones of each segment's images."""
    wholes = [rows.hashes.hashes[: rows.hashes.wholes] for rows in kind]
    crops = [rows.hashes.hashes[rows.hashes.wholes :] for rows in kind]
    images = [own[rows.image] for rows, own in zip(kind, numbers, strict=True)]
    halves = [image[: rows.hashes.wholes] for image, rows in zip(images, kind, strict=True)]
    halves += [image[rows.hashes.wholes :] for image, rows in zip(images, kind, strict=True)]
    return Rows(hamming.index(np.concatenate(wholes + crops), sum(map(len, wholes))), np.concatenate(halves))
