"""Parquet files of an export, written a few rows at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.exports.formats import Format, copy_images, parquet
from dataset_build.exports.samples import Sample

BYTES = 32 << 20  # of image data in a row group
ROWS = 10_000  # in a row group without image data
METADATA = "metadata.parquet"

ToRow = Callable[[Sample], dict[str, Any]]


def write_parquet(path: Path, samples: Iterator[Sample], schema: pa.Schema, to_row: ToRow) -> None:
    """Write one row per sample. Row groups hold about 32 MB of images, or 10,000 rows."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(samples):
            writer.write_table(pa.Table.from_pylist([to_row(sample) for sample in group], schema))


def write_folder(path: Path, samples: Iterator[Sample], schema: pa.Schema, to_row: ToRow) -> None:
    """Write a folder of images and metadata.parquet, one row per image: unlike JSON lines, it keeps its types where
    a whole folder says nothing, such as of ratings."""
    path.mkdir()
    write_parquet(path / METADATA, _copied(path, samples), schema, to_row)


def _copied(path: Path, samples: Iterator[Sample]) -> Iterator[Sample]:
    for sample in samples:
        copy_images(path, iter([sample]))
        yield Sample(sample.row)


def table_of_texts(doc: str, reader: str, schema: pa.Schema, to_row: ToRow) -> Format:
    """A format of one row per sample that names images by address: Parquet of `schema`, credits beside it."""
    return Format(
        doc=doc,
        reader=reader,
        modes=("reference",),
        shard=parquet,
        write=lambda path, samples: write_parquet(path, samples, schema, to_row),
        rows=100_000,
        local=False,
        credits=True,
    )


def _groups(samples: Iterator[Sample]) -> Iterator[list[Sample]]:
    group: list[Sample] = []
    held = 0
    for sample in samples:
        group.append(sample)
        held += len(sample.data or b"")
        if held >= BYTES or len(group) >= ROWS:
            yield group
            group, held = [], 0
    if group:
        yield group
