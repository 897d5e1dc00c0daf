"""How a release is queried: by a connection that changes nothing, made when it is first needed."""

import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Self

import duckdb


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


def quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same connection, which neither writes beside a release nor sees this program's variables."""
    # Large queries spill: by default that goes into the release's own folder.
    spill = Path(tempfile.gettempdir()) / f"dataset-build-{os.getpid()}"
    connection.execute("set temp_directory = $1", [str(spill)])
    # A name in a query means a table, never a variable of this program.
    connection.execute("set python_enable_replacements = false")
    return connection
