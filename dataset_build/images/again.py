"""Looking at images again, after their drop was read: each place is read once, and must still hold the same image."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from dataset_build import watchdog
from dataset_build.config import ImageLimits
from dataset_build.images.decode import read_pixels
from dataset_build.images.header import Unreadable, guarded, open_image
from dataset_build.images.measures import Rgb
from dataset_build.sources.files import check_root
from dataset_build.sources.read import Read, read

DIED = {"timeout": "took longer than images.timeout", "crashed": "the process that read it died or had no memory left"}


def look_again(rows: pa.RecordBatch, root: Path, limits: ImageLimits, shorter: int) -> Iterator[Rgb | Unreadable]:
    """The pixels at each place of schemas.LISTING with its image_id, no less than `shorter` pixels on the shorter side.

    Where there are none, an Unreadable says why: status is `changed`, or one of occurrences and image_facts.
    Raises RunError where the whole source went away.
    """
    reads = read(root, rows.drop_columns(["image_id"]), limits)
    for image_id in rows.column("image_id").to_pylist():
        with watchdog.limited():
            pixels = _pixels(next(reads), image_id, limits, shorter)
        yield pixels
    check_root(root)


def _pixels(found: Read, image_id: str, limits: ImageLimits, shorter: int) -> Rgb | Unreadable:
    if not found.data:
        return Unreadable(found.status or "unreadable", found.reason or "")
    if hashlib.sha256(found.data).hexdigest() != image_id:
        return Unreadable("changed", "the file holds another image than when its drop was read")
    try:
        with guarded(limits):
            return read_pixels(found.data, open_image(found.data, limits), limits, shorter).rgb
    except Unreadable as error:
        return error
