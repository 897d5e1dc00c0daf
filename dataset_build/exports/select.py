"""The rows of an export, taken from a release by a filter, a mix and a limit; read in the order of the image ids."""

from collections.abc import Iterator, Mapping

import duckdb

from dataset_build.exports.errors import ExportError
from dataset_build.exports.samples import Row
from dataset_build.mixes import Mix, statements
from dataset_build.queries import load_query
from dataset_build.release.reader import Release

MEMORY = "1GB"  # what DuckDB may hold; more goes to disk


def choose(release: Release, mix: Mix, values: Mapping[str, float], where: str | None, limit: int | None) -> int:
    """Choose the rows and their texts; returns how many rows. They are read with `rows`.

    `where` is one SQL expression over the columns of `images`: it can't hold a second statement, and the release is
    read-only. Raises ExportError with DuckDB's words when it is none.
    """
    release.sql(f"set memory_limit = '{MEMORY}'")
    for statement in statements(temporary=True):
        release.sql(statement)
    _select(release, where)
    arguments = ", ".join(f"{name} := ${name}" for name in values)
    release.sql(
        f"create or replace temp table chosen as with mixed as (from mix_{mix.name}({arguments})) "
        f"{load_query('exports/chosen').text}",
        {**values, "limit": limit},
    )
    return len(release.sql("from chosen"))


def _select(release: Release, where: str | None) -> None:
    """Make the table `selected` of image ids. A relation's filter is one expression, whatever the text holds."""
    images = release.relation("images")
    try:
        query = (images if where is None else images.filter(where)).select("image_id").sql_query()
        release.sql(f"create or replace temp table selected as {query}")
    except duckdb.Error as error:
        raise ExportError(f"--where: {str(error).splitlines()[0]}") from error


def rows(release: Release, start: int, stop: int) -> list[Row]:
    """The chosen rows from number `start` to before `stop`."""
    bounds = "select min(image_id), max(image_id) from chosen where place >= $start and place < $stop"
    first, last = release.sql(bounds, {"start": start, "stop": stop}).fetchall()[0]
    query = load_query("exports/rows")
    return list(_dicts(release.sql(query.text, {"first": first, "last": last})))


def tally(release: Release) -> list[Row]:
    """How many of the chosen rows were given each kind of text, and how many fell back on it."""
    return list(_dicts(release.sql(load_query("exports/tallied").text)))


def _dicts(relation: duckdb.DuckDBPyRelation) -> Iterator[Row]:
    return iter(relation.to_arrow_table().to_pylist())
