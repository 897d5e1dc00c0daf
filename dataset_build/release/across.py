"""All releases of a lake as one database: its tables with a column that says of which release a row is."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from dataset_build.release.connection import Connected, quiet
from dataset_build.release.database import literal
from dataset_build.release.errors import NoRelease
from dataset_build.release.reader import TABLES, Release, folder_of, releases, resolve

VIEWS = (*TABLES, "occurrences")
MACROS = Path(__file__).with_name("across.sql")


class Releases(Connected):
    """Several releases of a lake, read-only: `images`, `captions`, `tags`, `rejects`, `lineage` and `occurrences` with
    a column `release` before the others, a table `releases`, and the macro release_diff(a, b).

    All that have their data, or those that `names` gives by version or tag. Raises as `open_release` does.
    """

    def __init__(self, lake: str | Path, *names: str) -> None:
        found = [resolve(name, lake) for name in names] or [m for m in releases(lake) if "tombstone" not in m]
        if not found:
            raise NoRelease(f"no release in {lake}: `dataset-build build --source DIR --lake {lake}` makes one")
        self.opened = [Release(folder_of(lake) / manifest["version"]) for manifest in found]

    @property
    def versions(self) -> list[str]:
        """The releases, in the order of `names`, else oldest first."""
        return [release.version for release in self.opened]

    def sql(self, query: str, params: Any = None) -> duckdb.DuckDBPyRelation:
        """Run a query over all of them, values bound by ? or $name. Raises duckdb.Error."""
        return self._connection.sql(query, params=params)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = quiet(duckdb.connect(":memory:"))
        for statement in self._definitions():
            connection.execute(statement)
        rows = [(m["version"], m["sequence"], m["parent"], m["created_at"], m["notes"]) for m in self._manifests()]
        connection.executemany("insert into releases values ($1, $2, $3, $4, $5)", rows)
        return connection

    def _manifests(self) -> list[dict[str, Any]]:
        return list({release.version: release.manifest for release in self.opened}.values())

    def _definitions(self) -> Iterator[str]:
        versions = list(dict.fromkeys(self.versions))
        databases = {release.version: release.database for release in self.opened}
        for number, version in enumerate(versions):
            yield f"attach {literal(str(databases[version]))} as release_{number} (read_only)"
        for view in VIEWS:
            rows = [
                f"select {literal(version)} as release, * from release_{number}.{view}"  # noqa: S608 - names are ours
                for number, version in enumerate(versions)
            ]
            yield f"create view {view} as {' union all by name '.join(rows)}"
        yield MACROS.read_text("utf-8")
