"""Atomic, deterministic files: nothing is visible before it is whole, and the same rows give the same bytes."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.errors import RunError

ROW_GROUP = 65_536


class LakeBusy(RunError):
    """Another process is writing to the lake; the message says which."""


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Yield a temporary file to write; it takes the name `path` once it is complete and on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename_folder(folder: Path, name: str) -> Path:
    """Give a finished folder its name, which no other may have, in one step. Returns where it lies now."""
    named = folder.with_name(name)
    folder.rename(named)
    _sync(named.parent)
    return named


def write_text(path: Path, text: str) -> None:
    """Publish a text file."""
    with publishing(path) as temporary:
        temporary.write_text(text, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Publish a JSON file, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The value in a JSON file; None when there is no such file."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None


def write_parquet(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
    """Publish a Parquet file in row groups of fixed size, whatever the batches' sizes. Returns its rows."""
    rows, pending, waiting = 0, [], 0
    with publishing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for batch in batches:
            pending.append(batch.cast(schema))
            waiting += batch.num_rows
            while waiting >= ROW_GROUP:
                table = pa.Table.from_batches(pending, schema)
                writer.write_table(table.slice(0, ROW_GROUP), row_group_size=ROW_GROUP)
                pending, waiting = table.slice(ROW_GROUP).to_batches(), waiting - ROW_GROUP
                rows += ROW_GROUP
        if waiting or not rows:
            writer.write_table(pa.Table.from_batches(pending, schema), row_group_size=ROW_GROUP)
    return rows + waiting


def sha256_of(path: Path) -> str:
    """Sha256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lock(path: Path, purpose: str) -> Iterator[None]:
    """Hold an exclusive lock for as long as the block runs; it ends with the process, however that ends.

    Raises LakeBusy, naming the holder, when another process has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LakeBusy(f"{path.parent} is in use by {file.read().strip() or 'another process'}") from None
        file.truncate(0)
        file.write(f"process {os.getpid()} ({purpose}) since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        file.flush()
        yield
        file.truncate(0)
