"""From the tags that came with images to one row per image and tag, by vocabulary and rules."""

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from dataset_build.config import Config, Tags
from dataset_build.queries import load_query
from dataset_build.schemas import OCCURRENCES, TAG_VOCABULARY
from dataset_build.steps import parameters_of
from dataset_build.tags.fold import fold
from dataset_build.tags.order import Named


def image_tags(
    occurrences: duckdb.DuckDBPyRelation,
    vocabulary: duckdb.DuckDBPyRelation,
    connection: duckdb.DuckDBPyConnection,
    rules: Tags,
) -> pa.RecordBatchReader:
    """Rows of schemas.TAGS for rows of schemas.OCCURRENCES, by rows of schemas.TAG_VOCABULARY.

    Each distinct spelling is folded once; all else is one query.
    """
    occurrences.create_view("drop_occurrences")
    vocabulary.create_view("tag_vocabulary")
    raw = connection.sql("select distinct unnest(raw_tags).tag as tag from drop_occurrences").to_arrow_table()
    folded = pa.array([fold(tag) for tag in raw.column("tag").to_pylist()], pa.string())
    connection.register("folds", raw.append_column("folded", folded))
    query = load_query("tags")
    return connection.execute(query.text, _bound(query.params, rules)).to_arrow_reader(10_000)


def normalise(images: Sequence[Sequence[tuple[str, str]]], vocabulary: pa.Table, rules: Tags) -> list[list[Named]]:
    """What a build would make of the (tag, category) pairs of each image, in the order given by category and rank.

    The same queries as a build's, over these images alone. normalise of its own result changes no tag.
    """
    rows = [
        {"image_id": f"{n:09d}", "raw_tags": [{"tag": t, "category": c} for t, c in tags]}
        for n, tags in enumerate(images)
    ]
    occurrences = pa.Table.from_pylist(rows, OCCURRENCES.schema)
    with duckdb.connect(":memory:") as connection:
        relation = connection.from_arrow(vocabulary.cast(TAG_VOCABULARY.schema))
        tags = image_tags(connection.from_arrow(occurrences), relation, connection, rules).read_all()
        connection.register("tags", tags)
        connection.register("members", pa.table({c: tags.column("image_id").unique() for c in ("image_id", "member")}))
        for name in ("merged_tags", "tag_lists"):
            query = load_query(name)
            connection.execute(f"create temp table {name} as {query.text}", _bound(query.params, rules))
        lists = dict(connection.sql("select image_id::bigint, tags from tag_lists").fetchall())
    return [[Named(**tag) for tag in lists.get(n, ())] for n in range(len(images))]


def _bound(params: Sequence[str], rules: Tags) -> dict[str, object]:
    values = parameters_of(Config(tags=rules))
    return {name: values[name] for name in params}
