"""Embeddings by a CLIP model, where one is configured."""

import time
from collections.abc import Callable

import dagster as dg

from assets.partitions import DROPS, every_drop
from assets.report import report, report_images
from resources.clip import embed_drop, update_clusters, update_embedding_pairs, update_text_embeddings
from resources.engine import Engine
from resources.lake import Lake
from resources.pieces import Piece
from resources.work import Progress


@dg.asset(
    deps=["occurrences", "image_facts", "text_regions"],
    partitions_def=DROPS,
    group_name="ingest",
    kinds={"python", "parquet"},
)
def image_embeddings(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    engine: dg.ResourceParam[Engine],
    progress: dg.ResourceParam[Progress],
) -> dg.MaterializeResult:
    """What the CLIP model makes of each decoded image of a drop, as it is and with its text painted over."""
    if why := lake.off("image_embeddings"):
        return _off(why)
    started = time.monotonic()
    piece = embed_drop(lake, engine, lake.drops.get(context.partition_key), progress)
    return report_images(piece, started)


@dg.asset(deps=[every_drop("image_embeddings")], group_name="dedup", kinds={"python", "parquet"})
def embedding_pairs(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Pairs of images with close embeddings, new drops against everything known."""
    return _reported(lake, lambda: update_embedding_pairs(lake))


@dg.asset(deps=["image_texts"], group_name="corpus", kinds={"python", "parquet"})
def text_embeddings(lake: dg.ResourceParam[Lake], progress: dg.ResourceParam[Progress]) -> dg.MaterializeResult:
    """What the CLIP model makes of each alt text."""
    return _reported(lake, lambda: update_text_embeddings(lake, progress))


@dg.asset(deps=["image_texts", every_drop("image_embeddings")], group_name="corpus", kinds={"python", "parquet"})
def image_clusters(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    """Images grouped by their embeddings, for rules that sample from each group."""
    return _reported(lake, lambda: update_clusters(lake))


def _reported(lake: Lake, update: Callable[[], Piece]) -> dg.MaterializeResult:
    started = time.monotonic()
    why = lake.off("image_embeddings")
    return _off(why) if why else report(update(), started)


def _off(why: str) -> dg.MaterializeResult:
    return dg.MaterializeResult(data_version=dg.DataVersion("off"), metadata={"embeddings": f"off: {why}"})
