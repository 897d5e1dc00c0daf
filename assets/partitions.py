"""The two partition sets: drops come in, versions go out."""

import dagster as dg

DROPS = dg.DynamicPartitionsDefinition(name="drops")
VERSIONS = dg.DynamicPartitionsDefinition(name="versions")


def every_drop(asset: str) -> dg.AssetDep:
    """A dependency on all drops of a per-drop asset. (Dagster's default between two dynamic sets is key by key.)"""
    return dg.AssetDep(asset, partition_mapping=dg.AllPartitionMapping())
