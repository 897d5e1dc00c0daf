"""Shared tables of a drop: their records, found by the names of the files that they describe.

A record belongs to the file that it names, by the first of these that matches:
1. its path: `file_name`, `image_path`, `filepath` …, relative to the table's folder, with or without extension;
   of an absolute path that leads elsewhere, the longest end that exists in the table's folder;
2. `filename` and `extension`, as gallery-dl has them, as the file's name;
3. `md5`, as the file's name or a part of it between underscores;
4. `key` or `id` (with gallery-dl's `category`, or pixiv's `num`), as the file's name or how it begins.
The first record wins where several match in the same way.
"""

import posixpath
import re
import unicodedata
import weakref
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xxhash

from dataset_build.sources.decoding import MAX_RECORD, NotARecordError, parse_json
from dataset_build.sources.fields import ADDRESSES, PATHS
from dataset_build.sources.files import fetched, opened
from dataset_build.sources.names import split, stem
from dataset_build.sources.parquet import failed_download, to_json
from dataset_build.sources.rows import Row
from dataset_build.sources.table_formats import Found, is_lines, read_table, record_of
from dataset_build.sources.uris import UnansweredError, UnreadableError

MAX_PATH = 1024  # characters; longer values are no paths
TRIES = 1000  # records whose files are looked for before a table is said to name none
DRIVE = re.compile(r"[A-Za-z]:/")
PAGE = re.compile(r"p\d+")
MD5 = re.compile(r"[0-9a-f]{32}")


class LeavesSourceError(Exception):
    """A path that leads out of the source root."""


class Index:
    """Which record has a key; 16 bytes a key, however long it is."""

    def __init__(self) -> None:
        self._hashes, self._numbers = array("Q"), array("Q")
        self._order: np.ndarray[Any, Any] | None = None

    def add(self, key: str, number: int) -> None:
        """Note that record `number` has this key."""
        self._hashes.append(xxhash.xxh3_64_intdigest(key.encode()))
        self._numbers.append(number)

    def find(self, key: str) -> int | None:
        """The first record with that key."""
        hashes = np.frombuffer(self._hashes, np.uint64)
        if self._order is None:
            self._order = np.argsort(hashes, kind="stable")
        wanted = xxhash.xxh3_64_intdigest(key.encode())
        at = int(np.searchsorted(hashes, np.uint64(wanted), sorter=self._order))
        found = at < len(hashes) and hashes[self._order[at]] == wanted
        return self._numbers[int(self._order[at])] if found else None


