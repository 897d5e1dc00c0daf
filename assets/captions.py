"""Captions written from the texts of the survivors."""

import time

import dagster as dg

from assets.report import per_second, report, verdict_metadata
from resources.captions import update_captions
from resources.lake import Lake


@dg.asset(deps=["image_texts", "corpus_verdicts"], group_name="captions", kinds={"python", "parquet"})
def captions(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Captions by the configured recipe, for the survivors that have none for the texts they have now."""
    started, before = time.monotonic(), lake.piece("captions").rows
    piece = update_captions(lake)
    return report(piece, started, new=piece.rows - before, per_second=per_second(piece.rows - before, started))


@dg.asset(
    deps=["image_texts", "corpus_verdicts", "overrides", captions], group_name="captions", kinds={"duckdb", "parquet"}
)
def caption_verdicts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Survivors without a caption, or with too short a one."""
    started = time.monotonic()
    piece = lake.derive("caption_verdicts")
    return report(piece, started, **verdict_metadata(lake, piece, "kept"))
