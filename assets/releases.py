"""Immutable, numbered datasets."""

import time
from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from assets.partitions import VERSIONS, every_drop
from assets.report import TILES, column_lineage, sheet, spread, table
from dataset_build.release.statistics import read_statistics
from resources.lake import Lake
from resources.releases import CHECKS, discard, publish, rejected_samples, stage

DESCRIPTIONS = {
    "no_duplicate": "No image and no decoded picture stands twice.",
    "caption": "Every row has a caption.",
    "takedown": "No image is taken down.",
    "counts": "Every occurrence is in images or in rejects with a reason, and the counts add up from stage to stage.",
}


REASONS = ("stage", "reason", "occurrences")


class Notes(dg.Config):
    """What is said about a release by who makes it."""

    notes: str = Field("", description="what is new in it, or what it is for")


@dg.asset(
    deps=[
        "image_verdicts", "duplicates", "corpus_verdicts", "image_texts", "captions", "caption_failures",
        "caption_verdicts", "takedowns", "overrides",
        every_drop("occurrences"), every_drop("image_facts"), every_drop("text_regions"),
    ],
    partitions_def=VERSIONS,
    group_name="release",
    kinds={"duckdb", "parquet"},
    check_specs=[dg.AssetCheckSpec(c, asset="release", blocking=True, description=DESCRIPTIONS[c]) for c in CHECKS],
    output_required=False,
)  # fmt: skip
def release(
    context: dg.AssetExecutionContext, config: Notes, lake: dg.ResourceParam[Lake]
) -> Iterator[dg.AssetCheckResult | dg.AssetObservation | dg.MaterializeResult]:
    """A dataset that never changes: images, captions, tags, rejects and lineage, with a manifest and a database.

    It is published only when its checks pass, and not at all when its content equals an earlier release.
    """
    started, staged = time.monotonic(), stage(lake, context.partition_key, config.notes)
    for check, problems in staged.problems.items():
        yield dg.AssetCheckResult(check_name=check, passed=not problems, metadata={"problems": problems[:20]})
    if any(staged.problems.values()):
        raise dg.Failure(f"release {context.partition_key} failed its checks; see {staged.folder}", allow_retries=False)
    if staged.twin:
        discard(staged)
        context.log.info(f"the content is that of release {staged.twin}; nothing was published")
        yield dg.AssetObservation("release", partition=context.partition_key, metadata={"twin": staged.twin})
        return
    samples, counted = rejected_samples(staged, TILES), read_statistics(staged.folder) or {"reasons": []}
    folder = publish(staged)
    yield dg.MaterializeResult(
        data_version=dg.DataVersion(staged.manifest["content"]),
        metadata={
            "dagster/row_count": staged.manifest["files"]["images.parquet"]["rows"],
            "dagster/uri": str(folder),
            **column_lineage("release_images"),
            "seconds": round(time.monotonic() - started, 2),
            "by_reason": table(REASONS, (tuple(row[name] for name in REASONS) for row in counted["reasons"])),
            "kept_sheet": sheet(lake, [(id_, "") for id_ in lake.sample("kept", TILES)], "a sample of what was kept"),
            "rejected_sheet": sheet(lake, spread(samples, TILES), "a sample of what was rejected, and why"),
        },
    )
