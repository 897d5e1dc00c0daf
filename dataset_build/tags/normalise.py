"""From the tags that came with images to one row per image and tag."""

import duckdb
import pyarrow as pa

from dataset_build.queries import load_query
from dataset_build.tags.fold import fold


def image_tags(occurrences: duckdb.DuckDBPyRelation, connection: duckdb.DuckDBPyConnection) -> pa.RecordBatchReader:
    """Rows of schemas.TAGS for rows of schemas.OCCURRENCES. Each distinct spelling is folded once."""
    occurrences.create_view("drop_occurrences")
    raw = connection.sql("select distinct unnest(raw_tags).tag as tag from drop_occurrences").to_arrow_table()
    folded = pa.array([fold(tag) for tag in raw.column("tag").to_pylist()], pa.string())
    connection.register("folds", raw.append_column("folded", folded))
    return connection.sql(load_query("tags").text).to_arrow_reader(10_000)
