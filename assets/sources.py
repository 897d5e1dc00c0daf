"""Where images come from."""

import dagster as dg

from assets.partitions import DROPS
from dataset_build.fingerprint import digest
from resources.drops import Drop
from resources.lake import Lake
from resources.retries import to_retry


def register(lake: Lake, instance: dg.DagsterInstance) -> list[Drop]:
    """Register new drops with the lake, and make Dagster's partitions the active ones. Returns the new."""
    sources, arrival = lake.drops.sources(), lake.config.arrival
    new = [drop for name in sources for drop in lake.drops.discover(name, arrival, to_retry(lake, name))]
    names = [drop.name for drop in lake.drops.active()]
    instance.add_dynamic_partitions(str(DROPS.name), names)
    for gone in set(instance.get_dynamic_partitions(str(DROPS.name))) - set(names):
        instance.delete_dynamic_partition(str(DROPS.name), gone)
    return new


@dg.asset(group_name="sources", kinds={"file"})
def sources(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Look at the files of every known source, without reading any, and register what is new and complete as drops."""
    new = register(lake, context.instance)
    names = [drop.name for drop in lake.drops.active()]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(digest(lake.drops.table().to_pylist())[:16]),
        metadata={
            "sources": len(lake.drops.sources()),
            "drops": len(names),
            "new_drops": [drop.name for drop in new],
            "new_files": sum(drop.files for drop in new),
        },
    )
