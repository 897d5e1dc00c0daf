"""The composition root: assets, jobs and resources put together for one lake and one configuration."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from assets import captions, clip, corpus, dedup, images, ingest, people, releases, sources, tags, text
from assets.jobs import JOBS
from assets.nightly import CURATED, CURRENT, curation, failures, new_drops, nightly
from dataset_build.config import Config, load_config
from dataset_build.locations import is_remote
from resources.engine import Engine, LocalEngine
from resources.lake import TABLES, Lake, environment_lake
from resources.notify import notifier
from resources.ray_engine import RayEngine
from resources.s3 import s3_resource, through

ASSETS = dg.load_assets_from_modules(
    [sources, people, ingest, tags, text, clip, images, dedup, corpus, captions, releases]
)


def build_defs(lake: Path, config: Config, **resources: Any) -> dg.Definitions:
    """Everything that Dagster needs to build into `lake`; keyword arguments replace resources by name."""
    if is_remote(lake):
        resources["s3"] = resources.get("s3") or s3_resource(config.s3)
        lake = through(lake, resources["s3"])
    contracts = Lake(lake, config)

    def with_contract(spec: dg.AssetSpec) -> dg.AssetSpec:
        name = spec.key.to_user_string()
        if name not in TABLES:
            return spec.replace_attributes(code_version="1")
        return spec.replace_attributes(
            description=spec.description or TABLES[name].doc,
            code_version=str(contracts.fingerprint(name)),
            metadata={**spec.metadata, "dagster/column_schema": _columns(name)},
        )

    assets = [asset.map_asset_specs(with_contract) for asset in ASSETS if isinstance(asset, dg.AssetsDefinition)]
    curated = CURATED.resolve(assets)
    assets = [
        asset.map_asset_specs(
            lambda spec: spec.replace_attributes(automation_condition=CURRENT) if spec.key in curated else spec
        )
        for asset in assets
    ]
    defaults = {
        "lake": _lake_of_run(lake, config),
        "config": config,
        "engine": _engine(config),
        "progress": _logged_progress(),
        "pipes": dg.PipesSubprocessClient(),
    }
    job, schedule = nightly(partial(_build_night, lake, config), config)
    return dg.Definitions(
        assets=assets,
        jobs=[*JOBS, job],
        schedules=[schedule],
        sensors=[
            new_drops(lambda: Lake(lake, config), config.nightly),
            curation(config.nightly),
            failures(notifier(config.nightly)),
        ],
        resources=defaults | resources,
    )


def _engine(config: Config) -> Engine:
    settings = config.engine
    return RayEngine(settings.address, settings.workers) if settings.kind == "ray" else LocalEngine(settings.workers)


def _build_night(root: Path, config: Config, instance: dg.DagsterInstance, name: str) -> str:
    from dataset_build.build import build_night  # which needs these definitions

    return build_night(root, config, name, instance)


def _lake_of_run(root: Path, config: Config) -> dg.ResourceDefinition:
    return dg.ResourceDefinition(
        lambda context: Lake(root, config, {"run_id": context.run.run_id if context.run else None})
    )


def _logged_progress() -> dg.ResourceDefinition:
    return dg.ResourceDefinition(lambda context: _EveryTenSeconds(context.log))


class _EveryTenSeconds:
    """Progress for the log of a run."""

    def __init__(self, log: dg.DagsterLogManager | None) -> None:
        self.log, self.last = log, 0.0

    def __call__(self, done: int, total: int) -> None:
        if self.log and (done == total or time.monotonic() - self.last > 10):
            self.last = time.monotonic()
            self.log.info(f"{done:,} of {total:,} images")


def _columns(table: str) -> dg.TableSchema:
    fields = TABLES[table].schema
    return dg.TableSchema([dg.TableColumn(f.name, str(f.type), TABLES[table].doc_of(f.name)) for f in fields])


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -w workspace.yaml` loads: DATASET_BUILD_LAKE and DATASET_BUILD_CONFIG say where to look."""
    return build_defs(environment_lake(), load_config())
