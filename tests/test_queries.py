"""Each query states its inputs and parameters, binds what it states, and gives the columns of the table it names."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dataset_build import schemas
from dataset_build.queries import SQL_DIR, is_view, load_query
from dataset_build.release.manifest import STAGES

NAMES = sorted(path.stem for path in SQL_DIR.glob("*.sql"))
STORED = {table.name: table.schema for table in schemas.LAKE_TABLES}
RELEASED = {table.name: table.schema for table in schemas.RELEASE_TABLES}
OTHER = {
    "drops": pa.schema([("drop", pa.string()), ("source", pa.string()), ("sequence", pa.int64())]),
    "drop_occurrences": schemas.OCCURRENCES.schema,
    "folds": pa.schema([("tag", pa.string()), ("folded", pa.string())]),
}
VALUES: dict[str, Any] = {
    "min_side": 200,
    "max_aspect": 3.0,
    "min_sharpness": 8.0,
    "radius": 48,
    "widest_radius": 64,
    "confirm": 0.9,
    "variants": "keep",
    "recoloured": 12.0,
    "redrawn": 30.0,
    "min_characters": 3,
    "caption_fingerprint": "f",
    "image_ids": ["a"],
    "occurrences": 0,
}


def run(name: str, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    query = load_query(name)
    for each in query.inputs:
        register(each, connection, RELEASED if name.startswith("check_") else STORED)
    return connection.execute(query.text, {key: VALUES[key] for key in query.params}).to_arrow_table()


def register(name: str, connection: duckdb.DuckDBPyConnection, tables: dict[str, pa.Schema]) -> None:
    if is_view(name):
        connection.register(name, run(name, connection))
    else:
        connection.register(name, (tables | OTHER)[name].empty_table())


@pytest.mark.parametrize("name", NAMES)
def test_the_header_tells_what_the_query_binds(name: str) -> None:
    statements = duckdb.extract_statements(load_query(name).text)
    assert len(statements) == 1
    assert statements[0].named_parameters == set(load_query(name).params)


@pytest.mark.parametrize("name", NAMES)
def test_the_query_runs_on_what_its_header_names(name: str) -> None:
    with duckdb.connect(":memory:") as connection:
        assert run(name, connection).num_rows == (len(STAGES) if name == "stages" else 0)


@pytest.mark.parametrize("table", (*schemas.LAKE_TABLES, *schemas.RELEASE_TABLES), ids=lambda t: t.name)
def test_the_query_gives_the_columns_of_its_table(table: schemas.Table) -> None:
    name = f"release_{table.name}" if table in schemas.RELEASE_TABLES else table.name
    if name not in NAMES:
        pytest.skip("not made by a query")
    with duckdb.connect(":memory:") as connection:
        assert run(name, connection).column_names == table.schema.names


def test_every_query_says_in_its_first_line_what_it_gives() -> None:
    for name in NAMES:
        assert load_query(name).text.startswith("-- "), name


def test_the_stages_are_those_of_the_manifest() -> None:
    with duckdb.connect(":memory:") as connection:
        assert tuple(run("stages", connection).column("stage").to_pylist()) == STAGES
