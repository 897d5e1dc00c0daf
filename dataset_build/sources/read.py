"""The bytes and texts at the places of a listing. Runs in worker processes; bad input gets a status, never an error."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from dataset_build.config import ImageLimits
from dataset_build.sources.decoding import MAX_RECORD, NotARecordError, decode, parse_json
from dataset_build.sources.dialects import Texts, texts_of
from dataset_build.sources.files import UnreadableError, modified_of, opened, size_of, translated
from dataset_build.sources.parquet import BadParquetError, image_values, open_parquet

Listed = dict[str, Any]  # a row of schemas.LISTING


class Read(NamedTuple):
    """What was found at one place: bytes, or a status and a reason why there are none; and its texts."""

    data: bytes | None
    status: str | None
    reason: str | None
    texts: Texts


def read(root: Path, rows: pa.RecordBatch, limits: ImageLimits) -> Iterator[Read]:
    """What stands at each place of schemas.LISTING, in its order, lazily; each archive is opened once a run of rows.

    Besides the statuses of the listing: empty, too_many_bytes, unreadable, vanished, outside_source, broken_archive.
    No file outside the root is opened, whatever the rows and the links on disk say.
    """
    for uri, run in groupby(rows.to_pylist(), key=lambda row: str(row["uri"])):
        listed = list(run)
        is_parquet = uri.lower().endswith(".parquet") and listed[0]["member"] is not None
        yield from (_read_parquet if is_parquet else _read_file)(root, uri, listed, limits)


def _read_file(root: Path, uri: str, rows: list[Listed], limits: ImageLimits) -> Iterator[Read]:
    """Reads of a plain file, or of members of a tar."""
    with ExitStack() as stack:
        file: BinaryIO | None = None
        for row in rows:
            data, status, reason = None, row["status"], row["reason"]
            if status is None:
                try:
                    with translated():
                        file = file or stack.enter_context(opened(root, uri))
                        data = _bytes(file, row, limits)
                except UnreadableError as error:
                    status, reason = error.status, error.reason
            yield Read(data, status, reason, _texts(root, row, file))


def _bytes(file: BinaryIO, row: Listed, limits: ImageLimits) -> bytes:
    size = row["size"]
    if row["offset"] is None:
        size = size_of(file)
    else:
        _check_unchanged(file, row)
        file.seek(row["offset"])
    _check_size(size, limits)
    return file.read(size)


def _read_parquet(root: Path, uri: str, rows: list[Listed], limits: ImageLimits) -> Iterator[Read]:
    """Reads of rows of a Parquet file; once it proves broken, all further rows say so."""
    values = _values(root, uri, [row for row in rows if row["status"] is None])
    broken: UnreadableError | None = None
    for row in rows:
        data, status, reason = None, row["status"], row["reason"]
        if status is None:
            try:
                data = _value(values, limits) if broken is None else None
            except UnreadableError as error:
                status, reason = error.status, error.reason
                broken = error if error.status not in ("empty", "too_many_bytes") else None
            if broken:
                status, reason = broken.status, broken.reason
        yield Read(data, status, reason, _texts(root, row, None))


def _values(root: Path, uri: str, rows: list[Listed]) -> Iterator[pa.Buffer | None]:
    if not rows:
        return
    try:
        with opened(root, uri) as file:
            _check_unchanged(file, rows[0])
            yield from image_values(open_parquet(file), [row["offset"] for row in rows])
    except BadParquetError as error:
        raise UnreadableError("broken_archive", str(error)) from None


def _value(values: Iterator[pa.Buffer | None], limits: ImageLimits) -> bytes:
    value = next(values, None)
    if value is None:
        raise UnreadableError("empty", "a row without image bytes")
    _check_size(value.size, limits)
    return bytes(value.to_pybytes())


def _check_unchanged(file: BinaryIO, row: Listed) -> None:
    if modified_of(file) != row["modified"]:
        raise UnreadableError("unreadable", "the archive changed after its drop was registered")


def _check_size(size: int, limits: ImageLimits) -> None:
    if size == 0:
        raise UnreadableError("empty", "0 bytes")
    if size > limits.max_bytes:
        raise UnreadableError("too_many_bytes", f"{size} bytes, more than images.max_bytes = {limits.max_bytes}")


def _texts(root: Path, row: Listed, archive: BinaryIO | None) -> Texts:
    """The texts of a place: its record, and its sidecars over it. What can't be read is noted as a problem."""
    record: dict[str, Any] = {}
    plain: dict[str, list[str]] = {"txt": [], "caption": []}
    problems: list[str] = []
    if row["metadata"]:
        _add_record(record, row["metadata"], problems)
    for sidecar in row["sidecars"] or ():
        role = sidecar["role"]
        data = _sidecar_bytes(root, sidecar, archive, problems)
        if data is None:
            continue
        text, remark = decode(data)
        problems += [f"{role}: {remark}"] if remark else []
        if role == "json":
            _add_record(record, text, problems)
        elif role == "cls":
            record["cls"] = text.strip()
        else:
            plain[role].append(text)
    return texts_of(record, plain["txt"], plain["caption"], problems)


def _sidecar_bytes(root: Path, sidecar: Listed, archive: BinaryIO | None, problems: list[str]) -> bytes | None:
    try:
        if sidecar["offset"] is None:
            with opened(root, sidecar["uri"]) as file:
                return _limited(file, size_of(file))
        with translated():
            if archive is None:
                return None
            archive.seek(sidecar["offset"])
            return _limited(archive, sidecar["size"])
    except UnreadableError as error:
        problems.append(f"{sidecar['role']}: {error}")
        return None


def _limited(file: BinaryIO, size: int) -> bytes:
    if size > MAX_RECORD:
        raise UnreadableError("too_many_bytes", f"{size} bytes, more than {MAX_RECORD}")
    return file.read(size)


def _add_record(record: dict[str, Any], text: str, problems: list[str]) -> None:
    """Put a JSON text into the record; a list of names is tags, of a list of records the first counts."""
    try:
        value = parse_json(text)
    except NotARecordError as error:
        problems.append(f"json: {error}")
        return
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        value = {"tags": value}
    elif isinstance(value, list):
        value = next((each for each in value if isinstance(each, dict)), None)
    if isinstance(value, dict):
        record |= value
    else:
        problems.append("json: no record in it")
