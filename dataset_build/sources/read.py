"""The bytes and texts at the places of a listing. Runs in worker processes; bad input gets a status, never an error."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from dataset_build.config import ImageLimits
from dataset_build.sources.decoding import MAX_RECORD, NotARecordError, decode, parse_json
from dataset_build.sources.dialects import Texts, texts_of
from dataset_build.sources.files import expect, modified_of, opener, size_of, translated
from dataset_build.sources.parquet import BadParquetError, image_values, open_parquet
from dataset_build.sources.uris import Opener, UnansweredError, UnreadableError

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
    listed = rows.to_pylist()
    with opener(root, _whole_files(listed, limits)) as open_file:
        for uri, rows_of_file in groupby(listed, key=lambda row: str(row["uri"])):
            run = list(rows_of_file)
            is_parquet = uri.lower().endswith(".parquet") and run[0]["member"] is not None
            yield from (_read_parquet if is_parquet else _read_file)(open_file, uri, run, limits)


def _whole_files(rows: list[Listed], limits: ImageLimits) -> Iterator[str]:
    """The files that will be read whole, in order: images, and the texts beside them."""
    for row in rows:
        if row["member"] is None and row["status"] is None and (row["size"] or 0) <= limits.max_bytes:
            yield row["uri"]
        yield from (sidecar["uri"] for sidecar in row["sidecars"] or () if sidecar["offset"] is None)


def _read_file(open_file: Opener, uri: str, rows: list[Listed], limits: ImageLimits) -> Iterator[Read]:
    """Reads of a plain file, or of members of a tar."""
    with ExitStack() as stack:
        file: BinaryIO | None = None
        for row in rows:
            data, status, reason = None, row["status"], row["reason"]
            if status is None:
                try:
                    with translated():
                        _check_listed(row, limits)
                        file = file or _entered(stack, open_file(uri), rows)
                        data = _bytes(file, row, limits)
                except UnreadableError as error:
                    status, reason = error.status, error.reason
            yield _with_texts(Read(data, status, reason, Texts()), open_file, row, file)


def _entered(stack: ExitStack, opening: AbstractContextManager[BinaryIO], rows: list[Listed]) -> BinaryIO:
    """The file, open until the stack is left; it knows which of its bytes will be read."""
    file = stack.enter_context(opening)
    members = [each for row in rows if row["status"] is None for each in (row, *(row["sidecars"] or ()))]
    expect(file, [(m["offset"], m["offset"] + m["size"]) for m in members if m["offset"] is not None])
    return file


def _bytes(file: BinaryIO, row: Listed, limits: ImageLimits) -> bytes:
    size = row["size"]
    if row["offset"] is None:
        size = size_of(file)
    else:
        file.seek(row["offset"])
        _check_unchanged(file, row)
    _check_size(size, limits)
    return file.read(size)


def _with_texts(found: Read, open_file: Opener, row: Listed, file: BinaryIO | None) -> Read:
    """What was found, and its texts. Without one that another try may get, all of it is left to that try."""
    try:
        return found._replace(texts=_texts(open_file, row, file))
    except UnansweredError as error:
        return Read(None, error.status, f"a text of it: {error.reason}", Texts())


def _read_parquet(open_file: Opener, uri: str, rows: list[Listed], limits: ImageLimits) -> Iterator[Read]:
    """Reads of rows of a Parquet file; once it proves broken, all further rows say so."""
    values = _values(open_file, uri, [row for row in rows if row["status"] is None])
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
        yield Read(data, status, reason, _texts(open_file, row, None))


def _values(open_file: Opener, uri: str, rows: list[Listed]) -> Iterator[pa.Buffer | None]:
    if not rows:
        return
    try:
        with open_file(uri) as file:
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


def _check_listed(row: Listed, limits: ImageLimits) -> None:
    """What was too large when its drop was registered isn't asked for; no bytes may be those of a pipe."""
    if row["size"]:
        _check_size(row["size"], limits)


def _check_size(size: int, limits: ImageLimits) -> None:
    if size == 0:
        raise UnreadableError("empty", "0 bytes")
    if size > limits.max_bytes:
        raise UnreadableError("too_many_bytes", f"{size} bytes, more than images.max_bytes = {limits.max_bytes}")


def _texts(open_file: Opener, row: Listed, archive: BinaryIO | None) -> Texts:
    """The texts of a place: its record, and its sidecars over it. What can't be read is noted as a problem."""
    record: dict[str, Any] = {}
    plain: dict[str, list[str]] = {"txt": [], "caption": []}
    problems: list[str] = []
    if row["metadata"]:
        _add_record(record, row["metadata"], problems)
    for sidecar in row["sidecars"] or ():
        role = sidecar["role"]
        data = _sidecar_bytes(open_file, sidecar, archive, problems)
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


def _sidecar_bytes(open_file: Opener, sidecar: Listed, archive: BinaryIO | None, problems: list[str]) -> bytes | None:
    try:
        if sidecar["offset"] is None:
            with open_file(sidecar["uri"]) as file:
                return _limited(file, size_of(file))
        with translated():
            if archive is None:
                return None
            archive.seek(sidecar["offset"])
            return _limited(archive, sidecar["size"])
    except UnansweredError:
        raise
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
