"""A source that is a prefix of a bucket: the same functions as for a folder, by lists and ranges of bytes."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import numpy as np
import xxhash

from dataset_build.sources.objects import BLOCK, ObjectFile
from dataset_build.sources.s3 import Part, Prefix, any_object, get, modified, pages, prefix_of
from dataset_build.sources.uris import Opener, UnreadableError, is_unfit, key_to_uri, uri_to_key

AT_ONCE = 8  # files asked for before they are needed, of up to a block each
MAX_COPY = 16 * 2**30  # bytes of a table that is copied to this machine

Hashes = np.ndarray[Any, np.dtype[np.uint64]]  # sorted


def is_there(root: Path) -> bool:
    """Whether any object lies under the prefix. Raises BucketError."""
    return any_object(prefix_of(root))


def walk(root: Path) -> Iterator[tuple[str, int, int]]:
    """Every object under the prefix as (uri, bytes, modification time in ns), by lists alone. Raises BucketError.

    An object of no bytes whose key ends with a slash is how some tools make a folder, and is left out as one.
    """
    return _walk(prefix_of(root))


@contextmanager
def opened(root: Path, uri: str) -> Iterator[BinaryIO]:
    """An object of the source; nothing is asked for before it is read. Raises UnreadableError and BucketError."""
    place = prefix_of(root)
    yield cast(BinaryIO, ObjectFile(place, _key(place, uri)))


@contextmanager
def opener(root: Path, uris: Iterable[str]) -> Iterator[Opener]:
    """`opened` under this root; of `uris`, which are needed in that order, several are fetched at once."""
    place, wanted = prefix_of(root), list(dict.fromkeys(uris))
    if len(wanted) < 2:
        yield partial(opened, root)
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ahead = _Ahead(pool, place, iter(wanted))
        try:
            yield ahead.opened
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def fetched(root: Path, uri: str) -> BinaryIO:
    """A copy on this machine's disk. Raises UnreadableError and BucketError."""
    with opened(root, uri) as file:
        if (size := cast(ObjectFile, file).size) > MAX_COPY:
            raise UnreadableError("too_many_bytes", f"{size} bytes, more than {MAX_COPY}")
        copy = TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
        shutil.copyfileobj(file, copy, BLOCK)
    copy.seek(0)
    return cast(BinaryIO, copy)


def finder(root: Path) -> Callable[[str], bool]:
    """Tells whether an object stands in the source, by a list of each folder that is asked about."""
    return _Names(prefix_of(root)).__contains__


def has_folders(root: Path) -> bool:
    """Whether any key under the prefix has a slash in it."""
    return any(page.get("CommonPrefixes") for page in pages(prefix_of(root), Delimiter="/"))


class _Ahead:
    """Files that are fetched before they are needed, so many at a time."""

    def __init__(self, pool: ThreadPoolExecutor, place: Prefix, uris: Iterator[str]) -> None:
        self.pool, self.place, self.uris = pool, place, uris
        self.begun: dict[str, Future[Part]] = {}
        self._begin()

    @contextmanager
    def opened(self, uri: str) -> Iterator[BinaryIO]:
        """A file, from what was fetched where it was."""
        future = self.begun.pop(uri, None)
        self._begin()
        yield cast(BinaryIO, ObjectFile(self.place, _key(self.place, uri), future.result if future else None))

    def _begin(self) -> None:
        while len(self.begun) < AT_ONCE and (uri := next(self.uris, None)) is not None:
            self.begun[uri] = self.pool.submit(_first, self.place, uri)


class _Names:
    """The names in a source, 8 bytes each: those in a top-level folder once one of them is asked about."""

    def __init__(self, place: Prefix) -> None:
        self.place = place
        self.known: dict[str, Hashes | None] = {}

    def __contains__(self, uri: object) -> bool:
        if not self.known:
            self._look()
        name = str(uri)
        top = name[: name.find("/") + 1]
        if top in self.known and self.known[top] is None:
            inside = Prefix(self.place.bucket, self.place.start + uri_to_key(top))
            self.known[top] = _hashes(top + inner for inner, _, _ in _walk(inside))
        names, wanted = self.known.get(top), np.uint64(_hash(name))
        if names is None:
            return False
        at = int(np.searchsorted(names, wanted))
        return at < len(names) and bool(names[at] == wanted)

    def _look(self) -> None:
        """Learn the names of top-level folders, and of files beside them."""
        loose = []
        for page in pages(self.place, Delimiter="/"):
            self.known |= {self._uri(each["Prefix"]): None for each in page.get("CommonPrefixes", ())}
            loose += [_hash(self._uri(each["Key"])) for each in page.get("Contents", ())]
        self.known[""] = np.sort(np.array(loose, np.uint64))

    def _uri(self, key: str) -> str:
        inside = key[len(self.place.start) :]
        return key_to_uri(inside[:-1]) + "/" if inside.endswith("/") else key_to_uri(inside)


def _walk(place: Prefix) -> Iterator[tuple[str, int, int]]:
    for page in pages(place):
        for each in page.get("Contents", ()):
            key = each["Key"][len(place.start) :]
            if each["Size"] or (key and not key.endswith("/")):
                yield key_to_uri(key), each["Size"], modified(each)


def _key(place: Prefix, uri: str) -> str:
    """The key of a file. Raises UnreadableError for what is no path: on its way, it might become another key."""
    if is_unfit(key_to_uri(key := uri_to_key(uri))):
        raise UnreadableError("outside_source", "a key that is no path")
    return place.start + key


def _first(place: Prefix, uri: str) -> Part:
    """The first block of a file, which is nearly always all of it."""
    return get(place, _key(place, uri), 0, BLOCK)


def _hash(name: str) -> int:
    return xxhash.xxh3_64_intdigest(name.encode())


def _hashes(names: Iterable[str]) -> Hashes:
    return np.sort(np.fromiter(map(_hash, names), np.uint64))
