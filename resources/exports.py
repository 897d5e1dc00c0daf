"""The images of a release, read from their sources for an export."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataset_build import schemas
from dataset_build.exports.samples import Missing, Row
from dataset_build.locations import is_remote
from dataset_build.parquet_files import read_parquet
from dataset_build.sources.files import opened, size_of
from dataset_build.sources.read import read
from dataset_build.sources.uris import UnreadableError, to_path
from resources.drops import UnknownDrop, UnknownSource
from resources.ingest import list_drop
from resources.lake import Lake
from resources.people import taken_in

BYTES = 64 << 20  # of images that are held at once
COLUMNS = ("uri", "member", "offset", "size", "modified", "status", "reason")

Place = dict[str, Any]  # a row of schemas.LISTING, its texts left out


class LakeImages:
    """Images are read where the release says that they lay, in whole runs from the same archive."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def read(self, rows: Sequence[Row]) -> Iterator[bytes | Missing]:
        """The bytes of each row's image, lazily; about 64 MB are held at once."""
        places = self._places(rows)
        for group in _groups(rows):
            found = self._read(group, places)
            for row in group:
                yield found.pop(row["image_id"])

    def path(self, row: Row) -> str | Missing:
        """The absolute path of the file that holds nothing but the image, if it has the size that it had."""
        if row["member"] is not None:
            return Missing("in_archive", f"{row['uri']} holds it among others; copy or embed it")
        root = self._root(row["drop"])
        if isinstance(root, Missing):
            return root
        if is_remote(root):
            return Missing("in_bucket", f"{root} holds it; copy or embed it")
        try:
            with opened(root, row["uri"]) as file:
                size = size_of(file)
            path = str(root / to_path(row["uri"]))
            path.encode()
        except UnreadableError as error:
            return Missing(error.status, error.reason)
        except UnicodeEncodeError:
            return Missing("unreadable", "the file's name isn't UTF-8; copy or embed it")
        return path if size == row["file_bytes"] else Missing("changed", f"{size} bytes, not {row['file_bytes']}")

    def taken_down(self, version: str) -> dict[str, str]:
        """The images of a release that are taken down, by which take-down."""
        return {row["value"]: f"take-down {row['key']}" for row in taken_in(self.lake, version)}

    def _root(self, drop: str) -> Path | Missing:
        try:
            return self.lake.drops.root_of(self.lake.drops.get(drop))
        except (UnknownDrop, UnknownSource) as error:
            return Missing("vanished", str(error))

    def _places(self, rows: Sequence[Row]) -> dict[str, Place]:
        """Where each image is to be read; of archives only the listing knows where a member begins."""
        places = {row["image_id"]: _file(row) for row in rows if row["member"] is None}
        members: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
        for row in rows:
            if row["member"] is not None and not isinstance(self._root(row["drop"]), Missing):
                members[row["drop"]][row["uri"], row["member"]] = row["image_id"]
        for drop, wanted in members.items():
            for place in self._listed(drop, {uri for uri, _ in wanted}):
                if image_id := wanted.get((place["uri"], place["member"])):
                    places[image_id] = place
        return places

    def _listed(self, drop: str, uris: set[str]) -> Iterator[Place]:
        listing = list_drop(self.lake, self.lake.drops.get(drop))
        table = read_parquet(listing, columns=list(COLUMNS), filters=pc.field("uri").isin(pa.array(uris, pa.string())))
        for batch in table.to_batches():
            yield from batch.to_pylist()

    def _read(self, group: Sequence[Row], places: dict[str, Place]) -> dict[str, bytes | Missing]:
        found: dict[str, bytes | Missing] = {
            row["image_id"]: Missing("vanished", "its drop's listing has no such place") for row in group
        }
        by_drop: dict[str, list[str]] = defaultdict(list)
        for row in group:
            if row["image_id"] in places:
                by_drop[row["drop"]].append(row["image_id"])
        for drop, image_ids in by_drop.items():
            found.update(self._read_drop(drop, image_ids, places))
        return found

    def _read_drop(
        self, drop: str, image_ids: list[str], places: dict[str, Place]
    ) -> Iterator[tuple[str, bytes | Missing]]:
        root = self._root(drop)
        if isinstance(root, Missing):
            yield from ((image_id, root) for image_id in image_ids)
            return
        ordered = sorted(image_ids, key=lambda image_id: (places[image_id]["uri"], places[image_id]["offset"] or 0))
        batch = pa.RecordBatch.from_pylist([places[image_id] for image_id in ordered], schemas.LISTING.schema)
        for image_id, result in zip(ordered, read(root, batch, self.lake.config.images), strict=True):
            yield image_id, result.data if result.data else Missing(result.status or "empty", result.reason or "")


def _file(row: Row) -> Place:
    """The place of an image that is a file of its own: it is read whole."""
    return {"uri": row["uri"], "offset": None}


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    held = 0
    for row in rows:
        if group and held + row["file_bytes"] > BYTES:
            yield group
            group, held = [], 0
        group.append(row)
        held += row["file_bytes"]
    if group:
        yield group
