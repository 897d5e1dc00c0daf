"""Each query states its inputs and parameters, binds what it states, and gives the columns of the table it names."""

import re
from dataclasses import replace
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pytest

from dataset_build import schemas, steps
from dataset_build.config import Config, RuleName
from dataset_build.queries import SQL_DIR, is_view, load_query
from dataset_build.release.manifest import STAGES
from dataset_build.sources import listing
from dataset_build.steps import Fingerprints, chosen_rules, parameters_of

OVER_RELEASES = ("mixes/", "exports/")  # these have tests of their own
EVERY = sorted(path.relative_to(SQL_DIR).with_suffix("").as_posix() for path in SQL_DIR.rglob("*.sql"))
NAMES = [name for name in EVERY if not name.startswith(OVER_RELEASES)]
STORED = {table.name: table.schema for table in schemas.LAKE_TABLES + schemas.SIDE_TABLES}
RELEASED = {table.name: table.schema for table in schemas.RELEASE_TABLES}
OUTCOMES = pa.schema([("image_id", pa.string()), ("stage", pa.string()), ("reason", pa.string())])
OTHER = {
    "drops": pa.schema([("drop", pa.string()), ("source", pa.string()), ("sequence", pa.int64())]),
    "rule_failures": schemas.RULE_FAILURES,
    "drop_occurrences": schemas.OCCURRENCES.schema,
    "drop_text_regions": schemas.TEXT_REGIONS.schema,
    "group_files": schemas.FILES.schema.append(pa.field("sequence", pa.int64())),
    "annotations": pa.schema([("number", pa.int64()), ("by", pa.string()), ("name", pa.string())]),
    "roots": pa.schema([("source", pa.string()), ("root", pa.string())]),
    "taken": pa.schema(
        [("image_id", pa.string()), ("number", pa.int64()), ("kind", pa.string()), ("words", pa.string())]
    ),
    "outcomes_now": OUTCOMES,
    "outcomes_changed": OUTCOMES,
    "drop_listing": schemas.LISTING.schema,
    "waiting": pa.schema([(name, pa.string()) for name in ("image_id", "drop", "uri", "member")]),
    "folds": pa.schema([("tag", pa.string()), ("folded", pa.string())]),
}
OVER_RELEASES = ("check_", "gallery", "purged_", "rejected_samples", "statistics/")
RULES = sorted(name.removeprefix("rules/") for name in NAMES if name.startswith("rules/"))
VALUES: dict[str, Any] = {
    **parameters_of(Config()),
    "image_ids": ["a"],
    "occurrences": 0,
    "image": "abcd",
    "fingerprint": "f",
    "limit": 0,
    "drop": "d",
    "scorers": ["words"],
    "source": "s",
    "again": ["a.jpg"],
    "tries": 3,
    "formats": ["PNG"],
    "gone": "it went",
}


def run(name: str, connection: duckdb.DuckDBPyConnection) -> pa.Table:
    query = load_query(name)
    for each in query.inputs:
        register(each, connection, RELEASED if name.startswith(OVER_RELEASES) else STORED)
    return connection.execute(query.text, {key: values(name)[key] for key in query.params}).to_arrow_table()


def values(name: str) -> dict[str, Any]:
    chosen = Config(corpus={"rules": RULES}, clip={"model": "a model"})
    return {rule.name: bound for rule, bound in chosen_rules(chosen)}.get(name, VALUES)


def register(name: str, connection: duckdb.DuckDBPyConnection, tables: dict[str, pa.Schema]) -> None:
    if is_view(name):
        connection.register(name, run(name, connection))
    else:
        connection.register(name, (tables | OTHER)[name].empty_table())


@pytest.mark.parametrize("name", NAMES)
def test_the_header_tells_what_the_query_binds(name: str) -> None:
    statements = duckdb.extract_statements(load_query(name).text)
    assert len(statements) == 1
    assert statements[0].named_parameters == set(load_query(name).params)


