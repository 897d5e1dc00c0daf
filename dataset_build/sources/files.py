"""The files of a source, wherever it lies: a folder of this machine, or a prefix of a bucket."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from dataset_build.errors import RunError
from dataset_build.locations import is_remote
from dataset_build.sources import bucket, folder
from dataset_build.sources.objects import ObjectFile
from dataset_build.sources.uris import Opener, UnreadableError

GONE = "it is not there any more, or is a link to nothing"


class _Side(Protocol):
    """What the modules `folder` and `bucket` both offer."""

    def is_there(self, root: Path) -> bool: ...
    def walk(self, root: Path) -> Iterator[tuple[str, int, int]]: ...
    def opened(self, root: Path, uri: str) -> AbstractContextManager[BinaryIO]: ...
    def opener(self, root: Path, uris: Iterable[str]) -> AbstractContextManager[Opener]: ...
    def fetched(self, root: Path, uri: str) -> BinaryIO | None: ...
    def finder(self, root: Path) -> Callable[[str], bool]: ...
    def has_folders(self, root: Path) -> bool: ...


def is_there(root: Path) -> bool:
    """Whether there is such a folder, or anything under such a prefix. Raises BucketError."""
    return _side(root).is_there(root)


def check_root(root: Path) -> None:
    """Raises RunError when a folder is not there any more, or empty, as where a share was mounted.

    What was just found missing in it may then be there after all. Of a bucket nothing is asked.
    """
    if not is_remote(root) and not folder.holds_anything(root):
        raise RunError(
            f"{root} went away while it was read: mount it again, or say where it lies now: `dataset-build source move`"
        )


def walk(root: Path) -> Iterator[tuple[str, int, int]]:
    """Every file under a root as (uri, bytes, modification time in ns), in no order; nothing is opened.

    Links to folders are listed, not followed. A folder that can't be listed gives one row, (uri + "/", 0, 0).
    Raises OSError when the root itself can't be listed, BucketError when the bucket can't.
    """
    return _side(root).walk(root)


@contextmanager
def translated() -> Iterator[None]:
    """Turns every OSError of the block into UnreadableError; its reason names no path."""
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableError("vanished", GONE) from error
    except OSError as error:
        raise UnreadableError("unreadable", f"{type(error).__name__}: {error.strerror or 'read failed'}") from error


@contextmanager
def opened(root: Path, uri: str) -> Iterator[BinaryIO]:
    """A file of the source, open for reading. Raises UnreadableError, also for an OSError in the block.

    Nothing outside the root is opened, whatever the uri says and wherever links lead. Raises BucketError.
    """
    with translated(), _side(root).opened(root, uri) as file:
        yield file


@contextmanager
def opener(root: Path, uris: Iterable[str]) -> Iterator[Opener]:
    """A way to open files, of which `uris` will be read whole, in that order: a bucket is asked for several at once."""
    with _side(root).opener(root, uris) as open_one:

        @contextmanager
        def open_translated(uri: str) -> Iterator[BinaryIO]:
            with translated(), open_one(uri) as file:
                yield file

        yield open_translated


def fetched(root: Path, uri: str) -> BinaryIO | None:
    """A copy, on this machine's disk, of a file in a bucket that is to be read here and there; None for a folder.

    It is deleted when it is closed. Raises UnreadableError and BucketError.
    """
    return _side(root).fetched(root, uri)


def finder(root: Path) -> Callable[[str], bool]:
    """Tells whether a file of some uri stands in the source; of a bucket, as it stood when it was first asked."""
    return _side(root).finder(root)


def has_folders(root: Path) -> bool:
    """Whether any folder stands in the source root."""
    return _side(root).has_folders(root)


def expect(file: BinaryIO, ranges: Sequence[tuple[int, int]]) -> None:
    """Say which bytes of an open file will be read, as (first, after the last), so that neighbours come together."""
    if isinstance(file, ObjectFile):
        file.expect(ranges)


def size_of(file: BinaryIO) -> int:
    """Bytes in an open file."""
    return file.size if isinstance(file, ObjectFile) else os.fstat(file.fileno()).st_size


def modified_of(file: BinaryIO) -> int:
    """Modification time of an open file, ns since 1970."""
    return file.modified if isinstance(file, ObjectFile) else folder.modified(os.fstat(file.fileno()))


def _side(root: Path) -> _Side:
    return bucket if is_remote(root) else folder
