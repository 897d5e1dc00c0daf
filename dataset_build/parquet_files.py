"""Parquet files, read where they lie: whole from a disk, in ranges from a bucket."""

from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.locations import is_remote


def open_parquet(path: Path) -> pq.ParquetFile:
    """A file whose rows are read as they are wanted; to be closed."""
    return pq.ParquetFile(path) if not is_remote(path) else pq.ParquetFile(_key(path), filesystem=cast(Any, path).fs)


def read_parquet(path: Path, **wanted: Any) -> pa.Table:
    """The rows of a file; `wanted` are columns and filters of pyarrow.parquet.read_table."""
    return (
        pq.read_table(path, **wanted)
        if not is_remote(path)
        else pq.read_table(_key(path), filesystem=cast(Any, path).fs, **wanted)
    )


def _key(path: Path) -> str:
    return str(cast(Any, path).path)
