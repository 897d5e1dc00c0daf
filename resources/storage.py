"""Atomic, deterministic files: nothing is visible before it is whole, and the same rows give the same bytes."""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.locations import is_remote, scratch, store
from resources.lease import LakeBusy, check_leases, leased
from resources.look import forget, once, read_ahead

ROW_GROUP = 65_536
LARGEST = 2**30  # bytes of a row group: the offsets of an array count to twice as many


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Yield a temporary file to write; it takes the name `path` once it is complete, and on disk or in the bucket."""
    with unpublished(path) as temporary:
        yield temporary
        publish_file(temporary, path)


@contextmanager
def unpublished(path: Path) -> Iterator[Path]:
    """A name of this machine for a file that is to become `path`; it is gone after the block."""
    temporary = scratch(path.parent) / f".{path.name}.{os.getpid()}.tmp"
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def publish_file(temporary: Path, path: Path) -> None:
    """Give a complete file of this machine its name, in one step. Raises LeaseLost."""
    if is_remote(path):
        check_leases(path)
        files, name = store(path)
        files.put_file(str(temporary), name)
        forget(path)
        return
    _sync(temporary)
    temporary.replace(path)
    _sync(path.parent)


def publish_folder(folder: Path, named: Path, last: Sequence[str]) -> Path:
    """Give a complete folder of files its name. In a bucket the files of `last` come last, in that order, and the last
    of all only if it isn't there yet: a folder counts once it is. Returns where it lies now."""
    if not is_remote(named):
        folder.rename(named)
        _sync(named.parent)
        return named
    *others, seal = last
    if stamp_of(named / seal):
        raise FileExistsError(f"{named} is complete and never changes")
    for file in sorted(file for file in folder.iterdir() if file.name not in last):
        publish_file(file, named / file.name)
    for name in others:
        publish_file(folder / name, named / name)
    check_leases(named)
    cast(Any, named / seal).write_after((folder / seal).read_bytes(), "")
    shutil.rmtree(folder)
    return named


def delete_folder(folder: Path) -> None:
    """Delete a folder with all that is in it; there may be none."""
    if is_remote(folder):
        check_leases(folder)
        files, name = store(folder)
        with suppress(FileNotFoundError):
            files.rm(name, recursive=True)
    elif folder.is_dir():
        shutil.rmtree(folder)


def delete(path: Path) -> None:
    """Delete a file, or a folder with all that is in it; there may be neither."""
    if path.is_dir():
        delete_folder(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, for two connections of DuckDB that spill into one crash. While it is used it is locked,
    so that what killed processes left can be told from it."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="private-", dir=parent))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def is_used(path: Path) -> bool:
    """Whether a process uses this folder of its own now, or just did, so that it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def write_text(path: Path, text: str) -> None:
    """Publish a text file."""
    with publishing(path) as temporary:
        temporary.write_text(text, "utf-8")


def write_json(path: Path, value: Any, stamp: str | None = None) -> None:
    """Publish a JSON file, keys in the order given; with a `stamp`, only if the file still is what it tells."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if stamp is None:
        write_text(path, text)
    else:
        check_leases(path)
        cast(Any, path).write_after(text.encode(), stamp)
        forget(path)


def stamp_of(path: Path) -> str | None:
    """What tells the state of a file in a bucket; on this machine none is needed, since a lock ends with its holder."""
    return str(cast(Any, path).stamp()) if is_remote(path) else None


def read_json(path: Path) -> Any:
    """The value in a JSON file; None when there is no such file. Not to be changed."""
    return once(path, lambda: _read_json(path))


def _read_json(path: Path) -> Any:
    try:
        if is_remote(path):
            return json.loads(path.read_text("utf-8"))
        facts = path.stat()
        return _parsed(path, (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns))
    except FileNotFoundError:
        return None


@lru_cache(4096)
def _parsed(path: Path, state: tuple[int, ...]) -> Any:
    """A file that is published anew is another one: the value is that of this state, or of a later one."""
    return json.loads(path.read_text("utf-8"))


def read_json_ahead(paths: Iterable[Path]) -> None:
    """Read JSON files of a bucket side by side, for read_json to find within one look."""
    read_ahead(paths, json.loads)


def files_below(folder: Path) -> list[str]:
    """The files in the folders of a folder, as folder/file; one request for a thousand in a bucket."""
    if not is_remote(folder):
        inside = [entry for entry in os.scandir(folder) if entry.is_dir()] if folder.is_dir() else []
        return sorted(f"{each.name}/{file.name}" for each in inside for file in os.scandir(each))
    files, name = store(folder)
    below = [key[len(name) + 1 :] for key in files.find(name)]
    return sorted(file for file in below if file.count("/") == 1)


def write_parquet(path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
    """Publish a Parquet file in row groups of fixed size, whatever the batches' sizes. Returns its rows."""
    with publishing(path) as temporary:
        return write_rows(temporary, batches, schema)


def write_rows(file: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> int:
    """The same into a file of this machine that nobody sees yet. Rows are written while the next are made."""
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer, ThreadPoolExecutor(1) as beside:
        written = beside.submit(lambda: None)
        for group in _row_groups(batches, schema):
            written.result()
            written = beside.submit(writer.write_table, group, row_group_size=ROW_GROUP)
            rows += group.num_rows
        written.result()
    return rows


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The rows in tables of ROW_GROUP rows, or fewer if they are large; the last is empty only if it is the first.

    Each is one piece, since pages end where pieces do.
    """
    pending: list[pa.RecordBatch] = []
    waiting, first = 0, True
    for batch in batches:
        pending.append(batch.cast(schema))
        waiting += batch.num_rows
        while waiting >= ROW_GROUP:
            table = pa.Table.from_batches(pending, schema)
            yield from _whole(table.slice(0, ROW_GROUP))
            pending, waiting, first = table.slice(ROW_GROUP).to_batches(), waiting - ROW_GROUP, False
    if waiting or first:
        yield from _whole(pa.Table.from_batches(pending, schema))


def _whole(rows: pa.Table) -> Iterator[pa.Table]:
    """The rows in one piece, or in halves of halves where they are more than an array can hold."""
    if rows.nbytes <= LARGEST or rows.num_rows == 1:
        yield rows.combine_chunks()
    else:
        half = rows.num_rows // 2
        yield from _whole(rows.slice(0, half))
        yield from _whole(rows.slice(half))


def sha256_of(path: Path) -> str:
    """Sha256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lock(path: Path, purpose: str) -> Iterator[None]:
    """Hold an exclusive lock for as long as the block runs. On this machine it ends with the process, however that
    ends; in a bucket it is a lease besides. Raises LakeBusy, naming the holder, when another process has it.
    """
    here = f"process {os.getpid()} ({purpose}) since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    with _lock(scratch(path), path.parent, here):
        if not is_remote(path):
            yield
            return
        with leased(path, f"{here} on {socket.gethostname()}"):
            yield


@contextmanager
def _lock(file: Path, folder: Path, holder: str) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            opened.seek(0)
            raise LakeBusy(f"{folder} is in use by {opened.read().strip() or 'another process'}") from None
        opened.truncate(0)
        opened.write(holder)
        opened.flush()
        yield
        opened.truncate(0)
