"""Embeddings of many images: places, image ids and text boxes in, rows of image_embeddings out. Runs in workers."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dataset_build import watchdog
from dataset_build.clip.mask import Box, without_text
from dataset_build.clip.model import ClipModel
from dataset_build.config import Clip, ImageLimits
from dataset_build.images.again import DIED, look_again
from dataset_build.images.facts import warm_up
from dataset_build.images.header import Unreadable
from dataset_build.images.measures import Rgb
from dataset_build.schemas import IMAGE_EMBEDDINGS

BATCH = 32  # pictures that the model is given at once
VERSION = "1"  # part of the fingerprint: raise it when any row may come out different

Vector = NDArray[np.float32]

_model: ClipModel | None = None


def set_up(limits: ImageLimits, clip: Clip) -> None:
    """Prepare a worker process: one thread each, or all of them on one GPU."""
    import torch

    global _model
    watchdog.arm(limits.timeout)
    warm_up()
    torch.set_num_threads(1)
    _model = ClipModel(clip)


def embed(rows: pa.RecordBatch, root: Path, limits: ImageLimits) -> pa.RecordBatch:
    """A row of schemas.IMAGE_EMBEDDINGS for each place of schemas.LISTING with its image_id and text boxes, in order.

    Bad input gets a status, never an error; `set_up` must have run in this process.
    """
    parts = (rows.slice(first, BATCH) for first in range(0, rows.num_rows, BATCH))
    results = [row for part in parts for row in _embedded(part, root, limits)]
    return pa.RecordBatch.from_pylist(results, IMAGE_EMBEDDINGS.schema)


def failed(row: pa.RecordBatch, status: str) -> pa.RecordBatch:
    """The answer for an image over which a worker process died: status is timeout or crashed."""
    result = _failure(row.column("image_id")[0].as_py(), status, DIED[status])
    return pa.RecordBatch.from_pylist([result], IMAGE_EMBEDDINGS.schema)


def _embedded(rows: pa.RecordBatch, root: Path, limits: ImageLimits) -> list[dict[str, Any]]:
    assert _model, "set_up has not run"
    places = rows.drop_columns(["text_boxes"])
    looked_at = list(zip(rows.to_pylist(), look_again(places, root, limits, _model.side), strict=True))
    seen = [(row, rgb) for row, rgb in looked_at if not isinstance(rgb, Unreadable)]
    lettered = [(row["image_id"], without_text(rgb, _boxes(row))) for row, rgb in seen if row["text_boxes"]]
    pictures = [rgb for _, rgb in [*seen, *lettered]]
    vectors = iter(_model.pictures(pictures)) if pictures else iter(())
    whole = {row["image_id"]: next(vectors) for row, _ in seen}
    masked = {image_id: next(vectors) for image_id, _ in lettered}
    return [_row(row["image_id"], found, whole, masked) for row, found in looked_at]


def _row(image_id: str, found: Rgb | Unreadable, whole: dict[str, Vector], masked: dict[str, Vector]) -> dict[str, Any]:
    if isinstance(found, Unreadable):
        return _failure(image_id, found.status, found.reason)
    return {"image_id": image_id, "status": "ok", "embedding": whole[image_id], "masked": masked.get(image_id, [])}


def _failure(image_id: str, status: str, reason: str) -> dict[str, Any]:
    return {"image_id": image_id, "status": status, "reason": reason, "embedding": [], "masked": []}


def _boxes(row: dict[str, Any]) -> list[Box]:
    return [(box["x0"], box["y0"], box["x1"], box["y1"]) for box in row["text_boxes"]]
