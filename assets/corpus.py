"""Source texts of what is left after duplicates, and the rules about the whole corpus that judge them."""

import time

import dagster as dg

from assets.partitions import every_drop
from assets.report import report, verdict_metadata
from resources.lake import Lake
from resources.tags import update_texts


@dg.asset(
    deps=[
        "image_verdicts", "duplicates", "tag_vocabulary", "tag_pairs", every_drop("occurrences"), every_drop("tags"),
    ],
    group_name="corpus",
    kinds={"duckdb", "parquet"},
)  # fmt: skip
def image_texts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Tags, descriptions, addresses and ratings of each image, merged from its duplicates."""
    started = time.monotonic()
    return report(update_texts(lake), started)


@dg.asset(
    deps=[
        "duplicates", "overrides", image_texts, "text_embeddings", "image_clusters",
        every_drop("occurrences"), every_drop("image_facts"), every_drop("image_embeddings"),
    ],
    group_name="corpus",
    kinds={"duckdb", "parquet"},
)  # fmt: skip
def corpus_verdicts(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Images that fail a rule about the whole corpus: a better copy of them stays, or a chosen rule rejects them."""
    started = time.monotonic()
    piece = lake.derive("corpus_verdicts")
    return report(piece, started, **verdict_metadata(lake, piece, "corpus_survivors"))
