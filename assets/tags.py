"""Tags in one spelling."""

import time

import dagster as dg

from assets.partitions import DROPS
from assets.report import report
from resources.ingest import tag_drop
from resources.lake import Lake


@dg.asset(deps=["occurrences"], partitions_def=DROPS, group_name="ingest", kinds={"duckdb", "parquet"})
def tags(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """The tags that came with a drop's images, folded to one spelling, one row per image and tag."""
    started = time.monotonic()
    return report(tag_drop(lake, context.partition_key), started)
