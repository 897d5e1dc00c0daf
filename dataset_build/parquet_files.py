"""Parquet files, read where they lie: whole from a disk, in ranges from a bucket."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.locations import is_remote, store


def open_parquet(path: Path) -> pq.ParquetFile:
    """A file whose rows are read as they are wanted; to be closed."""
    files, name = store(path) if is_remote(path) else (None, path)
    return pq.ParquetFile(name, filesystem=files)


def read_parquet(path: Path, **wanted: Any) -> pa.Table:
    """The rows of a file; `wanted` are columns and filters of pyarrow.parquet.read_table."""
    files, name = store(path) if is_remote(path) else (None, path)
    return pq.read_table(name, filesystem=files, **wanted)
