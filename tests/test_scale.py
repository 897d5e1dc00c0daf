"""Examples of deployment, and figures on paper, are what the code takes and gives."""

import tomllib
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from benchmarks.cost import Prices, table
from dataset_build.config import Config
from dataset_build.definitions import build_defs
from resources.engine import LocalEngine
from resources.ray_engine import RayEngine

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def read(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text("utf-8")))


def test_the_engine_is_the_one_configured(tmp_path: Path) -> None:
    settings = {"engine": {"kind": "ray", "address": "ray://head:10001", "workers": 7}}
    engine = build_defs(tmp_path, Config.model_validate(settings)).resources["engine"]
    assert isinstance(engine, RayEngine)
    assert (engine.address, engine.workers) == ("ray://head:10001", 7)
    assert isinstance(build_defs(tmp_path, Config()).resources["engine"], LocalEngine)


def test_settings_in_the_examples_are_settings() -> None:
    (_, settings) = read("kubernetes/settings.yaml")
    for text in ((DEPLOY / "docker/dataset.toml").read_text("utf-8"), settings["data"]["dataset.toml"]):
        config = Config.model_validate(tomllib.loads(text))
        assert (config.engine.kind, config.captions.recipes[0]) == ("ray", "single_pass")
        assert config.engine.address.startswith("ray://")


def test_dagster_takes_the_instance(tmp_path: Path) -> None:
    (settings,) = read("dagster.yaml")
    assert settings.pop("storage")["postgres"]["postgres_db"]["password"] == {"env": "DAGSTER_PG_PASSWORD"}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        limits = instance.get_concurrency_config()
    assert (limits.pool_config.default_pool_limit, limits.run_queue_config.max_concurrent_runs) == (1, 4)


@pytest.mark.parametrize("name", ["compose", "run_launcher"])
def test_no_secret_stands_in_the_examples(name: str) -> None:
    text = (DEPLOY / "docker" / f"{name}.yaml").read_text("utf-8")
    assert read(f"docker/{name}.yaml")
    for line in (DEPLOY / "docker/env.example").read_text("utf-8").splitlines():
        key, _, value = line.partition("=")
        assert not value or key == "DATASET_BUILD_LAKE"
        assert f"{key.lstrip('# ')}=" not in text


def test_the_costs_in_the_docs_are_those_computed() -> None:
    lines = table([1e7, 1e9], Prices(cpu=0.04, gpu=3.0, storage=0.023, captions=10.0))
    assert "\n".join(lines) in (ROOT / "docs" / "scale.md").read_text("utf-8")
    assert "| write captions | all GPUs | 188.9 GPU h, $566.67 |" in lines[8]
