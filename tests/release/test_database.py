import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from dataset_build.release.database import MACROS, write_database
from dataset_build.release.manifest import STAGES
from dataset_build.schemas import RELEASE_TABLES

Connection = duckdb.DuckDBPyConnection


@pytest.fixture
def folder(tmp_path: Path, write_tables: Callable[..., Path]) -> Path:
    return write_tables(tmp_path / "it's=here" / "1")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, write_tables: Callable[..., Path]) -> Iterator[Connection]:
    """The database alone, moved away from its Parquet files."""
    folder = write_tables(tmp_path_factory.mktemp("moved") / "1")
    write_database(folder, {"version": "1", "drops": [{"name": "猫's"}]})
    moved = shutil.move(folder / "release.duckdb", folder.with_name("moved.duckdb"))
    shutil.rmtree(folder)
    with duckdb.connect(str(moved), read_only=True) as connection:
        yield connection


def test_tables_equal_the_parquet_files(folder: Path) -> None:
    write_database(folder)
    with duckdb.connect(str(folder / "release.duckdb"), read_only=True) as database:
        for table in RELEASE_TABLES:
            rows = database.table(table.name).to_arrow_table()
            assert rows.column_names == table.schema.names
            assert rows.to_pylist() == pq.read_table(folder / f"{table.name}.parquet").to_pylist()


def test_nothing_else_is_left_in_the_folder(folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    write_database(folder)
    write_database(folder)
    assert {path.name for path in folder.iterdir()} == before | {"release.duckdb"}


def test_a_failure_leaves_nothing(folder: Path) -> None:
    (folder / "lineage.parquet").unlink()
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(duckdb.IOException, match="lineage"):
        write_database(folder)
    assert {path.name for path in folder.iterdir()} == before


def test_everything_is_documented(database: Connection) -> None:
    undocumented = """
        select table_name from duckdb_tables() where comment is null
        union all select table_name || '.' || column_name from duckdb_columns()
            where comment is null and not internal and table_name not in ('occurrences', 'texts', 'manifest')
        union all select view_name from duckdb_views() where comment is null and not internal
        union all select function_name from duckdb_functions() where comment is null and not internal
    """
    assert database.sql(undocumented).fetchall() == []
    phash = "select comment from duckdb_columns() where table_name = 'images' and column_name = 'phash'"
    assert database.sql(phash).fetchall() == [("ImageHash's 64-bit phash, hex",)]


def test_keys_are_not_null(database: Connection) -> None:
    nullable = database.sql("select table_name, column_name from duckdb_columns() where not is_nullable order by all")
    assert nullable.fetchall() == [
        ("captions", "caption_id"),
        ("images", "image_id"),
        ("lineage", "image_id"),
        ("manifest", "key"),
        ("rejects", "drop"),
        ("rejects", "uri"),
        ("tags", "image_id"),
        ("tags", "tag"),
    ]


def test_duckdb_1_0_can_read_it(database: Connection) -> None:
    (version,) = database.sql("select tags['storage_version'] from duckdb_databases() where not internal").fetchone()
    assert version.startswith("v1.0.0")


def test_the_manifest_is_in_it(database: Connection) -> None:
    rows = database.sql("select key, value, value->>'$[0].name' from manifest").fetchall()
    assert rows == [("version", '"1"', None), ("drops", '[{"name": "猫\'s"}]', "猫's")]


def test_every_occurrence_is_in_the_view_once(database: Connection) -> None:
    assert database.sql("select uri, member, kept, reason from occurrences order by all").fetchall() == [
        ("cats/a.jpg", None, True, None),
        ("cats/copy.jpg", None, False, "same_bytes"),
        ("cats/near.jpg", None, False, "near_duplicate"),
        ("cats/small.jpg", None, False, "too_small"),
        ("dogs/a.jpg", None, False, "truncated"),
        ("notes/lonely.txt", None, False, "not_an_image"),
        ("shards/0.tar", "0001.jpg", True, None),
        ("shards/0.tar", None, False, "replaced"),
    ]


def test_funnel(database: Connection) -> None:
    assert database.sql("from funnel()").fetchall() == [
        ("source", "not_an_image", 1),
        ("source", "replaced", 1),
        ("broken", "truncated", 1),
        ("size", "too_small", 1),
        ("duplicate", "near_duplicate", 1),
        ("duplicate", "same_bytes", 1),
    ]


def test_the_macros_know_the_stages() -> None:
    (stages,) = re.findall(r"list_position\(\[(.+?)\]", MACROS.read_text("utf-8"), re.S)
    assert tuple(stage.strip("' \n") for stage in stages.split(",")) == STAGES


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("a.jpg", [("cats/a.jpg", None, True, None), ("dogs/a.jpg", None, False, "truncated")]),
        ("CACA", [("cats/a.jpg", None, True, None), ("cats/copy.jpg", None, False, "same_bytes")]),
        ("0001.jpg", [("shards/0.tar", "0001.jpg", True, None)]),
        ("lonely.txt", [("notes/lonely.txt", None, False, "not_an_image")]),
        ("nothing", []),
    ],
)
def test_why(database: Connection, image: str, expected: list[Any]) -> None:
    rows = database.execute("select uri, member, kept, reason from why($1)", [image])
    assert rows.fetchall() == expected


def test_captions_of(database: Connection) -> None:
    assert database.sql("select chosen, caption, model, status from captions_of('cats/a.jpg')").fetchall() == [
        (True, "A tabby cat.", "compose", "ok"),
        (False, "Ein Kater.", "vlm", "ok"),
        (False, None, "vlm", "empty"),
    ]
    assert database.sql("from captions_of('near.jpg')").fetchall() == []
