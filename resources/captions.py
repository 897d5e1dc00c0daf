"""Bring captions up to date: only images whose texts, recipe or model changed are captioned."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from dataset_build.captions.calls import CallFailed, Model, Picture, Reply, Request, View
from dataset_build.captions.job import Subject
from dataset_build.captions.recipe import load_recipe
from dataset_build.captions.rows import Key, write
from dataset_build.schemas import CAPTIONS
from resources.lake import Lake
from resources.pieces import Piece


class NoModel(Model):
    """Stands where a recipe asks nobody."""

    async def ask(self, request: Request) -> Reply:
        """Never called."""
        raise CallFailed("server_error", "no model is bound")


def update_captions(lake: Lake) -> Piece:
    """Add a caption for each survivor that has none by this fingerprint for the texts it has now."""
    piece = lake.piece("captions")

    def rows() -> Iterator[pa.RecordBatch]:
        for batch in lake.query("missing_captions"):
            yield asyncio.run(_captions(batch, lake, str(piece.fingerprint)))

    with lake.writing(piece):
        piece.append(rows(), {"caption_inputs": lake.version("caption_inputs")}, lake.provenance)
    return piece


async def _captions(batch: pa.RecordBatch, lake: Lake, fingerprint: str) -> pa.RecordBatch:
    recipe, now, rows = load_recipe(lake.config.captions.recipe), datetime.now(UTC), []
    settings = lake.config.captions.model_dump(include=set(recipe.reads))
    for row in batch.to_pylist():
        key = Key(fingerprint, row["input_hash"])
        rows += await write(recipe, _subject(row), _no_picture, NoModel(), key, now, settings)
    return pa.RecordBatch.from_pylist(rows, CAPTIONS.schema)


def _subject(row: dict[str, Any]) -> Subject:
    tags = tuple((tag["tag"], tag["category"]) for tag in row["tags"])
    return Subject(row["image_id"], 0, 0, tags, tuple(row["alt_texts"]))


async def _no_picture(view: View) -> Picture:
    raise CallFailed("rejected_image", "no picture is read")
