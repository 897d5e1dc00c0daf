"""What a release holds, counted: biases, tags, captions, sizes, reasons; and compared with another release."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from dataset_build.queries import load_query
from dataset_build.release.connection import limit, quiet
from dataset_build.release.manifest import STATISTICS

TABLES = ("bias", "captions", "style", "resolution", "aspect", "tags", "tag_pairs", "licences", "alignment", "reasons")
SIZES = {"images", "occurrences", "captions"}  # the columns that count
NAMES = {
    "measure", "value", "recipe", "variant", "model", "resolution", "aspect", "tag", "category", "tag_a", "tag_b",
    "licence", "level", "stage", "reason",
}  # fmt: skip

Row = dict[str, Any]
Statistics = Mapping[str, list[Row]]


def measure(folder: Path, memory: float = 0) -> Statistics:
    """Count a release's Parquet files; each table of sql/statistics/ is a list of rows. Equal files, equal counts.

    `memory` in GiB is what the queries may take, 0 for DuckDB's own limit.
    """
    with quiet(duckdb.connect(":memory:")) as connection:
        limit(connection, memory)
        found = {}
        for name in TABLES:
            query = load_query(f"statistics/{name}")
            for table in query.inputs:
                path = str(folder / f"{table}.parquet")
                connection.read_parquet(path).create_view(table, replace=True)
            rows = connection.execute(query.text)
            columns = [column[0] for column in rows.description or ()]
            found[name] = [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]
        return found


def as_json(statistics: Statistics) -> str:
    """One row to a line; equal statistics give equal bytes."""
    tables = []
    for name, rows in statistics.items():
        lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False, allow_nan=False)}" for row in rows)
        tables.append(f" {json.dumps(name)}: [\n{lines}\n ]" if rows else f" {json.dumps(name)}: []")
    return "{\n" + ",\n".join(tables) + "\n}\n"


def read_statistics(folder: Path) -> Statistics | None:
    """The statistics that a release was made with; null where it was made before there were any."""
    path = folder / STATISTICS
    return json.loads(path.read_bytes()) if path.exists() else None


def compared(now: Statistics, before: Statistics | None, name: str, column: str | None = None) -> list[Row]:
    """The rows of one table, each with `before`: the count of the same row in another release, null if there is none.

    Rows that are only in the other one come last, with a count of 0. Another `column` can be compared than the counts.
    """
    earlier = (before or {}).get(name, [])
    if not before or not (now[name] or earlier):
        return now[name]
    count = column or next(each for each in (now[name] or earlier)[0] if each in SIZES)
    old = {_key(row): row[count] for row in earlier}
    rows = [{**row, "before": old.pop(_key(row), None)} for row in now[name]]
    gone = [row for row in earlier if _key(row) in old]
    return rows + [{**{k: v for k, v in row.items() if k in NAMES}, count: 0, "before": row[count]} for row in gone]


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in sorted(NAMES))
