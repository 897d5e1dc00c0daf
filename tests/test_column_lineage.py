"""Column lineage is read out of the queries, through views, for every table that a query makes."""

import pytest

from dataset_build.column_lineage import column_sources
from dataset_build.queries import is_query
from dataset_build.schemas import LAKE_TABLES, RELEASE_TABLES

# sql/tags.sql unnests structs into columns that sqlglot doesn't see.
MADE = [table.name for table in LAKE_TABLES if is_query(table.name) and table.name != "tags"]
COLUMNS = {table.name: set(table.schema.names) for table in LAKE_TABLES}


@pytest.mark.parametrize("name", [*MADE, *(f"release_{table.name}" for table in RELEASE_TABLES)])
def test_every_query_has_sources_that_are_columns(name: str) -> None:
    sources = column_sources(name)
    assert sources
    assert [s for columns in sources.values() for s in columns if s[1] not in COLUMNS[s[0]]] == []


def test_a_query_that_can_not_be_followed_has_no_sources() -> None:
    assert column_sources("tags") == {}


def test_sources_are_followed_through_views() -> None:
    images = column_sources("release_images")
    assert images["caption"] == [("captions", "caption")]
    assert images["url"] == [("image_texts", "source_urls"), ("occurrences", "source_url")]
    assert images["sharpness"] == [("image_facts", "sharpness")]
    assert column_sources("image_verdicts")["threshold"] == [("takedowns", "radius")]
    assert "stage" not in column_sources("image_verdicts")
    assert ("captions", "prompt_hash") in column_sources("release_lineage")["caption_prompt_hash"]
