"""Local file access under a source root: names as valid text, walking, opening without leaving the root."""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

MARK = "\ufffd"
MARKED_BYTE = re.compile("\ufffd([0-9A-F]{2})")


class UnreadableError(Exception):
    """A file that can't be read, with the status and reason that its row gets."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Entry(NamedTuple):
    """What stands in a folder: a file, or something else that is never opened."""

    name: str
    is_folder: bool
    size: int
    modified: int


def to_uri(name: str) -> str:
    """A file name as valid text: each byte that is not UTF-8 becomes U+FFFD and two hex digits.

    U+FFFD itself is written in the same way, byte by byte, so that `to_path` gives every name back.
    """
    if name.isascii() or (MARK not in name and _is_text(name)):
        return name
    text = name.replace(MARK, os.fsencode(MARK).decode("ascii", "surrogateescape"))
    return "".join(f"{MARK}{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)


def to_path(uri: str) -> str:
    """The file name that `to_uri` wrote as text."""
    return MARKED_BYTE.sub(lambda match: chr(0xDC00 + int(match[1], 16)), uri) if MARK in uri else uri


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


@contextmanager
def translated() -> Iterator[None]:
    """Turns every OSError of the block into UnreadableError; its reason names no path."""
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableError("vanished", "it is not there any more, or is a link to nothing") from error
    except OSError as error:
        raise UnreadableError("unreadable", f"{type(error).__name__}: {error.strerror or 'read failed'}") from error


@contextmanager
def opened(root: Path, uri: str) -> Iterator[BinaryIO]:
    """A file of the source, open for reading. Raises UnreadableError, also for an OSError in the block.

    Only regular files are opened, and never one that lies outside the root once links are resolved.
    """
    with translated(), os.fdopen(_open(root, uri), "rb") as file:
        yield file


def exists(root: Path, uri: str) -> bool:
    """Whether something of that name stands in the source."""
    try:
        return os.path.lexists(root / to_path(uri))
    except ValueError:
        return False


def has_folders(root: Path) -> bool:
    """Whether any folder stands in the source root."""
    return any(entry.is_folder for entry in _entries(root))


def size_of(file: BinaryIO) -> int:
    """Bytes in an open file."""
    return os.fstat(file.fileno()).st_size


def modified_of(file: BinaryIO) -> int:
    """Modification time of an open file, ns since 1970."""
    return os.fstat(file.fileno()).st_mtime_ns


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _entries(folder: Path) -> list[Entry]:
    with os.scandir(folder) as found:
        return [entry for each in found if (entry := _entry(each)) is not None]


def _entry(found: os.DirEntry[str]) -> Entry | None:
    """A file's entry; size 0 for what isn't a regular file; None for what vanished meanwhile."""
    if found.is_dir(follow_symlinks=False):
        return Entry(found.name, True, 0, 0)
    with suppress(OSError):
        facts = found.stat()
        if stat.S_ISREG(facts.st_mode):
            return Entry(found.name, False, facts.st_size, facts.st_mtime_ns)
    try:
        return Entry(found.name, False, 0, found.stat(follow_symlinks=False).st_mtime_ns)
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
