"""A user's SQL over a release, and its rows as text."""

import csv
import io
import json
import math
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any, Literal

import duckdb

from dataset_build.release.across import Releases
from dataset_build.release.errors import BadQuery
from dataset_build.release.reader import Release
from dataset_build.release.text import plain

Format = Literal["table", "csv", "json"]
SHOWN_ROWS = 100


def run_sql(release: Release | Releases, query: str, limit: int | None = None) -> duckdb.DuckDBPyRelation | None:
    """The rows that a query gives, or the first of them; null for a statement that gives none, such as COPY.

    Raises BadQuery with DuckDB's words, also for whatever would change the release.
    """
    try:
        rows = release.sql(query)
        if rows is not None and limit is not None:
            rows = rows.limit(limit)
        return None if rows is None else rows.execute()
    except duckdb.Error as error:
        raise BadQuery(_first_words(str(error))) from error
    except UnicodeError as error:
        raise BadQuery("the query isn't valid UTF-8") from error


def _first_words(message: str) -> str:
    """DuckDB's message without the query that it repeats, and without lists of candidates, which are indented."""
    lines = message.split("\n\n")[0].splitlines()
    return " ".join(line for line in lines if not line.startswith("\t"))


def render_rows(rows: duckdb.DuckDBPyRelation | None, form: Format = "table", width: int = 120) -> str:
    """Rows as text that ends with a newline.

    table: for reading, at most `width` characters wide and 100 rows long, with a note of what isn't shown.
    csv: RFC 4180 with a header, but lines end as in the shell; null is empty, lists and structs are JSON.
    json: an array of objects, one line each; see `as_json` for the values.
    """
    if form == "table":
        return "" if rows is None else _table(rows, width)
    columns, values = ([], []) if rows is None else (rows.columns, rows.fetchall())
    return _csv(columns, values) if form == "csv" else _json(columns, values)


def _table(rows: duckdb.DuckDBPyRelation, width: int) -> str:
    text = io.StringIO()
    with redirect_stdout(text):
        rows.show(max_width=width, max_rows=SHOWN_ROWS)
    return "\n".join(plain(line) for line in text.getvalue().rstrip("\n").split("\n")) + "\n"


def _csv(columns: list[str], rows: list[Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")  # a cell can be handed to another command
    writer.writerow(columns)
    writer.writerows([as_cell(as_json(value)) for value in row] for row in rows)
    return text.getvalue()


def as_cell(value: Any) -> str:
    """A value of `as_json` as text: null is empty, lists and structs are JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(columns: list[str], rows: list[Any]) -> str:
    names = list(unique(columns))
    lines = (
        json.dumps(dict(zip(names, map(as_json, row), strict=True)), ensure_ascii=False, allow_nan=False)
        for row in rows
    )
    return "[" + ",\n ".join(lines) + "]\n"


def unique(columns: list[str]) -> Iterator[str]:
    """Numbers added to repeated names, as DuckDB does it in subqueries: a, a_1, a_2."""
    taken: set[str] = set()
    for column in columns:
        names = (f"{column}_{n}" if n else column for n in count())
        name = next(name for name in names if name not in taken)
        taken.add(name)
        yield name


def as_json(value: Any) -> Any:
    """A DuckDB value as JSON has it: NaN and infinities null, times ISO 8601, bytes hex, intervals in seconds."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return float(value) if math.isfinite(value) else None
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case dict():
            return {str(key): as_json(item) for key, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
        case _:
            return value.total_seconds() if hasattr(value, "total_seconds") else str(value)
