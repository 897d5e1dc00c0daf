"""Captions written from the texts of the survivors, their scores, and what rules say of them."""

import time

import dagster as dg

from assets.caption_report import STYLES, caption_styles, failure_metadata
from assets.partitions import every_drop
from assets.report import report, table, verdict_metadata
from dataset_build.release.card import escape
from resources.caption_scores import update_scores
from resources.captioning import Tally
from resources.captions import update_captions
from resources.lake import Lake
from resources.work import Progress

COSTS = ("recipe", "images", "without caption", "calls", "from journal", "tokens read", "written", "images/s", "rows")


@dg.asset(
    deps=["image_texts", "corpus_verdicts", every_drop("text_regions")],
    group_name="captions",
    kinds={"python", "parquet"},
    pool="gpu",
)
def captions(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], progress: dg.ResourceParam[Progress]
) -> dg.MaterializeResult:
    """Captions by the configured recipes, for the survivors that have none for the texts they have now."""
    started = time.monotonic()
    tallies = update_captions(lake, lambda tally: progress(tally.done, tally.total), context.log.info)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(lake.version("captions")),
        metadata={
            "dagster/row_count": sum(piece.rows for piece in lake.pieces("captions").values()),
            "dagster/uri": str(lake.piece("captions").folder.parent),
            "seconds": round(time.monotonic() - started, 2),
            "new": sum(tally.done for tally in tallies),
            "costs": table(COSTS, map(_costs, tallies)),
        },
    )


def _costs(tally: Tally) -> tuple[object, ...]:
    spent, statuses = tally.spent, ", ".join(f"{status} {count}" for status, count in sorted(tally.statuses.items()))
    counts = (tally.done, tally.failed, spent.calls, spent.kept, spent.tokens_in, spent.tokens_out)
    return (escape(tally.recipe), *counts, round(tally.done / tally.seconds, 1), statuses)


@dg.asset(
    deps=["image_texts", "corpus_verdicts", "tag_vocabulary", captions],
    group_name="captions",
    kinds={"python", "parquet"},
)
def caption_scores(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """What is measured on each caption: length, tag coverage, repetition and more. Only new captions are scored."""
    started, before = time.monotonic(), lake.piece("caption_scores").rows
    piece = update_scores(lake)
    return report(piece, started, new=piece.rows - before, styles=table(STYLES, caption_styles(lake)))


@dg.asset(
    deps=["image_texts", "corpus_verdicts", captions, caption_scores],
    group_name="captions",
    kinds={"duckdb", "parquet"},
)
def caption_failures(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Captions that fail a rule, those that a release may show; an image falls back on the next caption that passes."""
    started = time.monotonic()
    piece = lake.derive("caption_failures")
    return report(piece, started, **failure_metadata(lake, piece))


@dg.asset(
    deps=["image_texts", "corpus_verdicts", "overrides", captions, caption_failures],
    group_name="captions",
    kinds={"duckdb", "parquet"},
)
def caption_verdicts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Survivors without a caption, or without one that passes the rules."""
    started = time.monotonic()
    piece = lake.derive("caption_verdicts")
    return report(piece, started, **verdict_metadata(lake, piece, "kept"))
