"""The rows of an export, taken from a release by a filter, a mix and a limit; read in the order of the image ids."""

from collections.abc import Iterator, Mapping

import duckdb

from dataset_build.exports.errors import ExportError
from dataset_build.exports.samples import Row
from dataset_build.mixes import Mix, macros
from dataset_build.queries import load_query
from dataset_build.release.reader import Release

MEMORY = "1GB"  # what DuckDB may hold; more goes to disk
RUN = 10_000  # rows that are held at once


class Selection:
    """The chosen images of a release, each with the text that a mix picks for it; `len` tells how many.

    `where` is one SQL expression over the columns of `images`: it can't hold a second statement, and the release is
    read-only. Raises ExportError with DuckDB's words when it is none.
    """

    def __init__(
        self, release: Release, mix: Mix, values: Mapping[str, float], where: str | None, limit: int | None
    ) -> None:
        self.release, self.values = release, dict(values)
        release.sql(f"set memory_limit = '{MEMORY}'")
        for statement in macros(temporary=True):
            release.sql(statement)
        release.sql("create or replace temp view every_text as " + load_query("exports/texts").text)
        self._mix = f"from mix_{mix.name}({', '.join(f'{name} := ${name}' for name in self.values)})"
        self._select(where, limit)

    def _select(self, where: str | None, limit: int | None) -> None:
        """A relation's filter is one expression, whatever the text holds."""
        images = self.release.relation("images")
        try:
            fitting = (images if where is None else images.filter(where)).select("image_id").sql_query()
            self._make("fitting", fitting)
        except duckdb.Error as error:
            raise ExportError(f"--where: {str(error).splitlines()[0]}") from error
        self._make("selected", load_query("exports/selected").text, {"limit": limit})

    def _make(self, table: str, query: str, values: Mapping[str, object] | None = None) -> None:
        self.release.sql(f"create or replace temp table {table} as {query}", values)

    def __len__(self) -> int:
        return len(self.release.sql("from selected"))

    def runs(self, places: range) -> Iterator[list[Row]]:
        """The rows at these places, a bounded number at a time; a row has no `text` where the mix picks none."""
        for start in range(places.start, places.stop, RUN):
            yield self._run(start, min(start + RUN, places.stop))

    def _run(self, start: int, stop: int) -> list[Row]:
        """Only a run's texts are looked at, which is quick: a release's tables lie in the order of the image ids."""
        self._make("part", load_query("exports/part").text, {"start": start, "stop": stop})
        first, last = self.release.sql("select min(image_id), max(image_id) from part").fetchall()[0]
        self._make("texts", load_query("exports/part_texts").text, {"first": first, "last": last})
        self._make("picked", self._mix, self.values)
        rows: list[Row] = self.release.sql(load_query("exports/rows").text).to_arrow_table().to_pylist()
        return rows
