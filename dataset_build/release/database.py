"""release.duckdb: a release's tables, documented, with macros for the usual questions."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from dataset_build import mixes
from dataset_build.release.connection import limit
from dataset_build.release.manifest import DATABASE
from dataset_build.schemas import RELEASE_TABLES, Table

MACROS = Path(__file__).with_name("macros.sql")
STORAGE = "v1.0.0"  # the oldest DuckDB that can read the file
NULLABLE_KEYS = {"member"}


def write_database(folder: Path, manifest: Mapping[str, Any] | None = None, memory: float = 0) -> None:
    """Write release.duckdb from the Parquet files beside it, and the manifest's entries if they are given.

    The file holds rows, not paths: it can be moved. Keys are not indexed, which would make it four times larger. It
    takes up to `memory` GiB, if that is given.
    """
    with TemporaryDirectory(prefix=".", dir=folder) as scratch:
        target = Path(scratch) / DATABASE
        with duckdb.connect(config={"temp_directory": f"{scratch}/spill"}) as connection:
            connection.execute("set enable_progress_bar = false")
            limit(connection, memory)
            connection.execute(f"attach {literal(str(target))} as release (storage_version '{STORAGE}')")
            connection.execute("use release; begin")
            for table in RELEASE_TABLES:
                _copy(connection, table, folder / f"{table.name}.parquet")
            for statement in (MACROS.read_text("utf-8"), *mixes.statements(), *mixes.comments()):
                connection.execute(statement)
            _add_manifest(connection, manifest or {})
            connection.execute("commit; checkpoint; use memory; detach release")
        with target.open("rb") as file:
            os.fsync(file.fileno())
        target.replace(folder / DATABASE)


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, parquet: Path) -> None:
    connection.read_parquet(str(parquet)).create(table.name)
    for statement in _documentation(table):
        connection.execute(statement)


def _documentation(table: Table) -> Iterator[str]:
    yield f"comment on table {table.name} is {literal(table.doc)}"
    for column in table.schema.names:
        yield f'comment on column {table.name}."{column}" is {literal(table.doc_of(column))}'
    for column in table.key:
        if column not in NULLABLE_KEYS:
            yield f'alter table {table.name} alter "{column}" set not null'


def _add_manifest(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    connection.execute("create table manifest (key varchar not null, value json)")
    connection.execute("comment on table manifest is 'How the release was made: the entries of its manifest.'")
    for key, value in manifest.items():
        connection.execute("insert into manifest values ($1, $2)", [key, json.dumps(value, ensure_ascii=False)])


def literal(text: str) -> str:
    """DDL takes no bound parameters."""
    return "'" + text.replace("'", "''") + "'"
