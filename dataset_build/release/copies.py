"""Copies on this machine of what a release holds in a bucket, for readers that need files."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dataset_build.locations import is_remote, scratch, store
from dataset_build.release.errors import IncompleteRelease


def local_copy(path: Path, file: Mapping[str, Any]) -> Path:
    """The file itself where it lies on this machine; else its copy in scratch, made when it is first wanted.

    `file` holds the bytes and the sha256 that it must have. Raises IncompleteRelease.
    """
    if not is_remote(path):
        return path
    copy = copy_of(path, file["sha256"])
    if not (copy.is_file() and copy.stat().st_size == file["bytes"]):
        copy.parent.mkdir(parents=True, exist_ok=True)
        _fetch(path, copy, file["sha256"])
    return copy


def copy_of(path: Path, sha256: str) -> Path:
    """Where the copy of a file of a bucket lies; the name of a file may come again with other content."""
    return scratch(path.parent) / (path.name if sha256[:12] in path.name else f"{sha256[:12]}-{path.name}")


def _fetch(path: Path, copy: Path, sha256: str) -> None:
    new = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        files, name = store(path)
        files.get_file(name, str(new))
        with new.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if found != sha256:
            raise IncompleteRelease(f"{path}: its sha256 is not the one in the manifest; restore it from a copy")
        new.replace(copy)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def folder_copy(folder: Path) -> Iterator[Path]:
    """The folder itself where it lies on this machine; else a copy of its files for as long as the block runs. What
    lies deeper is not read: an empty folder stands for it."""
    if not is_remote(folder):
        yield folder
        return
    home = scratch(folder).parent
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".reading-", dir=home) as made:
        copy = Path(made) / folder.name
        copy.mkdir()
        for path in folder.iterdir():
            if path.name in ("", ".", ".."):
                continue
            files, name = store(path)
            if files.isfile(name):
                files.get_file(name, str(copy / path.name))
            else:
                (copy / path.name).mkdir()
        yield copy
