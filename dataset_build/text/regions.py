"""Text detection over many images: places and image ids in, rows of text_regions out. Runs in worker processes."""

from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa

from dataset_build import watchdog
from dataset_build.config import ImageLimits
from dataset_build.images.again import DIED, look_again
from dataset_build.images.facts import warm_up
from dataset_build.images.header import Unreadable
from dataset_build.images.measures import Rgb
from dataset_build.schemas import TEXT_REGIONS
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
    images = look_again(rows, root, limits, shorter=SIDE)
    results = [_row(*each) for each in zip(rows.column("image_id").to_pylist(), images, strict=True)]
    return pa.RecordBatch.from_pylist(results, TEXT_REGIONS.schema)


def failed(row: pa.RecordBatch, status: str) -> pa.RecordBatch:
    """The answer for an image over which a worker process died: status is timeout or crashed."""
    result = {"image_id": row.column("image_id")[0].as_py(), "status": status, "reason": DIED[status]}
    return pa.RecordBatch.from_pylist([result], TEXT_REGIONS.schema)


def _row(image_id: str, found: Rgb | Unreadable) -> dict[str, Any]:
    if isinstance(found, Unreadable):
        return {"image_id": image_id, "status": found.status, "reason": found.reason}
    with watchdog.limited():
        text = _text_in(found)
    return {"image_id": image_id, "status": "ok", "text_area": text.text_area, "boxes": boxes(text)}


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
