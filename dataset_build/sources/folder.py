"""A source that is a folder of this machine: walking it, and opening its files without leaving it."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dataset_build.sources.uris import Opener, UnreadableError, to_path, to_uri


class Entry(NamedTuple):
    """What stands in a folder: a file, or something else that is never opened."""

    name: str
    is_folder: bool
    size: int
    modified: int


def walk(root: Path) -> Iterator[tuple[str, int, int]]:
    """Every file under a folder as (uri, bytes, modification time in ns), in no order; nothing is opened.

    Links to folders are listed, not followed. A folder that can't be listed gives one row, (uri + "/", 0, 0).
    Raises OSError when the root itself can't be listed.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            entries = _entries(root / folder)
        except OSError as error:
            if not folder:
                raise
            if not isinstance(error, FileNotFoundError):
                yield to_uri(folder), 0, 0
            continue
        folders += (f"{folder}{entry.name}/" for entry in entries if entry.is_folder)
        yield from ((to_uri(folder + e.name), e.size, e.modified) for e in entries if not e.is_folder)


def modified(facts: os.stat_result) -> int:
    """Modification time, ns since 1970, within 64 bits: file systems know years before 1677 and after 2262."""
    return min(max(facts.st_mtime_ns, -(2**63)), 2**63 - 1)


def is_there(root: Path) -> bool:
    """Whether the root is a folder."""
    with suppress(OSError):  # of a share that is stale
        return root.is_dir()
    return False


def holds_anything(root: Path) -> bool:
    """Whether the root can be listed and is not empty."""
    with suppress(OSError), os.scandir(root) as found:
        return next(found, None) is not None
    return False


@contextmanager
def opened(root: Path, uri: str) -> Iterator[BinaryIO]:
    """A file of the source, open for reading. Only regular files are opened, and never one that lies outside the root
    once links are resolved. Raises UnreadableError and OSError."""
    with os.fdopen(_open(root, uri), "rb") as file:
        yield file


@contextmanager
def opener(root: Path, uris: Iterable[str]) -> Iterator[Opener]:
    """`opened` under this root; nothing is to be gained by knowing `uris` before."""
    yield partial(opened, root)


def fetched(root: Path, uri: str) -> None:
    """No copy is made of what lies on this machine."""


def finder(root: Path) -> Callable[[str], bool]:
    """Tells whether something of a name stands in the source."""
    return partial(_exists, root)


def has_folders(root: Path) -> bool:
    """Whether any folder stands in the source root."""
    return any(entry.is_folder for entry in _entries(root))


def _exists(root: Path, uri: str) -> bool:
    try:
        return os.path.lexists(root / to_path(uri))
    except ValueError:
        return False


def _entries(folder: Path) -> list[Entry]:
    with os.scandir(folder) as found:
        return [entry for each in found if (entry := _entry(each)) is not None]


def _entry(found: os.DirEntry[str]) -> Entry | None:
    """A file's entry; size 0 for what isn't a regular file; None for what vanished meanwhile."""
    if found.is_dir(follow_symlinks=False):
        return Entry(found.name, True, 0, 0)
    try:
        facts = found.stat()
        if stat.S_ISREG(facts.st_mode):
            return Entry(found.name, False, facts.st_size, modified(facts))
    except OSError:  # not `suppress`, which takes a third of the time of `stat`
        pass
    try:
        return Entry(found.name, False, 0, modified(found.stat(follow_symlinks=False)))
    except FileNotFoundError:
        return None


def _open(root: Path, uri: str) -> int:
    top = os.path.realpath(root).rstrip("/") + "/"
    path = os.path.realpath(top + to_path(uri))
    if not path.startswith(top):
        raise UnreadableError("outside_source", "a link that leaves the source folder")
    # O_NONBLOCK: opening a pipe must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise UnreadableError("unreadable", "a folder, pipe or device, not a file; links to folders are not followed")
