"""One pass over the bytes of a drop."""

import time
from collections import Counter
from collections.abc import Iterator

import dagster as dg

from assets.partitions import DROPS
from assets.report import per_second, report, table
from resources.engine import Engine
from resources.ingest import ingest_drop
from resources.lake import Lake
from resources.work import Progress


@dg.multi_asset(
    specs=[
        dg.AssetSpec("occurrences", deps=["sources"], kinds={"python", "parquet"}),
        dg.AssetSpec("image_facts", deps=["sources"], kinds={"python", "parquet"}),
    ],
    partitions_def=DROPS,
    group_name="ingest",
)
def read_drop(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> Iterator[dg.MaterializeResult]:
    """Read each file of a drop once: where it was found, and what is measured on its image."""
    started, drop = time.monotonic(), lake.drops.get(context.partition_key)
    occurrences, facts = ingest_drop(lake, engine, drop, progress)
    statuses = Counter(status for batch in occurrences.batches() for status in batch.column("status").to_pylist())
    shown = table(("status", "files"), sorted(statuses.items()))
    yield report(occurrences, started, status=shown, images_per_second=per_second(occurrences.rows, started))
    yield report(facts, started, images_per_second=per_second(facts.rows, started))
