"""The records of a shared table in their order: JSON Lines, CSV and TSV, kohya's JSON, Parquet."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from dataset_build.sources.decoding import BOMS, MAX_RECORD, NotARecordError, clean, parse_json
from dataset_build.sources.files import size_of
from dataset_build.sources.parquet import BadParquetError, open_parquet, records

MAX_TABLE = 512 * 2**20  # bytes of a table whose records are kept in memory; JSON Lines are read in place
MAX_JSON = 64 * 2**20  # bytes of a table that is one JSON value, which takes many times its size to parse


class Found(NamedTuple):
    """A record, or the problem that stands in its place; in JSON Lines also where its line begins."""

    record: dict[str, Any] | None
    problem: str | None = None
    offset: int | None = None


def read_table(uri: str, file: BinaryIO) -> Iterator[Found]:
    """Every record of a table, by the format that its name says. Never raises over its content."""
    if is_lines(uri):
        return _lines(file)
    extension = uri.rpartition(".")[2].lower()
    readers = {"parquet": _parquet, "json": _json}
    limit = MAX_JSON if extension == "json" else MAX_TABLE
    if size_of(file) > limit:
        return iter([Found(None, f"larger than {limit // 2**20} MB")])
    return readers.get(extension, _csv)(file)


def is_lines(uri: str) -> bool:
    """Whether a table is a record a line, which is read in place."""
    return uri.lower().endswith((".jsonl", ".ndjson"))


def record_of(line: bytes) -> dict[str, Any]:
    """The record in a line of JSON; of a list, such as gallery-dl's messages, its last part. Raises NotARecordError."""
    value = parse_json(line)
    if isinstance(value, list) and value:
        value = value[-1]
    if not isinstance(value, dict):
        raise NotARecordError("no record, but a plain value")
    return value


def _lines(file: BinaryIO) -> Iterator[Found]:
    offset = number = 0
    while line := file.readline(MAX_RECORD):
        number += 1
        yield from _line(line, number, offset)
        offset += len(line)
        while len(line) == MAX_RECORD and not line.endswith(b"\n"):
            line = file.readline(MAX_RECORD)
            offset += len(line)


def _line(line: bytes, number: int, offset: int) -> Iterator[Found]:
    try:
        if line.strip():
            yield Found(record_of(line), None, offset)
    except NotARecordError as error:
        yield Found(None, f"line {number}: {error}", offset)


def _csv(file: BinaryIO) -> Iterator[Found]:
    encoding, remark = _encoding(file)
    if remark:
        yield Found(None, remark)
    text = io.TextIOWrapper(file, encoding, "replace", newline="")
    header = text.readline(MAX_RECORD)
    text.seek(0)
    rows = csv.reader(iter(lambda: text.readline(MAX_RECORD), ""), delimiter=max(",\t;", key=header.count))
    try:
        columns = [clean(column) for column in next(rows, [])]
        for row in rows:
            if row:
                yield Found({key: clean(value) for key, value in zip(columns, row, strict=False) if value})
    except csv.Error as error:
        yield Found(None, f"not CSV from line {rows.line_num} on: {error}")
    finally:
        text.detach()


def _json(file: BinaryIO) -> Iterator[Found]:
    try:
        value = parse_json(file.read())
    except NotARecordError as error:
        yield Found(None, str(error))
        return
    if isinstance(value, dict):
        value = [{"image_path": key, **each} for key, each in value.items() if isinstance(each, dict)]
    for each in value if isinstance(value, list) else []:
        yield Found(each) if isinstance(each, dict) else Found(None, "no record, but a plain value")


def _parquet(file: BinaryIO) -> Iterator[Found]:
    try:
        parquet = open_parquet(file)
        groups = (parquet.metadata.row_group(group) for group in range(parquet.num_row_groups))
        if (size := sum(group.total_byte_size for group in groups)) > MAX_TABLE:
            raise BadParquetError(f"{size // 2**20} MB of records, more than {MAX_TABLE // 2**20}")
        for _, record in records(parquet):
            yield Found(record)
    except BadParquetError as error:
        yield Found(None, str(error))


def _encoding(file: BinaryIO) -> tuple[str, str | None]:
    """Encoding of a text file, with a remark where it is a guess; the file is left at its beginning."""
    start, remark = file.read(4), None
    encoding = next((name for mark, name in BOMS if start.startswith(mark)), None)
    file.seek(0)
    if encoding is None:
        encoding = "utf-8" if _is_utf8(file) else "latin-1"
        remark = None if encoding == "utf-8" else "not valid UTF-8, read as Latin-1"
        file.seek(0)
    return encoding, remark


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(2**20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
