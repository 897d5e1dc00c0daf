"""What a Parquet file holds: images as bytes, records of local files, an img2dataset shard's report, or addresses."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.sources.decoding import MAX_RECORD, clean, compact, decode
from dataset_build.sources.fields import ADDRESSES, PATHS
from dataset_build.sources.rows import Row

IMAGE_COLUMNS = ("image", "jpg", "jpeg", "png", "webp", "gif", "avif", "img", "bytes", "image_bytes", "content")
RECORDS_AT_ONCE = 1024
IMAGES_AT_ONCE = 8


class BadParquetError(Exception):
    """A file that is no readable Parquet, with the cause in words."""


def open_parquet(file: BinaryIO) -> pq.ParquetFile:
    """The open file as Parquet. Raises BadParquetError."""
    try:
        found = pq.ParquetFile(file, pre_buffer=False, buffer_size=2**20)
        found.schema_arrow  # noqa: B018 - reads the schema, which fails for types that Arrow lacks
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadParquetError(_cause(error)) from None
    return found


def kind_of(schema: pa.Schema) -> str:
    """images | shard (img2dataset's report) | files (records of local files) | urls | other."""
    if image_column(schema):
        return "images"
    if {"key", "status", "url"} <= set(schema.names):
        return "shard"
    texts = {
        n
        for n, kind in zip(schema.names, schema.types, strict=True)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind)
    }
    return "files" if texts.intersection(PATHS) else "urls" if texts.intersection(ADDRESSES) else "other"


def image_column(schema: pa.Schema) -> str | None:
    """The column with the bytes of images, as a path within the schema: Hugging Face's struct{bytes, path} or plain."""
    found = {name: leaf for name, kind in zip(schema.names, schema.types, strict=True) if (leaf := _leaf(name, kind))}
    for name in IMAGE_COLUMNS:
        if name in found:
            return found[name]
    return next((leaf for name, leaf in found.items() if leaf != name), None)


def image_rows(uri: str, parquet: pq.ParquetFile) -> Iterator[Row]:
    """A row for each image in a Parquet file, with the other columns as its metadata.

    Rows that img2dataset marks as anything but `success` hold no image: their status is failed_download.
    """
    try:
        for number, record in records(parquet):
            row = Row(uri, str(number), number, metadata=to_json(record) if record else None)
            yield failed_download(row, record) or row
    except BadParquetError as error:
        yield Row(uri, status="broken_archive", reason=str(error))


def failed_download(row: Row, record: dict[str, Any]) -> Row | None:
    """The row as img2dataset's report of a failed download, if the record is one."""
    status = record.get("status")
    if "key" not in record or not isinstance(status, str) or status == "success":
        return None
    reason = str(record.get("error_message") or status)[:500]
    return row._replace(status="failed_download", reason=reason, metadata=row.metadata or to_json(record))


def records(parquet: pq.ParquetFile) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and values of each row, images left out. Raises BadParquetError."""
    schema = parquet.schema_arrow
    image = image_column(schema)
    columns = [
        n for n, kind in zip(schema.names, schema.types, strict=True) if not _is_binary(kind) and n != _top(image)
    ]
    if image and image != _top(image):
        columns.append(f"{_top(image)}.path")
    number = itertools.count()
    try:
        for batch in parquet.iter_batches(RECORDS_AT_ONCE, columns=columns):
            values = [_values(column) for column in batch.columns]
            for row in range(batch.num_rows):
                pairs = zip(batch.schema.names, (column[row] for column in values), strict=True)
                yield next(number), {key: clean(value) for key, value in pairs if value is not None}
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:  # a small file may hold much
        raise BadParquetError(_cause(error)) from None


def image_values(parquet: pq.ParquetFile, numbers: Sequence[int]) -> Iterator[pa.Buffer | None]:
    """The bytes in the given rows, which must ascend; each row group is read once. Raises BadParquetError."""
    column, first = image_column(parquet.schema_arrow), 0
    if column is None:
        raise BadParquetError("no column with images")
    wanted = iter(numbers)
    number = next(wanted, None)
    try:
        for group in range(parquet.num_row_groups):
            size, at = parquet.metadata.row_group(group).num_rows, first
            first += size
            if number is None or number >= first:
                continue
            for batch in parquet.iter_batches(IMAGES_AT_ONCE, row_groups=[group], columns=[column]):
                values = _unwrapped(batch.column(0))
                while number is not None and number < at + len(values):
                    yield values[number - at].as_buffer()
                    number = next(wanted, None)
                at += len(values)
                if number is None or number >= first:
                    break
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadParquetError(_cause(error)) from None


def to_json(record: dict[str, Any]) -> str:
    """A record as JSON; only a remark where it is too large."""
    text = compact(record)
    return text if len(text) <= MAX_RECORD else compact({"problems": [f"a record of {len(text)} characters left out"]})


def _leaf(name: str, kind: pa.DataType) -> str | None:
    if pa.types.is_struct(kind) and (at := kind.get_field_index("bytes")) >= 0 and _is_binary(kind.field(at).type):
        return f"{name}.bytes"
    return name if _is_binary(kind) and name in IMAGE_COLUMNS else None


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _top(leaf: str | None) -> str | None:
    return leaf.removesuffix(".bytes") if leaf else None


def _unwrapped(column: pa.Array) -> pa.Array:
    return column.field("bytes") if pa.types.is_struct(column.type) else column


def _values(column: pa.Array) -> list[Any]:
    """The values as Python has them; texts that aren't UTF-8 and times beyond Python's calendar in other ways."""
    try:
        return list((column.cast(pa.string()) if pa.types.is_temporal(column.type) else column).to_pylist())
    except (pa.ArrowException, ValueError, OverflowError):
        if not pa.types.is_string(column.type):
            return [None] * len(column)
        return [value if value is None else decode(value)[0] for value in column.cast(pa.binary()).to_pylist()]


def _cause(error: Exception) -> str:
    return f"not readable as Parquet: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
