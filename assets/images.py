"""Verdicts on images by their own facts."""

import time

import dagster as dg

from assets.partitions import every_drop
from assets.report import drawn, report, verdict_metadata
from resources.lake import Lake


@dg.asset(
    deps=[
        "takedowns", "overrides", "duplicate_pairs",
        every_drop("occurrences"), every_drop("image_facts"), every_drop("text_regions"),
    ],
    group_name="images",
    kinds={"duckdb", "parquet"},
)  # fmt: skip
def image_verdicts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Images that fail a rule of their own, such as being broken, small or taken down: each rule, with its value."""
    started = time.monotonic()
    piece = lake.derive("image_verdicts")
    rules, text, measures = lake.config.rules, lake.config.text, lake.table("image_measures")
    return report(
        piece,
        started,
        **verdict_metadata(lake, piece, "survivors"),
        shorter_side=drawn(measures, "side", "shorter side, pixels", rules.min_side),
        aspect=drawn(measures, "aspect", "longer side / shorter side", rules.max_aspect, rejects="above"),
        sharpness=drawn(measures, "sharpness", "sharpness", rules.min_sharpness),
        contrast=drawn(measures, "contrast", "contrast", rules.min_contrast),
        text_area=drawn(measures, "text_area", "area under text", text.max_area, rejects="above"),
    )
