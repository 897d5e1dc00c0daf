"""What queries over a release may take."""

import duckdb
import pytest

from dataset_build.release import connection
from dataset_build.release.connection import memory_of


def test_memory_is_what_is_set() -> None:
    assert memory_of(1.5) == 1.5


@pytest.mark.parametrize(("limit", "gib"), [("512MiB", 0.5), ("3GiB", 3.0), ("2TiB", 2048.0)])
def test_where_none_is_set_it_is_what_duckdb_takes_by_itself(
    monkeypatch: pytest.MonkeyPatch, limit: str, gib: float
) -> None:
    limited = duckdb.connect(":memory:", config={"memory_limit": limit})
    monkeypatch.setattr(connection.duckdb, "connect", lambda _: limited)
    assert memory_of(0) == gib