@pytest.mark.parametrize("name", NAMES)
def test_the_query_runs_on_what_its_header_names(name: str) -> None:
    with duckdb.connect(":memory:") as connection:
        assert run(name, connection).num_rows == (len(STAGES) if name.endswith("stages") else 0)


@pytest.mark.parametrize("table", (*schemas.LAKE_TABLES, *schemas.RELEASE_TABLES), ids=lambda t: t.name)
def test_the_query_gives_the_columns_of_its_table(table: schemas.Table) -> None:
    names = (
        [f"{how}_{table.name}" for how in ("release", "purged")] if table in schemas.RELEASE_TABLES else [table.name]
    )
    if names[0] not in NAMES:
        pytest.skip("not made by a query")
    for name in names:
        with duckdb.connect(":memory:") as connection:
            assert run(name, connection).column_names == table.schema.names


# By which table each query is made use of that isn't named after it.
USED_FOR = {
    "duplicate_links": "duplicates",
    "keeper_order": "duplicates",
    "kept_alone": "duplicates",
    "text_places": "text_regions",
    "embedding_places": "image_embeddings",
    "unclustered": "image_clusters",
    "caption_score_work": "caption_scores",
    "tag_aliases": "caption_scores",
}
MISSING = {"missing_text_embeddings", "caption_work", "caption_places", "inherited_captions"}  # which rows, not what
SHOWN = {"compare_duplicate_methods", "find_images", "image_measures", "pair_measures", "phash_of", "places_of",
         "rejected_samples", "score_measures", "style_sample", "text_boxes_of", "unknown_tags",
         "variant_places"}  # fmt: skip
ASKED = {"annotated", "known_files", "readable_files", "unreadable_files"}  # of people's captions, and of sources
NO_TABLE = ("release_", "purged_", "check_", "preview_", "gallery", "rules/", "statistics/")


def test_of_each_query_it_is_known_what_for() -> None:
    used = {name for name in NAMES if not is_view(name) and not name.startswith(NO_TABLE)}
    assert used - STORED.keys() == USED_FOR.keys() | MISSING | SHOWN | ASKED


@pytest.mark.parametrize("name", sorted(USED_FOR.keys() | (STORED.keys() & set(NAMES))))
def test_a_table_is_stale_when_a_query_changes_that_it_is_made_with(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query, table = load_query(name), USED_FOR.get(name, name)
    before = str(Fingerprints(Config())[table])
    changed = replace(query, text=query.text + " -- changed")
    monkeypatch.setattr(steps, "load_query", lambda asked: changed if asked == name else load_query(asked))
    assert str(Fingerprints(Config())[table]) != before


def test_a_drop_is_read_again_when_other_places_are_listed_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {table: str(Fingerprints(Config())[table]) for table in ("listing", "occurrences", "image_facts")}
    monkeypatch.setattr(listing, "VERSION", "another")
    assert not [table for table, made in before.items() if str(Fingerprints(Config())[table]) == made]


def test_every_query_says_in_its_first_line_what_it_gives() -> None:
    for name in EVERY:
        assert load_query(name).text.startswith("-- "), name


def test_the_stages_are_those_of_the_manifest() -> None:
    with duckdb.connect(":memory:") as connection:
        assert tuple(run("stages", connection).column("stage").to_pylist()) == STAGES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_gives_the_columns_of_a_verdict_but_for_its_stage(rule: str) -> None:
    with duckdb.connect(":memory:") as connection:
        assert run(f"rules/{rule}", connection).column_names == schemas.RULE_FAILURES.names


def test_every_rule_can_be_chosen_and_has_its_settings() -> None:
    assert sorted(get_args(RuleName)) == RULES
    assert set(RULES) <= set(Config.model_fields)


def test_no_query_counts_or_compares_over_all_rows_by_a_window() -> None:
    """That crashes DuckDB 1.5 now and then (duckdb#22352)."""
    guilty = re.compile(r"\b(count|min|max|sum|avg|any_value)\([^()]*\) over \(\)")
    assert [name for name in EVERY if guilty.search(load_query(name).text)] == []
