"""Rows of text_regions: text where there is some, none in drawings, and a status for what can't be measured."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.text_pictures import FREE, HEAVY, drawn
from dataset_build.config import ImageLimits, Text
from dataset_build.schemas import LISTING, TEXT_REGIONS
from dataset_build.text import regions
from dataset_build.text.models import models_of

LISTED = LISTING.schema.append(pa.field("image_id", pa.string()))
LIMITS = ImageLimits()


@pytest.fixture
def detector(text_detection: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process set up as a worker is, without its limit on time."""
    monkeypatch.setattr(regions.watchdog, "arm", lambda seconds: None)
    monkeypatch.setattr(regions, "_detector", None)
    regions.set_up(LIMITS, models_of(Text()))
    yield


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def detected(folder: Path, *files: bytes | None, image_id: str | None = None) -> list[dict[str, Any]]:
    """The rows for files; None is a file that isn't there."""
    rows = []
    for number, data in enumerate(files):
        if data is not None:
            (folder / f"{number}.png").write_bytes(data)
        rows.append({"uri": f"{number}.png", "image_id": image_id or hashlib.sha256(data or b"").hexdigest()})
    batch = regions.detect(pa.RecordBatch.from_pylist(rows, LISTED), folder, LIMITS)
    assert batch.schema == TEXT_REGIONS.schema
    assert batch.column("image_id").to_pylist() == [row["image_id"] for row in rows]
    return batch.to_pylist()


def three_lines() -> Image.Image:
    image = Image.new("RGB", (480, 320), "white")
    for number, line in enumerate(("WHEN NOBODY", "is looking", "at 3:45 pm")):
        ImageDraw.Draw(image).text((40, 30 + 100 * number), line, "black", ImageFont.load_default(48))
    return image


@pytest.mark.usefixtures("detector")
def test_each_line_has_its_box_and_was_read(tmp_path: Path) -> None:
    (row,) = detected(tmp_path, png(three_lines()))
    assert (row["status"], row["reason"]) == ("ok", None)
    boxes = sorted(row["boxes"], key=lambda box: box["y0"])
    assert [round(box["y0"] * 32) for box in boxes] == [4, 14, 24]
    assert [round(box["y1"] * 32) for box in boxes] == [8, 19, 29]
    assert all(round(box["x0"] * 48) == 4 for box in boxes)
    assert [box["characters"] for box in boxes] == [10, 10, 10]  # a space may count
    assert [box["is_text"] for box in boxes] == [True, True, True]
    assert min(box["text_score"] for box in boxes) > 0.9
    assert min(box["score"] for box in boxes) > 0.9
    area = sum((box["x1"] - box["x0"]) * (box["y1"] - box["y0"]) for box in boxes)
    assert row["text_area"] == pytest.approx(area, rel=0.1)  # lines are a little askew


@pytest.mark.usefixtures("detector")
def test_text_upside_down_or_turned_is_text(tmp_path: Path) -> None:
    strip = three_lines().crop((30, 20, 330, 110))  # shorter than what counts by its shape alone
    turned = [strip.transpose(way) for way in (Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90)]
    rows = detected(tmp_path, *map(png, turned))
    assert [[box["is_text"] for box in row["boxes"]] for row in rows] == [[True], [True]]


@pytest.mark.usefixtures("detector")
def test_pages_posters_and_memes_are_told_from_pictures(tmp_path: Path) -> None:
    heavy = detected(tmp_path, *(png(image) for _, image in drawn(HEAVY, 2, seed=7)))
    free = detected(tmp_path, *(png(image) for _, image in drawn(FREE, 2, seed=7)))
    assert min(row["text_area"] for row in heavy) > Text().max_area > max(row["text_area"] for row in free)


@pytest.mark.usefixtures("detector")
def test_what_cannot_be_measured_gets_a_status(tmp_path: Path) -> None:
    whole = png(three_lines())
    rows = detected(tmp_path, whole[:2000], b"<html>", b"", None, whole)
    assert [row["status"] for row in rows] == ["truncated", "not_an_image", "empty", "vanished", "ok"]
    assert all(row["reason"] and row["text_area"] is None and row["boxes"] is None for row in rows[:4])


@pytest.mark.usefixtures("detector")
def test_a_file_that_holds_another_image_now_is_not_measured(tmp_path: Path) -> None:
    (row,) = detected(tmp_path, png(three_lines()), image_id="0" * 64)
    assert (row["image_id"], row["status"], row["text_area"]) == ("0" * 64, "changed", None)


@pytest.mark.usefixtures("detector")
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (3000, 2), (33, 31)])
def test_odd_sizes_do_no_harm(size: tuple[int, int], tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    (row,) = detected(tmp_path, png(Image.fromarray(noise)))
    assert (row["status"], row["text_area"]) == ("ok", 0.0)


@pytest.mark.parametrize("status", ["timeout", "crashed"])
def test_an_image_that_killed_its_worker_is_answered_for(status: str) -> None:
    row = pa.RecordBatch.from_pylist([{"uri": "a.png", "image_id": "a"}], LISTED)
    (answer,) = regions.failed(row, status).to_pylist()
    assert (answer["image_id"], answer["status"], answer["text_area"]) == ("a", status, None)
    assert answer["reason"]
