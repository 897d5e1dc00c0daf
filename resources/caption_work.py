"""The images that wait for captions, with their texts and a way to their pictures, in the order of the sources."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_build.captions.calls import CallFailed, Picture, View
from dataset_build.captions.job import Subject
from dataset_build.captions.pictures import Place
from dataset_build.queries import load_query
from resources.ingest import list_drop
from resources.lake import Lake
from resources.pictures import Pictures

BATCH = 256  # rows that are read at a time


@dataclass(frozen=True)
class Image:
    """An image that waits for captions; `attempts` were made before."""

    subject: Subject
    input_hash: str
    attempts: int
    place: Place | None
    pictures: Pictures | None

    async def views(self, view: View) -> Picture:
        """A picture of it; a captions.calls.Views."""
        if self.place is None or self.pictures is None:
            raise CallFailed("rejected_image", "it is not known where the image lies")
        return await self.pictures.make(self.place, view)


def images(lake: Lake, waiting: Path, pictures: Pictures | None) -> Iterator[Image]:
    """The rows of sql/caption_work.sql; their places are looked up only when there is somebody to make pictures."""
    if pictures is None:
        with pq.ParquetFile(waiting) as file:
            for batch in file.iter_batches(BATCH):
                yield from (_image(row, None, None) for row in batch.to_pylist())
        return
    for drop in pc.unique(pq.read_table(waiting, columns=["drop"]).column("drop")).to_pylist():
        root = lake.drops.root_of(lake.drops.get(drop))
        for row in _placed(lake, waiting, drop):
            place = Place(row["image_id"], root, row["listed"]) if row["listed"] else None
            yield _image(row, place, pictures)


def _placed(lake: Lake, waiting: Path, drop: str) -> Iterator[dict[str, Any]]:
    """The rows of one drop, each with the row of schemas.LISTING where its image is read."""
    with lake.connect([]) as connection:
        connection.read_parquet(str(list_drop(lake, lake.drops.get(drop)))).create_view("drop_listing")
        connection.read_parquet(str(waiting)).create_view("waiting")
        found = connection.execute(load_query("caption_places").text, {"drop": drop})
        for batch in found.to_arrow_reader(BATCH):
            yield from batch.to_pylist()


def _image(row: dict[str, Any], place: Place | None, pictures: Pictures | None) -> Image:
    subject = Subject(
        row["image_id"],
        row["width"],
        row["height"],
        tuple((tag["tag"], tag["category"]) for tag in row["tags"]),
        tuple(row["alt_texts"]),
        tuple((box[0], box[1], box[2], box[3]) for box in row["text_boxes"]),
    )
    return Image(subject, row["input_hash"], row["attempts"], place, pictures)
