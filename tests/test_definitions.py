"""The graph: every asset says what it is, in which stage, by which code; and the UI can load it."""

from pathlib import Path

import dagster as dg
import pytest

from dataset_build.config import Config, Rules
from dataset_build.definitions import build_defs, defs
from dataset_build.schemas import LAKE_TABLES, SIDE_TABLES


@pytest.fixture(scope="module")
def specs() -> dict[str, dg.AssetSpec]:
    return specs_of(Config())


def specs_of(config: Config) -> dict[str, dg.AssetSpec]:
    graph = build_defs(Path("lake"), config).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).to_asset_spec() for key in graph.get_all_asset_keys()}


def test_the_graph_has_an_asset_for_each_table_that_is_made(specs: dict[str, dg.AssetSpec]) -> None:
    tables = {table.name for table in LAKE_TABLES + SIDE_TABLES} - {"listing"}
    assert set(specs) == tables | {"sources", "release"}


def test_every_asset_says_what_it_is(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.group_name != "default", name
        assert spec.kinds, name
        assert spec.code_version, name


def test_tables_show_their_columns_with_what_they_mean(specs: dict[str, dg.AssetSpec]) -> None:
    for table in LAKE_TABLES:
        if table.name in specs:
            shown = specs[table.name].metadata["dagster/column_schema"]
            assert [column.name for column in shown.columns] == table.schema.names
            assert all(column.description for column in shown.columns)


def test_drops_and_versions_are_partitions_and_the_rest_is_not(specs: dict[str, dg.AssetSpec]) -> None:
    partitions = {name: spec.partitions_def.name for name, spec in specs.items() if spec.partitions_def}
    drops = dict.fromkeys(("occurrences", "image_facts", "text_regions", "image_embeddings", "tags"), "drops")
    assert partitions == {**drops, "release": "versions"}


def test_a_setting_makes_only_the_tables_stale_that_read_it(specs: dict[str, dg.AssetSpec]) -> None:
    changed = specs_of(Config(rules=Rules(min_side=10)))
    stale = {name for name, spec in specs.items() if changed[name].code_version != spec.code_version}
    assert stale == {"image_verdicts"}


def test_the_module_that_the_ui_loads_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASET_BUILD_LAKE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    dg.Definitions.validate_loadable(defs())
    assert {job.name for job in defs().resolve_all_job_defs()} >= {"discover", "ingest", "curate", "caption", "publish"}
