"""Rows of schemas.LISTING as they are made, and their batches.

The status of a row that is not to be read is one of: vanished, unreadable, outside_source, not_an_image,
failed_download, url_list, bad_metadata, broken_archive, unsupported_archive, unsafe_member, unsafe_name, empty.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa

from dataset_build.schemas import LISTING

MAX_ROWS = 1024
MAX_TEXT = 16 * 2**20  # characters of metadata in one batch


class Sidecar(NamedTuple):
    """A text that belongs to an image: a whole file, or bytes of an archive."""

    role: str
    uri: str
    offset: int | None = None
    size: int | None = None


class Row(NamedTuple):
    """One row of schemas.LISTING."""

    uri: str
    member: str | None = None
    offset: int | None = None
    size: int | None = None
    modified: int | None = None
    status: str | None = None
    reason: str | None = None
    sidecars: tuple[Sidecar, ...] = ()
    metadata: str | None = None


def batches(rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """The rows in batches of bounded size."""
    batch: list[Row] = []
    text = 0
    for row in rows:
        batch.append(row)
        text += len(row.metadata or "")
        if len(batch) == MAX_ROWS or text >= MAX_TEXT:
            yield _batch(batch)
            batch, text = [], 0
    if batch:
        yield _batch(batch)


def _batch(rows: list[Row]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, LISTING.schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=LISTING.schema)
