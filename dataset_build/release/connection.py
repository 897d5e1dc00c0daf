"""How a release is queried: by a connection that changes nothing, made when it is first needed."""

import tempfile
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Self

import duckdb

UNITS = {"KiB": 2**-20, "MiB": 2**-10, "GiB": 1, "TiB": 2**10}
_numbers = count()


class Connected:
    """What has a connection, which ends with `close` or with a `with` block."""

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        raise NotImplementedError

    def close(self) -> None:
        """End the connection, and the relations made from it."""
        if "_connection" in self.__dict__:
            self._connection.close()
            del self._connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def limit(connection: duckdb.DuckDBPyConnection, memory: float) -> None:
    """Let its queries hold `memory` GiB before they spill to disk; with 0 what DuckDB takes by itself."""
    if memory:
        connection.execute("set memory_limit = $1", [f"{memory}GiB"])


def memory_of(setting: float) -> float:
    """GiB that the queries of one DuckDB may hold: the setting, or where that is 0 what DuckDB takes by itself."""
    if setting:
        return setting
    with duckdb.connect(":memory:") as connection:
        number, unit = connection.execute("select current_setting('memory_limit')").fetchall()[0][0].split()
    return float(number) * UNITS[unit]


@cache
def _private() -> tempfile.TemporaryDirectory[str]:
    """A folder of this process, which goes when it ends."""
    return tempfile.TemporaryDirectory(prefix="dataset-build-")


def quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same connection, which neither writes beside a release nor sees this program's variables."""
    # Large queries spill: by default that goes into the release's own folder.
    # Nobody else can read this one, or have made it before.
    spill = Path(_private().name) / str(next(_numbers))
    connection.execute("set temp_directory = $1", [str(spill)])
    # A name in a query means a table, never a variable of this program.
    connection.execute("set python_enable_replacements = false")
    return connection
