"""The order of tags within a category: those that often stand together side by side."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import pyarrow as pa

from dataset_build.schemas import IMAGE_TEXTS

VERSION = "1"  # part of the fingerprint where tags are ordered so


class Named(NamedTuple):
    """A tag of one image, as schemas.IMAGE_TEXTS has it."""

    tag: str
    category: str
    origin: str = "given"


Closeness = Mapping[str, Mapping[str, float]]


def closeness(pairs: Iterable[pa.RecordBatch]) -> Closeness:
    """NPMI by tag and other tag, both ways round, from rows of schemas.TAG_PAIRS."""
    close: dict[str, dict[str, float]] = {}
    for batch in pairs:
        columns = (batch.column(name).to_pylist() for name in ("tag_a", "tag_b", "npmi"))
        for one, other, npmi in zip(*columns, strict=True):
            close.setdefault(one, {})[other] = npmi
            close.setdefault(other, {})[one] = npmi
    return close


def side_by_side(tags: Iterable[str], close: Closeness) -> list[str]:
    """The tags in an order that depends on nothing but the set: greedily, each next one the closest to the last.

    It starts at the tag that is closest to all others, ties go by name, pairs not counted have 0; a greedy walk
    that comes out worse than the order by name gives way to it.
    """
    by_name = sorted(set(tags))
    if not by_name:
        return []
    at = max(by_name, key=lambda tag: sum(close.get(tag, {}).get(other, 0.0) for other in by_name))
    walk, rest = [at], [tag for tag in by_name if tag != at]
    while rest:
        row = close.get(walk[-1], {})
        at = max(rest, key=lambda tag: row.get(tag, 0.0))
        rest.remove(at)
        walk.append(at)
    return max(by_name, walk, key=lambda order: (adjacency(order, close), order is walk))


def adjacency(tags: Sequence[str], close: Closeness) -> float:
    """Sum of the NPMI of neighbours: the more, the better ordered."""
    return sum(close.get(one, {}).get(other, 0.0) for one, other in pairwise(tags))


def ordered_texts(batch: pa.RecordBatch, close: Closeness) -> pa.RecordBatch:
    """Rows of schemas.IMAGE_TEXTS with the tags of each category side by side; the categories stay as they stand."""
    column = IMAGE_TEXTS.schema.get_field_index("tags")
    rows = [[Named(**tag) for tag in tags] for tags in batch.column(column).to_pylist()]
    tags = [[tag._asdict() for tag in ordered(row, close)] for row in rows]
    return batch.set_column(column, batch.schema.field(column), pa.array(tags, batch.column(column).type))


def ordered(tags: Sequence[Named], close: Closeness) -> list[Named]:
    """The tags of one image, those of each category side by side."""
    by_name = {tag.tag: tag for tag in tags}
    blocks = (block for _, block in groupby(tags, key=lambda tag: tag.category))
    return [by_name[name] for block in blocks for name in side_by_side((tag.tag for tag in block), close)]
