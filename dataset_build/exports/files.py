"""Files and folders of an export: each appears whole, under its name, or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PARTIAL = ".partial-"


@contextmanager
def publishing(path: Path) -> Iterator[Path]:
    """Yield a name for a file or folder to be written; it becomes `path` once it is complete. Nothing happens when
    nothing was written.

    A file is on disk then. The files of a folder may not be: a call for each would take most of an export's time, so
    that whoever goes on after a power cut compares their size.
    """
    temporary = path.with_name(PARTIAL + path.name)
    remove(temporary)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        if temporary.is_file():
            _sync(temporary)
        if temporary.exists():
            if path.is_dir():
                remove(path)
            temporary.replace(path)
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Delete a file or a folder with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def write_text(path: Path, text: str) -> None:
    """Publish a UTF-8 text."""
    with publishing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(text)


def write_json(path: Path, value: Any) -> None:
    """Publish a JSON file, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def size(path: Path) -> int:
    """Bytes in a file, or in the files of a folder; 0 when there is neither."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir())
    return path.stat().st_size if path.exists() else 0


def describe(path: Path) -> dict[str, Any]:
    """Bytes and sha256 of a file. Of a folder: files, bytes, and the sha256 of what `sha256sum *` prints in it."""
    if path.is_file():
        return {"bytes": size(path), "sha256": _sha256(path)}
    files = sorted(path.iterdir())
    lines = "".join(f"{_sha256(file)}  {file.name}\n" for file in files)
    return {"files": len(files), "bytes": size(path), "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
