"""Pictures as models see them: read from a source, cut, masked, reduced and encoded. Runs in worker processes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import simplejpeg

from dataset_build import watchdog
from dataset_build.captions.calls import Box, View
from dataset_build.config import ImageLimits
from dataset_build.images.decode import read_pixels
from dataset_build.images.facts import warm_up
from dataset_build.images.header import Unreadable, guarded, open_image
from dataset_build.images.measures import Rgb, resize
from dataset_build.schemas import LISTING
from dataset_build.sources.files import check_root
from dataset_build.sources.read import read

VERSION = "1"  # to change whenever a picture may come out different
QUALITY = 90  # of JPEG, colour in full resolution


@dataclass(frozen=True)
class Place:
    """Where an image is read from: a row of schemas.LISTING, texts left out, under the root of its source."""

    image_id: str
    root: Path
    listed: dict[str, Any]


@dataclass(frozen=True)
class Size:
    """The most that a model is sent: pixels of the longer side, and pixels in all."""

    side: int
    pixels: int

    def scale(self, width: float, height: float) -> float:
        """What a picture's sides are multiplied by to fit; pictures are never enlarged."""
        return min(1.0, self.side / max(width, height), sqrt(self.pixels / (width * height)))


def set_up(limits: ImageLimits) -> None:
    """Prepare a worker process."""
    watchdog.arm(limits.timeout)
    warm_up()


def picture(place: Place, view: View, size: Size, limits: ImageLimits) -> bytes | str:
    """A view of the image as JPEG, or why there is none. It raises for no bytes at all, but RunError
    where the whole source went away."""
    with watchdog.limited():
        (found,) = read(place.root, pa.RecordBatch.from_pylist([place.listed], LISTING.schema), limits)
        if not found.data:
            check_root(place.root)
            return f"{found.status}: {found.reason}"
        if hashlib.sha256(found.data).hexdigest() != place.image_id:
            return "changed: the file holds another image than when its drop was read"
        try:
            return encode(found.data, view, size, limits)
        except Unreadable as error:
            return str(error)


def encode(data: bytes, view: View, size: Size, limits: ImageLimits) -> bytes:
    """A view of an image file as JPEG. Raises Unreadable and nothing else."""
    with guarded(limits):
        header = open_image(data, limits)
        width, height = header.upright_size
        x0, y0, x1, y1 = view.box or (0.0, 0.0, 1.0, 1.0)
        scale = size.scale(max(1.0, (x1 - x0) * width), max(1.0, (y1 - y0) * height))
        rgb = read_pixels(data, header, limits, shorter=max(1, round(scale * min(width, height)))).rgb
    part = _cut(_masked(rgb, view.masked), view.box) if view.box else _masked(rgb, view.masked)
    return bytes(simplejpeg.encode_jpeg(_fitted(part, size), QUALITY, colorsubsampling="444"))


def _masked(rgb: Rgb, boxes: Iterable[Box]) -> Rgb:
    """The image with boxes painted over in its mean colour."""
    if not (boxes := tuple(boxes)):
        return rgb
    painted, colour = rgb.copy(), rgb.mean(axis=(0, 1)).round().astype(np.uint8)
    for box in boxes:
        _cut(painted, box)[:] = colour
    return painted


def _cut(rgb: Rgb, box: Box) -> Rgb:
    """The part of the image inside the box: every pixel that it touches, one at the least."""
    height, width = rgb.shape[:2]
    left, right = _span(box[0], box[2], width)
    top, bottom = _span(box[1], box[3], height)
    return rgb[top:bottom, left:right]


def _span(start: float, end: float, length: int) -> tuple[int, int]:
    first = min(max(floor(start * length), 0), length - 1)
    return first, min(max(-floor(-end * length), first + 1), length)


def _fitted(rgb: Rgb, size: Size) -> Rgb:
    height, width = rgb.shape[:2]
    scale = size.scale(width, height)
    if scale < 1:
        rgb = resize(rgb, max(1, floor(width * scale)), max(1, floor(height * scale)), cv2.INTER_AREA)
    return np.ascontiguousarray(rgb)
