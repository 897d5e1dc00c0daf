"""Tags in one spelling, and how they stand together."""

import time

import dagster as dg

from assets.partitions import DROPS, every_drop
from assets.report import report, table
from dataset_build.release.card import escape
from resources.lake import Lake
from resources.tags import tag_counts, tag_drop, update_vocabulary

SHOWN = 20


@dg.asset(group_name="sources", kinds={"python", "parquet"})
def tag_vocabulary(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """What becomes of each known spelling: the imported vocabularies and the rules of the configuration in one."""
    started = time.monotonic()
    return report(update_vocabulary(lake), started, vocabularies=lake.config.tags.vocabularies)


@dg.asset(deps=["occurrences", tag_vocabulary], partitions_def=DROPS, group_name="ingest", kinds={"duckdb", "parquet"})
def tags(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """The tags that came with a drop's images: folded, aliases resolved, categories from the vocabulary."""
    started = time.monotonic()
    piece = tag_drop(lake, context.partition_key)
    origins, unknown = tag_counts(lake, piece)
    return report(
        piece,
        started,
        unknown=len(unknown),
        by_origin=table(("origin", "tags"), origins.items()),
        most_frequent_unknown=table(("tag", "images"), ((escape(t["tag"]), t["images"]) for t in unknown[:SHOWN])),
    )


@dg.asset(deps=["duplicates", "image_verdicts", every_drop("tags")], group_name="corpus", kinds={"duckdb", "parquet"})
def tag_pairs(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """How often two tags stand together, against chance."""
    started = time.monotonic()
    return report(lake.derive("tag_pairs"), started)
