"""What people say about images: take-downs and overrides. Rows are only ever added."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataset_build.errors import UserError
from dataset_build.release.reader import releases
from dataset_build.release.text import plain
from dataset_build.takedowns import Kind, as_value
from resources.lake import TABLES, Lake
from resources.releases import run_checks
from resources.sheets import forget

RADIUS = 6  # bits of 64 of ImageHash's phash: a recompressed or resized copy differs by fewer
CANDIDATES = 10
Row = dict[str, Any]


class NotFound(UserError):
    """No image of the lake, or more than one, is called that."""


def take_down(lake: Lake, kind: Kind, value: str, reason: str, radius: int = RADIUS) -> Row:
    """Keep an image, all within `radius` bits of a phash, a post or the addresses that fit a pattern out of every
    release, and what looks like them. Returns the row; what is taken down already stays as it was.
    """
    value = find_image(lake, value) if kind == "image" else as_value(kind, value)
    phash = _phash(lake, value) if kind == "image" else value if kind == "phash" else None
    row = {"kind": kind, "value": value, "phash": phash, "radius": radius if phash else None, "reason": _words(reason)}
    known = lake.view("active_takedowns").to_pylist()
    same = [each for each in known if all(each[key] == row[key] for key in ("kind", "value", "radius"))]
    row = same[0] if same else _add(lake, "takedowns", row)
    forget(lake.root, lake.view("taken_down")["image_id"].to_pylist())
    return row


def lift(lake: Lake, number: int, reason: str) -> Row:
    """End a take-down."""
    if number not in lake.view("active_takedowns")["number"].to_pylist():
        raise NotFound(f"no take-down {number} is in force; `takedown list` shows them")
    return _add(lake, "takedowns", {"kind": "lift", "value": str(number), "reason": _words(reason)})


def override(lake: Lake, image: str, verdict: str, reason: str) -> Row:
    """Keep or reject an image whatever the rules say, or leave it to them again (clear)."""
    image_id = find_image(lake, image)
    return _add(lake, "overrides", {"image_id": image_id, "verdict": verdict, "reason": _words(reason)})


def images_of(lake: Lake) -> dict[int, int]:
    """How many images of the lake each take-down takes down, by its number."""
    counts = pc.value_counts(lake.view("taken_down")["number"]).to_pylist()
    return {each["values"]: each["counts"] for each in counts}


def held_by(lake: Lake) -> dict[int, dict[str, int]]:
    """For each take-down the releases that hold images which it takes down, and how many."""
    held: dict[int, dict[str, int]] = {}
    for manifest in releases(lake.root):
        if "tombstone" not in manifest:
            for row in taken_in(lake, manifest["version"]):
                of = held.setdefault(int(row["key"]), {})
                of[manifest["version"]] = of.get(manifest["version"], 0) + 1
    return held


def taken_in(lake: Lake, version: str) -> list[Row]:
    """The images of a release that are taken down (value), by which take-down (key)."""
    return run_checks(lake, lake.root / "releases" / version, 0, ["takedown"])["takedown"]


def find_image(lake: Lake, image: str) -> str:
    """The id of the image that is called by an id, four or more digits of its start, or a file name.

    A whole id need not be known to the lake. Raises NotFound.
    """
    image = image.encode(errors="replace").decode().removeprefix("./")
    if len(image) == 64 and all(digit in "0123456789abcdef" for digit in image.lower()):
        return image.lower()
    found = lake.table("find_images", image=image).to_pylist() if image else []
    if len(found) == 1:
        return str(found[0]["image_id"])
    if not found:
        raise NotFound(f"no image {image!r} in {lake.root}; give an id or a file name")
    names = ", ".join(f"{row['image_id'][:12]} ({plain(row['place'])})" for row in found[:CANDIDATES])
    raise NotFound(f"{image!r} fits {len(found)} images: {names}")


def _phash(lake: Lake, image_id: str) -> str | None:
    """The phash of an image that says something, so that its likes are known when its drop is gone."""
    return next(iter(lake.table("phash_of", image=image_id)["phash"].to_pylist()), None)


def _words(reason: str) -> str:
    if not reason.strip():
        raise UserError("give a reason; releases show it")
    return plain(" ".join(reason.split()))[:500]


def _add(lake: Lake, table: str, row: Row) -> Row:
    """Append a row under the next number."""
    piece, schema = lake.piece(table), TABLES[table].schema
    with lake.writing(piece):
        row = {"number": lake.count(table) + 1, **row, "added_at": datetime.now(UTC)}
        piece.append([pa.RecordBatch.from_pylist([row], schema)], {}, lake.provenance)
    return row
