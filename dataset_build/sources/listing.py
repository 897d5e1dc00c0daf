"""Which image bytes a drop holds and which texts belong to them: rows of schemas.LISTING for rows of schemas.FILES."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.schemas import LISTING
from dataset_build.sources.files import check_root, finder, has_folders, opened
from dataset_build.sources.names import (
    SIDECARS,
    folders_of,
    is_root_table,
    role_of,
    stem,
    stems_of,
    topic_of,
    topics_for,
)
from dataset_build.sources.parquet import BadParquetError, image_rows, kind_of, open_parquet, to_json
from dataset_build.sources.rows import Row, Sidecar, batches
from dataset_build.sources.tables import Table
from dataset_build.sources.tar import tar_rows
from dataset_build.sources.uris import UnreadableError, is_unfit

VERSION = "1"
TABLES = ("table", "files", "shard")
SUPERSEDED = "read with the images that it belongs to"
REFUSALS = {
    "packed": ("unsupported_archive", "only plain .tar archives are read: unpack it, or pack it anew"),
    "urls": ("url_list", "URL lists are downloaded with img2dataset first"),
    "other": ("not_an_image", "a Parquet file without images, paths or addresses"),
    "folder": ("unreadable", "a folder that can't be listed"),
    "unfit": ("unsafe_name", "a key that is no path: an empty part, a dot or two for a part, or a control character"),
    "vanished": ("vanished", "it is not there any more"),
}


class File(NamedTuple):
    """A row of schemas.FILES, the path apart."""

    size: int
    modified: int
    change: str


def listing(root: Path, files: pa.Table) -> Iterator[pa.RecordBatch]:
    """The places to read in a drop, ordered by uri, then by place in the archive. Never raises over bad input.

    A file that is no text is a row; so is each image in a tar or Parquet file, and each text without an image.
    Texts of images give no row, except that a changed one leaves a row `vanished`: so the latest drop with any row
    of a file stands for the whole file, and all its earlier rows are out of date.
    """
    columns = (files.column(name).to_pylist() for name in ("path", "size", "modified", "change"))
    drop = {path: File(*facts) for path, *facts in sorted(zip(*columns, strict=True))}
    return batches(_Drop(root, drop).rows())


def write_listing(root: Path, files: pa.Table, to: Path) -> None:
    """Write the listing of a drop as a Parquet file. Raises RunError where the whole source went away meanwhile."""
    with pq.ParquetWriter(to, LISTING.schema) as file:
        for batch in listing(root, files):
            file.write_batch(batch)
    check_root(root)


class _Drop:
    """The files of a drop, and what their names say about each other."""

    def __init__(self, root: Path, files: dict[str, File]) -> None:
        self.root, self.files = root, files
        live = [path for path, file in files.items() if file.change != "vanished"]
        self.roles = {path: self._role(path) for path in live}
        self.pictured = {topic for path, role in self.roles.items() for topic in topics_for(path, role)}
        self.roles |= {path: "json" for path in live if self.roles[path] == "table" and self._is_sidecar(path)}
        self.texts, self.tables_of = self._by_topic(SIDECARS), self._by_topic(TABLES)
        gone = files.keys() - self.roles.keys()
        self.once_pictured = {topic for path in gone for topic in topics_for(path, role_of(path))}
        self.is_folder = any("/" in path for path in files)
        self.tables: dict[tuple[str, str], Table] = {}
        self.exists = finder(root)

    @cached_property
    def has_folders(self) -> bool:
        """Whether the source has folders, for whose drops a table in its root speaks."""
        return has_folders(self.root)

    def _by_topic(self, roles: tuple[str, ...]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, role in self.roles.items():
            if role in roles and (topic := topic_of(path, role)) is not None:
                found.setdefault(topic, []).append(path)
        return found

    def rows(self) -> Iterator[Row]:
        """All rows, in order."""
        for path, file in self.files.items():
            if self.is_folder and is_root_table(path):
                continue  # a guest: the drops of loose files account for it
            self.tables = {key: table for key, table in self.tables.items() if path.startswith(key[0]) or path < key[0]}
            any_row = False
            for row in self._guarded(path, file):
                any_row = True
                yield row._replace(modified=file.modified)
            if not any_row and file.change == "changed":
                yield Row(path, modified=file.modified, status="vanished", reason=SUPERSEDED)

    def _role(self, path: str) -> str:
        role = "folder" if path.endswith("/") else "unfit" if is_unfit(path) else role_of(path)
        if role != "parquet":
            return role
        try:
            with opened(self.root, path) as file:
                return kind_of(open_parquet(file).schema_arrow)
        except (UnreadableError, BadParquetError):
            return "broken"

    def _is_sidecar(self, path: str) -> bool:
        """Whether it is named like a table of kohya's only because its image is named so."""
        return path.endswith(".json") and stem(path) in self.pictured

    def _guarded(self, path: str, file: File) -> Iterator[Row]:
        try:
            yield from self._rows(path, file)
        except UnreadableError as error:
            yield Row(path, status=error.status, reason=error.reason)
        except BadParquetError as error:
            yield Row(path, status="broken_archive", reason=str(error))

    def _rows(self, path: str, file: File) -> Iterator[Row]:
        role = "vanished" if file.change == "vanished" else self.roles[path]
        if role in REFUSALS:
            status, reason = REFUSALS[role]
            yield Row(path, status=status, reason=reason)
        elif role == "image":
            sidecars, metadata = self._sidecars(path), self._metadata(path, folders_of(path))
            yield Row(path, size=file.size, sidecars=sidecars, metadata=metadata)
        elif role in TABLES:
            yield from self._table_rows(path, topic_of(path, role) or "")
        elif role in ("tar", "images", "broken"):
            yield from self._archive_rows(path)
        elif topic_of(path, role) not in self.pictured:
            yield Row(path, status="not_an_image", reason="a text without an image")

    def _archive_rows(self, path: str) -> Iterator[Row]:
        with opened(self.root, path) as file:
            if self.roles[path] != "tar":
                yield from image_rows(path, open_parquet(file))
                return
            shard = (f"{stem(path)}/",)
            for row in tar_rows(path, file):
                yield row if row.status else row._replace(metadata=self._metadata(row.member or "", shard))

    def _table_rows(self, path: str, topic: str) -> Iterator[Row]:
        table = self._table(topic, path)
        yield from table.rows
        elsewhere = topic == "" and self.has_folders
        if verdict := table.verdict(elsewhere or topic in self.pictured or topic in self.once_pictured):
            yield verdict

    def _sidecars(self, path: str) -> tuple[Sidecar, ...]:
        """Texts of an image file; the one that bears its whole name comes last, and so has the last word."""
        uris = (uri for topic in stems_of(path) for uri in self.texts.get(topic, ()))
        return tuple(Sidecar(self.roles[uri], uri) for uri in uris)

    def _metadata(self, name: str, topics: tuple[str, ...]) -> str | None:
        """What the tables of some folders say about a file or a member; the nearest table has the last word."""
        record: dict[str, Any] = {}
        for topic in topics:
            for uri in self.tables_of.get(topic, ()):
                record |= self._table(topic, uri).about(name)
        return to_json(record) if record else None

    def _table(self, topic: str, uri: str) -> Table:
        """A table of records for the files of a topic; kept until the walk has left the topic."""
        if (topic, uri) not in self.tables:
            self.tables[topic, uri] = Table(self.root, uri, self.exists)
        return self.tables[topic, uri]
