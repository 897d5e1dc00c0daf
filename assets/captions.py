"""Texts of the survivors, and captions written from them."""

import time

import dagster as dg

from assets.partitions import every_drop
from assets.report import per_second, report, verdict_metadata
from resources.captions import update_captions
from resources.lake import Lake
from resources.tags import update_texts


@dg.asset(
    deps=[
        "image_verdicts",
        "corpus_verdicts",
        "duplicates",
        "tag_vocabulary",
        "tag_pairs",
        every_drop("occurrences"),
        every_drop("tags"),
    ],
    group_name="captions",
    kinds={"duckdb", "parquet"},
)
def image_texts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Tags, descriptions, addresses and ratings of each survivor, merged from its duplicates."""
    started = time.monotonic()
    return report(update_texts(lake), started)


@dg.asset(deps=[image_texts], group_name="captions", kinds={"python", "parquet"})
def captions(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Captions by the configured recipe, for the survivors that have none for the texts they have now."""
    started, before = time.monotonic(), lake.piece("captions").rows
    piece = update_captions(lake)
    return report(piece, started, new=piece.rows - before, per_second=per_second(piece.rows - before, started))


@dg.asset(deps=[image_texts, captions], group_name="captions", kinds={"duckdb", "parquet"})
def caption_verdicts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Survivors without a caption, or with too short a one."""
    started = time.monotonic()
    piece = lake.derive("caption_verdicts")
    return report(piece, started, **verdict_metadata(lake, piece, "kept"))
