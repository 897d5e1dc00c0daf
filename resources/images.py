"""Reading images back from their sources, for contact sheets."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL.Image import Image

from dataset_build.contact_sheet import Tile
from dataset_build.images.decode import Unreadable, thumbnail
from dataset_build.sources.read import read
from resources.ingest import list_drop
from resources.lake import Lake

SIDE = 96
Place = tuple[str, str | None]  # uri and member


def tiles(lake: Lake, picks: Sequence[tuple[str, str]]) -> list[Tile]:
    """A tile for each (image id, label); without a picture where it can't be read."""
    data = read_images(lake, [image_id for image_id, _ in picks])
    return [Tile(_thumbnail(lake, data.get(image_id)), label) for image_id, label in picks]


def read_images(lake: Lake, image_ids: Sequence[str]) -> dict[str, bytes]:
    """The bytes of images by id, read where the lake says they lie; those that can't be read now are absent."""
    wanted: dict[str, dict[Place, str]] = defaultdict(dict)
    for batch in lake.query("places_of", image_ids=list(image_ids)):
        for row in batch.to_pylist():
            wanted[row["drop"]][row["uri"], row["member"]] = row["image_id"]
    return {image_id: data for drop, places in wanted.items() for image_id, data in _read(lake, drop, places)}


def _read(lake: Lake, drop: str, places: dict[Place, str]) -> Iterator[tuple[str, bytes]]:
    record = lake.drops.get(drop)
    uris = pa.array({uri for uri, _ in places})
    listing = pq.read_table(list_drop(lake, record), filters=pc.field("uri").isin(uris))
    rows = [row for row in listing.to_pylist() if (row["uri"], row["member"]) in places]
    batch = pa.RecordBatch.from_pylist(rows, listing.schema)
    for row, found in zip(rows, read(Path(record.root), batch, lake.config.images), strict=True):
        if found.data:
            yield places[row["uri"], row["member"]], found.data


def _thumbnail(lake: Lake, data: bytes | None) -> Image | None:
    try:
        return thumbnail(data, SIDE, lake.config.images) if data else None
    except Unreadable:
        return None
