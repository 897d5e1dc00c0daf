"""The lake: all tables under one root, as a configuration sees them, and the queries over them."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dataset_build import schemas
from dataset_build.clip.model import why_off as clip_off
from dataset_build.config import Config
from dataset_build.fingerprint import Fingerprint, digest
from dataset_build.locations import is_remote, locate, scratch
from dataset_build.queries import RULE_FAILURES, Query, is_view, load_query
from dataset_build.release.connection import limit
from dataset_build.steps import Fingerprints, chosen_rules, parameters_of, recipe_fingerprint
from dataset_build.text.models import why_off as text_off
from resources.drops import Drops
from resources.httpfs import reach
from resources.kept import KEPT, kept_file
from resources.look import one_look
from resources.pieces import MANIFEST, Piece, Provenance
from resources.storage import lock, private_folder, read_json_ahead, unpublished
from resources.vocabularies import with_pins

PER_DROP = {"listing", "occurrences", "image_facts", "text_regions", "image_embeddings", "tags"}
# A piece per recipe or set of columns: no caption is ever lost to a change of its recipe, nor a word of people.
EVERY_FINGERPRINT = {"captions", "takedowns", "overrides"}
EMBEDDED = {"image_embeddings", "text_embeddings", "embedding_pairs", "image_clusters"}
TABLES = {table.name: table for table in schemas.LAKE_TABLES + schemas.SIDE_TABLES}


class Lake:
    """Tables are found by the fingerprint that the configuration gives them, so a changed setting is another table.
    Vocabularies that the configuration names are pinned to their latest import: another import, another table.

    `provenance` (run id, time …) is noted in the manifests of what is written, and nowhere else.
    """

    keeps_views = True

    def __init__(self, root: Path, config: Config, provenance: Provenance | None = None) -> None:
        self.root = root
        self.config = with_pins(config, root)
        self.provenance = provenance or {}
        self.drops = Drops(root / "drops")

    def piece(self, name: str, drop: str | None = None) -> Piece:
        """Where a table's rows are kept under this configuration; `drop` for tables that are made drop by drop."""
        piece = self._piece(name, self.fingerprint(name))
        return replace(piece, folder=piece.folder / drop) if drop else piece

    def captions(self, recipe: str) -> Piece:
        """Where the captions of a recipe are kept under this configuration."""
        return self._piece("captions", recipe_fingerprint(recipe, self.config))

    def _piece(self, name: str, fingerprint: Fingerprint) -> Piece:
        return Piece(self.root / "tables" / name / str(fingerprint), TABLES[name], fingerprint)

    def fingerprint(self, name: str) -> Fingerprint:
        """What a table is made from, its inputs' rows apart."""
        return self._fingerprints[name]

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints(self.config)

    def pieces(self, name: str) -> dict[str, Piece]:
        """The finished pieces of a table: by active drop, by fingerprint where all of them count, else the one."""
        with one_look():
            pieces = self._pieces(name)
            read_json_ahead(piece.folder / MANIFEST for piece in pieces.values())
            return {key: piece for key, piece in pieces.items() if piece.version}

    def _pieces(self, name: str) -> dict[str, Piece]:
        if name in PER_DROP:
            return {drop.name: self.piece(name, drop.name) for drop in self.drops.active()}
        if name in EVERY_FINGERPRINT:
            folders = sorted(self.piece(name).folder.parent.glob("*"))
            return {folder.name: replace(self.piece(name), folder=folder) for folder in folders}
        return {"": self.piece(name)}

    def complete_drops(self) -> list[str]:
        """The active drops of which all is made that is made drop by drop. Nothing of the others counts yet."""
        tables = [self.piece(name) for name in PER_DROP if not self.off(name)]
        with one_look():
            drops = [drop.name for drop in self.drops.active()]
            pieces = {drop: [replace(each, folder=each.folder / drop) for each in tables] for drop in drops}
            read_json_ahead(piece.folder / MANIFEST for each in pieces.values() for piece in each)
            return [drop for drop, each in pieces.items() if all(piece.version for piece in each)]

    def off(self, name: str) -> str | None:
        """Why a table is not made under this configuration; None when it is."""
        if name == "text_regions":
            return text_off(self.config.text)
        return clip_off(self.config.clip) if name in EMBEDDED else None

    def version(self, name: str) -> str:
        """Hash of the content of a table or view: equal versions, equal rows."""
        with one_look():
            return self._version(name)

    def _version(self, name: str) -> str:
        if name == "drops":
            return digest(self._drops().to_pylist())[:16]
        if name == RULE_FAILURES:
            tables = {each for rule, _ in chosen_rules(self.config) for each in rule.inputs} - {"candidates"}
            return digest({table: self.version(table) for table in sorted(tables | {"image_texts"})})[:16]
        if is_view(name):
            return digest([self.fingerprint(name).parts, self._inputs(name)])[:16]
        return digest({drop: piece.version for drop, piece in self.pieces(name).items()})[:16]

    def derive(self, name: str) -> Piece:
        """Bring a table that is made by the query sql/<name>.sql up to date. Nothing is written if it is."""
        return self.replace(name, lambda: self.query(name), load_query(name).inputs)

    def replace(self, name: str, rows: Any, inputs: Iterable[str]) -> Piece:
        """Set a table's rows to what `rows()` gives, unless it was already made from the same inputs."""
        with one_look():
            piece, versions = self.piece(name), {table: self.version(table) for table in inputs}
        manifest = piece.manifest
        if manifest is None or manifest["inputs"] != versions:
            with self.writing(piece):
                piece.replace(rows(), versions, self.provenance)
        return piece

    @contextmanager
    def writing(self, piece: Piece) -> Iterator[None]:
        """Keep other processes from writing to the same piece."""
        with lock(piece.folder / ".lock", f"writing {piece.table.name}"):
            yield

    def query(self, name: str, **values: Any) -> Iterator[pa.RecordBatch]:
        """Run sql/<name>.sql over the lake's tables, its parameters from the configuration or `values`."""
        with self.reading(name, **values) as batches:
            yield from batches

    @contextmanager
    def reading(self, name: str, **values: Any) -> Iterator[pa.RecordBatchReader]:
        """The same as a reader, which knows its schema before there is a row."""
        with self._run(name, values) as result:
            yield result.to_arrow_reader(10_000)

    def table(self, name: str, **values: Any) -> pa.Table:
        """The same, whole in memory."""
        with self._run(name, values) as result:
            return result.to_arrow_table()

    def view(self, name: str) -> pa.Table:
        """All rows of a table or view, whole in memory."""
        with self.connect([name]) as connection:
            return connection.table(name).to_arrow_table()

    def count(self, view: str) -> int:
        """Rows of a table or view."""
        with self.connect([view]) as connection:
            return len(connection.table(view))

    def sample(self, view: str, limit: int) -> list[str]:
        """The first image ids of a view; being hashes, they are as good as random."""
        with self.connect([view]) as connection:
            rows = connection.table(view).select("image_id").order("image_id").limit(limit).fetchall()
        return [image_id for (image_id,) in rows]

    @contextmanager
    def connect(self, names: Iterable[str], **variables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """An in-memory DuckDB with the named tables and views; it spills to the lake's own folder, or to scratch.

        `variables` are set before, for views that read them with getvariable.
        """
        with (
            private_folder(scratch(self.root / "tmp")) as spill,
            duckdb.connect(":memory:", config={"temp_directory": str(spill)}) as connection,
        ):
            connection.execute("set enable_progress_bar = false")
            limit(connection, self.config.engine.memory)
            if is_remote(self.root):
                reach(connection, self.root)
            for variable, value in variables.items():
                connection.execute(f"set variable {variable} = $1", [value])
            registered: set[str] = set()
            with one_look():
                for name in names:
                    self._register(connection, name, registered)
            yield connection

    @contextmanager
    def _run(self, name: str, values: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
        query, given = load_query(name), {**parameters_of(self.config), **values}
        with self.connect(query.inputs) as connection:
            yield connection.execute(query.text, {key: given[key] for key in query.params})

    def _register(self, connection: duckdb.DuckDBPyConnection, name: str, done: set[str]) -> None:
        if name in done:
            return
        done.add(name)
        if name == "drops":
            connection.register(name, self._drops())
        elif name == RULE_FAILURES:
            self._register_rules(connection, done)
        elif name in KEPT and self.keeps_views:
            self._register_kept(connection, load_query(name))
        elif is_view(name):
            for each in load_query(name).inputs:
                self._register(connection, each, done)
            self._register_view(connection, load_query(name))
        else:
            self._register_table(connection, name)

    def _register_rules(self, connection: duckdb.DuckDBPyConnection, done: set[str]) -> None:
        """What the chosen rules reject, rule after rule: a rule that samples sees what those before it leave."""
        connection.register("no_failures", schemas.RULE_FAILURES.empty_table())
        connection.execute(f"create temp table {RULE_FAILURES} as from no_failures")
        for rule, values in chosen_rules(self.config):
            for each in rule.inputs:
                self._register(connection, each, done)
            connection.execute(f"insert into {RULE_FAILURES} by name {rule.text}", values)

    def _register_table(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        parts = [str(part) for piece in self.pieces(name).values() for part in piece.parts()]
        if parts:
            connection.read_parquet(parts, union_by_name=name in EVERY_FINGERPRINT).create_view(name)
        else:
            connection.register(name, TABLES[name].schema.empty_table())

    def _register_view(self, connection: duckdb.DuckDBPyConnection, query: Query) -> None:
        """A temporary view; a temporary table where there are values to bind, which views can't hold."""
        values = parameters_of(self.config)
        kind = "table" if query.params else "view"
        text = f"create temp {kind} {query.name} as {query.text}"
        connection.execute(text, {key: values[key] for key in query.params})

    def _register_kept(self, connection: duckdb.DuckDBPyConnection, query: Query) -> None:
        file = kept_file(self.root, query.name, self.version(query.name))
        if not file.exists():
            with unpublished(file) as new, self.connect(query.inputs) as apart:
                values = parameters_of(self.config)
                # Copied, not streamed: the stream of a union stands still for ever once its first buffer is full.
                text = f"copy ({query.text}) to $kept_in (format parquet)"
                apart.execute(text, {"kept_in": str(new), **{key: values[key] for key in query.params}})
                new.replace(file)
        connection.read_parquet(str(file)).create_view(query.name)

    def _drops(self) -> pa.Table:
        drops = self.drops.table()
        return drops.filter(pc.is_in(drops.column("drop"), pa.array(self.complete_drops(), pa.string())))

    def _inputs(self, name: str) -> dict[str, str]:
        return {table: self.version(table) for table in load_query(name).inputs}


def environment_lake() -> Path:
    """The lake that DATASET_BUILD_LAKE names, else ./lake."""
    return locate(os.environ.get("DATASET_BUILD_LAKE", "lake"))
