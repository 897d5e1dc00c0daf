"""Captions that people wrote, read from CSV, JSON lines or a folder of text files."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset_build.errors import UserError

MAX_FILE = 512 * 2**20  # bytes
MAX_TEXT = 20_000  # characters of one caption
MAX_CELL = 1_000_000  # characters
NAMES = ("image_id", "path", "uri", "source_id")
TEXTS = ("caption", "text")


class BadAnnotations(UserError):
    """A file of annotations can't be read at all; the message names it."""


@dataclass(frozen=True)
class Annotation:
    """One line: which image it names, by what (image_id, path, source_id or stem), and the caption; or a problem."""

    file: str
    line: int
    by: str = ""
    name: str = ""
    caption: str = ""
    problem: str | None = None


def read_annotations(path: Path) -> Iterator[Annotation]:
    """What a .csv or .jsonl file, or the .txt files of a folder, say; bad lines come as problems.

    CSV needs a header. Columns or keys: caption (or text), and one of image_id, path (or uri) and source_id, the first
    that is filled counts. A text file is named after the image's file, or its id. Raises BadAnnotations.
    """
    if path.is_dir():
        return _of_folder(path)
    readers = {".csv": _of_csv, ".jsonl": _of_jsonl, ".ndjson": _of_jsonl}
    if path.suffix.lower() not in readers:
        raise BadAnnotations(f"{path}: not a .csv, a .jsonl or a folder of .txt files")
    if not path.is_file():
        raise BadAnnotations(f"no file {path}")
    if path.stat().st_size > MAX_FILE:
        raise BadAnnotations(f"{path}: larger than {MAX_FILE // 2**20} MiB; split it")
    return readers[path.suffix.lower()](path)


def _of_csv(path: Path) -> Iterator[Annotation]:
    csv.field_size_limit(MAX_CELL)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        try:
            header = set(rows.fieldnames or ())
        except csv.Error as error:
            raise BadAnnotations(f"{path}: its header is not CSV: {error}") from error
        if not (set(TEXTS) & header and set(NAMES) & header):
            raise BadAnnotations(f"{path}: the header needs caption, and one of {', '.join(NAMES)}")
        first = 2
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Annotation(path.name, first, problem=f"not CSV: {error}")
            else:
                yield _annotation(path.name, first, row)
            first = rows.reader.line_num + 1


def _of_jsonl(path: Path) -> Iterator[Annotation]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_CELL), b""), 1):
            if line.strip():
                yield _of_line(path.name, number, line)


def _of_line(file: str, number: int, line: bytes) -> Annotation:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Annotation(file, number, problem=f"not JSON: {error}")
    if not isinstance(row, dict):
        return Annotation(file, number, problem="not a JSON object")
    return _annotation(file, number, row)


def _of_folder(folder: Path) -> Iterator[Annotation]:
    for path in sorted(folder.rglob("*.txt")):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_size > 4 * MAX_TEXT:
            yield Annotation(f"{name}.txt", 1, problem=f"longer than {MAX_TEXT:,} characters")
        else:
            text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
            yield _checked(f"{name}.txt", 1, "stem", name, text)


def _annotation(file: str, line: int, row: Mapping[str, Any]) -> Annotation:
    by = next((name for name in NAMES if row.get(name) not in (None, "")), None)
    text = next((row[name] for name in TEXTS if row.get(name) not in (None, "")), "")
    if by is None:
        return Annotation(file, line, problem=f"names no image: needs one of {', '.join(NAMES)}")
    if not isinstance(text, str):
        return Annotation(file, line, problem="the caption is no text")
    return _checked(file, line, "path" if by == "uri" else by, str(row[by]), text)


def _checked(file: str, line: int, by: str, name: str, text: str) -> Annotation:
    """The annotation with its caption in one line, or its problem."""
    caption = " ".join(text.split())
    if not _is_utf8(caption + name):
        return Annotation(file, line, problem="not valid UTF-8")
    if not caption:
        return Annotation(file, line, problem="no caption")
    if len(caption) > MAX_TEXT:
        return Annotation(file, line, problem=f"longer than {MAX_TEXT:,} characters")
    name = name.strip().lower() if by == "image_id" else name.strip().removeprefix("./")
    return Annotation(file, line, by, name, caption)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