class Table:
    """The records of one shared table; `rows` are those that describe no file."""

    def __init__(self, root: Path, uri: str, exists: Callable[[str], bool]) -> None:
        self.root, self.uri, self.folder, self.exists = root, uri, split(uri)[0], exists
        self.index = Index()
        self.rows: list[Row] = []
        self.problem: str | None = None
        self.unanswered: UnansweredError | None = None
        self.bad = self.named = self.absent = 0
        self.has_address = self.has_file = False
        self._texts: list[str] = []
        self._offsets = array("Q")
        self._copy: BinaryIO | None = None
        try:
            if is_lines(uri) and (copy := fetched(root, uri)):
                self._copy = copy
                weakref.finalize(self, copy.close)
            with self._opened() as file:
                for number, found in enumerate(read_table(uri, file)):
                    self._add(number, found)
        except UnansweredError as error:
            self.unanswered = error
        except UnreadableError as error:
            self._note(str(error))
        except MemoryError:
            self.index, self._texts, self._offsets = Index(), [], array("Q")
            self._note("there is no memory for its records")

    def about(self, path: str) -> dict[str, Any]:
        """What the table says about a file or, by its key, a member of a shard; empty if nothing."""
        numbers = (self.index.find(key) for key in file_keys(path))
        number = next((number for number in numbers if number is not None), None)
        return {} if number is None else self._record(number)

    def verdict(self, has_images: bool) -> Row | None:
        """The row of the table itself, if it is good for nothing or damaged; None when all is well."""
        if self.unanswered:
            return Row(self.uri, status=self.unanswered.status, reason=self.unanswered.reason)
        if self.problem:
            more = f" (and {self.bad - 1} more)" if self.bad > 1 else ""
            return Row(self.uri, status="bad_metadata", reason=self.problem + more)
        if self.has_address and not (self.named and has_images):
            return Row(self.uri, status="url_list", reason="URL lists are downloaded with img2dataset first")
        if not (self.named and has_images):
            return Row(self.uri, status="not_an_image", reason="a table that describes no file beside it")
        if self.absent and not self.has_file:
            return Row(self.uri, status="bad_metadata", reason=f"none of the {self.absent} files that it names exists")
        return None

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        """The table, open; lines that are read here and there come from the copy where there is one."""
        return nullcontext(self._copy) if self._copy else opened(self.root, self.uri)

    def _add(self, number: int, found: Found) -> None:
        if found.problem:
            self._note(found.problem)
        self._offsets.append(found.offset or 0)
        if found.offset is None:
            self._texts.append(to_json(found.record or {}))
        if found.record:
            self._index(number, found.record)

    def _note(self, problem: str) -> None:
        self.problem, self.bad = self.problem or problem, self.bad + 1

    def _index(self, number: int, record: dict[str, Any]) -> None:
        row = Row(self.uri, str(number), number)
        if failed := failed_download(row, record):
            self.rows.append(failed)
            return
        self.has_address = self.has_address or any(record.get(name) for name in ADDRESSES)
        others = list(_other_keys(record))
        try:
            path = self._path(record, bool(others))
        except LeavesSourceError as error:
            self.rows.append(row._replace(status="outside_source", reason=str(error), metadata=to_json(record)))
            return
        for key in [*([f"path:{_fold(path)}"] if path else []), *others]:
            self.index.add(key, number)
        self.named += bool(path or others)
        if path and not self.has_file and self.absent < TRIES:
            self.has_file = bool(others) or self.exists(path)
            self.absent += not self.has_file

    def _path(self, record: dict[str, Any], has_others: bool) -> str | None:
        """The path that a record names, relative to the source root; an absolute one may lead nowhere if others do."""
        for name in PATHS:
            value = record.get(name)
            if not isinstance(value, str) or not 0 < len(value) <= MAX_PATH or "://" in value:
                continue
            if name != "filename" or "extension" not in record:
                named = value.replace("\\", "/")
                path = self._end(named) if named.startswith("/") or DRIVE.match(named) else self._relative(named)
                if path is None and not has_others:
                    raise LeavesSourceError(f"names {value[:200]}, which is outside the source")
                return path
        return None

    def _relative(self, named: str) -> str:
        path = posixpath.normpath(self.folder + named)
        if path == ".." or path.startswith("../"):
            raise LeavesSourceError(f"names {named[:200]}, which is outside the source")
        return path

    def _end(self, absolute: str) -> str | None:
        """The longest end of an absolute path that exists in the table's folder."""
        parts = [part for part in absolute.split("/")[1:] if part not in ("", ".", "..")]
        ends = (self.folder + "/".join(parts[i:]) for i in range(len(parts)))
        return next((end for end in ends if self.exists(end)), None)

    def _record(self, number: int) -> dict[str, Any]:
        if self._texts:
            record = parse_json(self._texts[number])
            return record if isinstance(record, dict) else {}
        try:
            with self._opened() as file:
                file.seek(self._offsets[number])
                return record_of(file.readline(MAX_RECORD))
        except (UnreadableError, NotARecordError):
            return {}


def file_keys(path: str) -> Iterator[str]:
    """The keys by which a table may know a file, in the order in which they count."""
    name = split(path)[1]
    base = split(stem(path))[1]
    parts = base.split("_")
    yield f"path:{_fold(path)}"
    yield f"path:{_fold(stem(path))}"
    yield f"name:{_fold(name)}"
    yield from (f"md5:{part}" for part in map(str.lower, parts) if MD5.fullmatch(part))
    yield f"id:{base}"
    yield f"id:{'_'.join(parts[:2])}"
    if len(parts) > 1 and PAGE.fullmatch(parts[1]):
        yield f"id:{parts[0]}"


def _other_keys(record: dict[str, Any]) -> Iterator[str]:
    name, extension = record.get("filename"), record.get("extension")
    if isinstance(name, str) and isinstance(extension, str):
        yield f"name:{_fold(f'{name}.{extension}')}"
    if isinstance(md5 := record.get("md5"), str):
        yield f"md5:{md5.lower()}"
    for field in ("key", "id"):
        if isinstance(value := record.get(field), str | int) and value != "":
            yield f"id:{value}_p{record['num']}" if "num" in record else f"id:{value}"
            yield f"id:{value}"
            yield f"id:{record.get('category')}_{value}"


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name)
