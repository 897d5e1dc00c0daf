"""Text in images."""

import time

import dagster as dg

from assets.partitions import DROPS
from assets.report import report_images
from resources.engine import Engine
from resources.lake import Lake
from resources.text import detect_drop
from resources.work import Progress


@dg.asset(deps=["occurrences", "image_facts"], partitions_def=DROPS, group_name="ingest", kinds={"python", "parquet"})
def text_regions(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.MaterializeResult:
    """Where text stands in each decoded image of a drop, and how much of the image it takes."""
    if why := lake.off("text_regions"):
        context.log.warning(f"text detection is off: {why}")
        return dg.MaterializeResult(data_version=dg.DataVersion("off"), metadata={"text detection": f"off: {why}"})
    started = time.monotonic()
    piece = detect_drop(lake, engine, lake.drops.get(context.partition_key), progress)
    return report_images(piece, started)
