"""Text detection over many images: places and image ids in, rows of text_regions out. Runs in worker processes."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from dataset_build import watchdog
from dataset_build.config import ImageLimits
from dataset_build.images.decode import read_pixels
from dataset_build.images.facts import warm_up
from dataset_build.images.header import Unreadable, guarded, open_image
from dataset_build.images.measures import Rgb
from dataset_build.schemas import TEXT_REGIONS
from dataset_build.sources.read import Read, read
from dataset_build.text.detector import Found, TextDetector
from dataset_build.text.lines import SIDE
from dataset_build.text.models import Models

VERSION = "1"  # part of the fingerprint: raise it when any row may come out different

_detector: TextDetector | None = None


def set_up(limits: ImageLimits, models: Models) -> None:
    """Prepare a worker process."""
    global _detector
    watchdog.arm(limits.timeout)
    warm_up()
    cv2.setNumThreads(1)
    _detector = TextDetector(models)


def detect(rows: pa.RecordBatch, root: Path, limits: ImageLimits) -> pa.RecordBatch:
    """A row of schemas.TEXT_REGIONS for each place of schemas.LISTING with its image_id, in order.

    Each place is read once. Bad input gets a status, never an error; `set_up` must have run in this process.
    """
    reads = read(root, rows.drop_columns(["image_id"]), limits)
    results = []
    for image_id in rows.column("image_id").to_pylist():
        with watchdog.limited():
            results.append(_row(image_id, next(reads), limits))
    return pa.RecordBatch.from_pylist(results, TEXT_REGIONS.schema)


def failed(row: pa.RecordBatch, status: str) -> pa.RecordBatch:
    """The answer for an image over which a worker process died: status is timeout or crashed."""
    reason = {"timeout": "took longer than images.timeout", "crashed": "the process that read it died"}[status]
    result = {"image_id": row.column("image_id")[0].as_py(), "status": status, "reason": reason}
    return pa.RecordBatch.from_pylist([result], TEXT_REGIONS.schema)


def _row(image_id: str, found: Read, limits: ImageLimits) -> dict[str, Any]:
    row = {"image_id": image_id, "status": found.status, "reason": found.reason}
    if not found.data:
        return row
    if hashlib.sha256(found.data).hexdigest() != image_id:
        return {**row, "status": "changed", "reason": "the file holds another image than when its drop was read"}
    try:
        text = _text_in(_pixels(found.data, limits))
    except Unreadable as error:
        return {**row, "status": error.status, "reason": error.reason}
    return {**row, "status": "ok", "text_area": text.text_area, "boxes": boxes(text)}


def _pixels(data: bytes, limits: ImageLimits) -> Rgb:
    with guarded(limits):
        return read_pixels(data, open_image(data, limits), limits, shorter=SIDE).rgb


def _text_in(rgb: Rgb) -> Found:
    assert _detector, "set_up has not run"
    return _detector.find(rgb)


def boxes(text: Found) -> list[dict[str, Any]]:
    """The lines as the table holds them."""
    unread = [None] * (len(text.lines) - len(text.readings))
    return [
        {
            **dict(zip(("x0", "y0", "x1", "y1"), line.box, strict=True)),
            "score": line.score,
            "text_score": reading and reading.score,
            "characters": reading and reading.characters,
            "is_text": reading and reading.is_text,
        }
        for line, reading in zip(text.lines, [*text.readings, *unread], strict=True)
    ]
