"""Bring the scores of captions up to date: only captions that have none against the present texts are scored."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from dataset_build.captions.job import Subject
from dataset_build.captions.recipe import load_recipe
from dataset_build.captions.scores.caption import score_caption
from dataset_build.captions.scores.length import Band
from dataset_build.captions.scores.traced import rejected_tags
from dataset_build.schemas import CAPTION_SCORES
from resources.lake import Lake
from resources.pieces import Piece

SLICE = 1_000  # captions that are scored at once: with their tags as Python sees them they are large
PART = 100  # slices that are scored before their rows are kept

Aliases = Mapping[str, Sequence[str]]
Bands = Mapping[tuple[str, str], Band]


def update_scores(lake: Lake) -> Piece:
    """Score the captions written from the present texts that have no scores yet; what was finished is kept."""
    piece, aliases, bands = lake.piece("caption_scores"), _aliases(lake), _bands(lake)
    with lake.writing(piece), lake.reading("caption_score_work") as waiting:
        slices = (batch.slice(start, SLICE) for batch in waiting for start in range(0, batch.num_rows, SLICE))
        scored = (_scored(each.to_pylist(), aliases, bands) for each in slices)
        while part := list(islice(scored, PART)):
            piece.append(part, {}, lake.provenance)
        if not piece.version:
            piece.append([], {}, lake.provenance)
    return piece


def _scored(rows: list[dict[str, Any]], aliases: Aliases, bands: Bands) -> pa.RecordBatch:
    found = [score for row in rows for score in _scores(row, aliases, bands)]
    return pa.RecordBatch.from_pylist(found, CAPTION_SCORES.schema)


def _scores(row: dict[str, Any], aliases: Aliases, bands: Bands) -> Iterator[dict[str, Any]]:
    """The rows of one caption, by scorer."""
    tags = tuple((tag["tag"], tag["category"]) for tag in row["tags"])
    subject = Subject(row["image_id"], 0, 0, tags, tuple(row["alt_texts"]))
    rejected = rejected_tags(row["trace"], [tag for tag, _ in tags])
    scores = score_caption(row, subject, rejected, aliases, bands.get((row["fingerprint"], row["variant"])))
    for scorer, value in sorted(scores.items()):
        yield {"caption_id": row["caption_id"], "input_hash": row["input_hash"], "scorer": scorer, "value": value}


def _aliases(lake: Lake) -> Aliases:
    return {row["tag"]: row["spellings"] for row in lake.table("tag_aliases").to_pylist()}


def _bands(lake: Lake) -> Bands:
    """Published lengths by the fingerprint of a recipe and its variant."""
    named = {str(lake.captions(name).fingerprint): load_recipe(name) for name in lake.config.captions.recipes}
    return {(made_from, variant): band for made_from, each in named.items() for variant, band in each.bands.items()}
