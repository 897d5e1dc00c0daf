"""Duplicates: pairs, stars, and which copy stays."""

import time
import warnings
from typing import Any

import dagster as dg

from assets.partitions import every_drop
from assets.report import drawn, report
from resources.dedup import update_duplicates, update_pairs
from resources.fastdup import NOTICE, update_fastdup_pairs
from resources.lake import Lake


@dg.asset(deps=[every_drop("image_facts")], group_name="dedup", kinds={"python", "parquet"})
def duplicate_pairs(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Pairs of images with equal pixels or close perceptual hashes, new drops against everything known."""
    started = time.monotonic()
    return report(update_pairs(lake), started)


@dg.asset(
    deps=[
        duplicate_pairs, "embedding_pairs", "image_verdicts", "overrides",
        every_drop("image_facts"), every_drop("occurrences"), every_drop("tags"),
    ],
    group_name="dedup",
    kinds={"python", "duckdb", "parquet"},
)  # fmt: skip
def duplicates(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Stars of duplicates: the best copy that passes its own verdicts claims the others."""
    started = time.monotonic()
    piece = update_duplicates(lake)
    keepers = {k for batch in piece.batches() for k in batch.column("keeper").to_pylist()}
    settings, measures = lake.config.duplicates, lake.table("pair_measures")
    return report(
        piece,
        started,
        stars=len(keepers),
        variants=lake.count("variants"),
        distance=drawn(measures, "distance", "bits that differ", settings.radius, what="pairs"),
        correlation=drawn(measures, "correlation", "doubtful, alike", settings.confirm, rejects="above", what="pairs"),
    )


@dg.asset(
    deps=["image_verdicts", every_drop("image_facts"), every_drop("occurrences")],
    group_name="dedup",
    kinds={"python", "parquet"},
)
def fastdup_pairs(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """Pairs that fastdup finds among surviving images, in an environment of its own; for comparison only."""
    started, told = time.monotonic(), {}
    if lake.config.duplicates.fastdup:
        context.log.warning(NOTICE)

    def run(command: list[str], extras: dict[str, Any]) -> None:
        with warnings.catch_warnings():  # Dagster's Pipes warn of what they themselves call
            warnings.simplefilter("ignore")
            told.update(pipes.run(context=context, command=command, extras=extras).get_custom_messages()[-1])

    return report(update_fastdup_pairs(lake, run), started, **told)
