"""Reading images back from their sources, for contact sheets and pages."""

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc
from PIL.Image import Image

from dataset_build.contact_sheet import Box, Tile, outlined
from dataset_build.images.decode import Unreadable, thumbnail
from dataset_build.parquet_files import read_parquet
from dataset_build.sources.read import read
from resources.ingest import list_drop
from resources.lake import Lake

SIDE = 96
Place = tuple[str, str | None]  # uri and member


def tiles(lake: Lake, picks: Sequence[tuple[str, str]]) -> list[Tile]:
    """A tile for each (image id, label); without a picture where it can't be read.

    On images whose label ends in text_heavy, the text is outlined.
    """
    data = read_images(lake, [image_id for image_id, _ in picks])
    boxes = _text_boxes(lake, [image_id for image_id, label in picks if label.endswith("text_heavy")])
    return [Tile(_thumbnail(lake, data.get(image_id), boxes.get(image_id, [])), label) for image_id, label in picks]


def _text_boxes(lake: Lake, image_ids: list[str]) -> dict[str, list[Box]]:
    """The boxes that hold text or weren't read, by image."""
    rows = lake.table("text_boxes_of", image_ids=image_ids).to_pylist() if image_ids else []
    return {
        row["image_id"]: [Box(b["x0"], b["y0"], b["x1"], b["y1"]) for b in row["boxes"] if b["is_text"] is not False]
        for row in rows
    }


def read_images(lake: Lake, image_ids: Sequence[str]) -> dict[str, bytes]:
    """The bytes of images by id, read where the lake says they lie; those that can't be read now are absent."""
    return dict(_each(lake, image_ids))


def jpegs(lake: Lake, image_ids: Sequence[str], side: int = 240) -> dict[str, bytes]:
    """Small pictures of images by id, as JPEG, of a longer side of `side` pixels. Those that can't be read now are
    absent, and those that are taken down."""
    found = {}
    for image_id, data in _each(lake, image_ids):
        with suppress(Unreadable):
            buffer = io.BytesIO()
            thumbnail(data, side, lake.config.images).save(buffer, "JPEG", quality=80)
            found[image_id] = buffer.getvalue()
    return found


def _each(lake: Lake, image_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Images with their bytes, one after the other, read where the lake says they lie."""
    wanted: dict[str, dict[Place, str]] = defaultdict(dict)
    for batch in lake.query("places_of", image_ids=list(image_ids)):
        for row in batch.to_pylist():
            wanted[row["drop"]][row["uri"], row["member"]] = row["image_id"]
    for drop, places in wanted.items():
        yield from _read(lake, drop, places)


def _read(lake: Lake, drop: str, places: dict[Place, str]) -> Iterator[tuple[str, bytes]]:
    record = lake.drops.get(drop)
    uris = pa.array({uri for uri, _ in places})
    listing = read_parquet(list_drop(lake, record), filters=pc.field("uri").isin(uris))
    rows = [row for row in listing.to_pylist() if (row["uri"], row["member"]) in places]
    batch = pa.RecordBatch.from_pylist(rows, listing.schema)
    for row, found in zip(rows, read(lake.drops.root_of(record), batch, lake.config.images), strict=True):
        image_id = places[row["uri"], row["member"]]
        if found.data and hashlib.sha256(found.data).hexdigest() == image_id:  # another picture may lie there by now
            yield image_id, found.data


def _thumbnail(lake: Lake, data: bytes | None, boxes: list[Box]) -> Image | None:
    try:
        return outlined(thumbnail(data, SIDE, lake.config.images), boxes) if data else None
    except Unreadable:
        return None
