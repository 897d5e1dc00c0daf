"""Run one query over a few planted rows; tables that are not named are empty."""

from typing import Any

import duckdb
import pyarrow as pa

from dataset_build import schemas
from dataset_build.config import Config
from dataset_build.queries import is_view, load_query
from dataset_build.steps import parameters_of

DROPS = pa.schema([("drop", pa.string()), ("source", pa.string()), ("sequence", pa.int64())])
TABLES = {table.name: table.schema for table in schemas.LAKE_TABLES + schemas.SIDE_TABLES} | {
    "drops": DROPS,
    "rule_failures": schemas.RULE_FAILURES,
}

Rows = list[dict[str, Any]]


def run(name: str, values: dict[str, Any] | None = None, **planted: Rows) -> Rows:
    """The rows that sql/<name>.sql gives, parameters at their defaults unless `values` has them.

    A view may be planted in place of what it is made from.
    """
    values = parameters_of(Config()) | (values or {})
    with duckdb.connect(":memory:") as connection:
        _register(name, connection, planted, values, set())
        return connection.table(name).to_arrow_table().to_pylist()


def _register(name: str, connection: Any, planted: dict[str, Rows], values: dict[str, Any], done: set[str]) -> None:
    if name in done:
        return
    done.add(name)
    if name in planted:
        connection.register(name, _table(name, planted[name]))
    elif name in TABLES and done != {name}:
        connection.register(name, TABLES[name].empty_table())
    else:
        query = load_query(name)
        for each in query.inputs:
            _register(each, connection, planted, values, done)
        bound = {key: values[key] for key in query.params}
        connection.register(name, connection.execute(query.text, bound).to_arrow_table())


def _table(name: str, rows: Rows) -> pa.Table:
    if is_view(name) or name not in TABLES:
        return pa.Table.from_pylist(rows)
    return pa.Table.from_pylist(rows, TABLES[name])
