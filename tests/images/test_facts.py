"""What is measured on good images."""

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dataset_build import schemas
from dataset_build.images import facts


@pytest.fixture
def ramps():
    """Three different patterns in the three channels, made of integers only."""
    y, x = np.mgrid[:300, :400]
    channels = (x * y // 97) % 256, (x * 3 + y) % 256, (y * 5 + x * x // 50) % 256
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def test_all_facts_of_one_image(measure, ramps, encode):
    """When this must change, so must facts.VERSION: stored facts are then measured anew."""
    assert facts.VERSION == "4"
    data = encode(ramps, "PNG")
    row = measure(data)
    numbers = {"sharpness": 730.3086, "brightness": 0.47440, "contrast": 0.19114, "entropy": 7.61062}
    for name, value in numbers.items():
        assert row.pop(name) == pytest.approx(value, rel=1e-4)
    for name in ("hash_whole", "hash_inside", "hash_trimmed", "hash_crops"):
        row[name] = row[name].hex()
    look = np.frombuffer(row.pop("look"), np.uint8)
    assert (len(look), look.mean()) == (1536, pytest.approx(122.25260416666667, rel=1e-4))
    assert row == {
        "status": "ok",
        "reason": None,
        "file_bytes": len(data),
        "format": "PNG",
        "width": 400,
        "height": 300,
        "frames": 1,
        "mode": "RGB",
        "has_alpha": False,
        "orientation": 1,
        "pixel_hash": "e0b480d6d75814b3a88fc514e8c0c688",
        "decode_scale": 1,
        "hash_whole": "803c2f95303f716b67454c6049af5a4856bb2566aacc01f80ff17b6f5a4a56d6",
        "hash_inside": "803c2f95303f716b67454c6049af5a4856bb2566aacc01f80ff17b6f5a4a56d6",
        "hash_trimmed": "803c2f95303f716b67454c6049af5a4856bb2566aacc01f80ff17b6f5a4a56d6",
        "hash_crops": "80681f8a102a237f66fa4dc15b5c56b8b577aacc00b80bf17b4b5ad656a555ab"
        "802a3f815d2a317f677f6c6a49475adc5531a666ac8f00582db52b6b4a565aed"
        "80010ad43f8011287345667f6da04a4752a85573be63740f249e2525a92b2b56",
        "hash_informative": True,
        "phash": "803f3871776c595a",
        "greyscale": False,
        "border": 0.0,
        "flat_tail": 0.0,
        "torn_rows": 0,
    }


def test_the_row_fits_the_table(measure, ramps, encode):
    for data in (encode(ramps, "JPEG"), b"", b"text"):
        row = {"image_id": "0" * 64, **measure(data)}
        table = schemas.pa.Table.from_pylist([row], schemas.IMAGE_FACTS.schema)
        table.validate(full=True)
        assert row.keys() <= set(table.column_names)  # no value is left out in silence


def test_a_flat_image_is_uninformative_and_all_border(measure, encode):
    row = measure(encode(Image.new("RGB", (300, 200), (90, 90, 90)), "PNG"))
    assert row["status"] == "ok"
    assert not row["hash_informative"]
    assert (row["sharpness"], row["contrast"], row["entropy"], row["border"]) == (0, 0, 0, 1)
    assert row["brightness"] == pytest.approx(90 / 255)
    assert row["greyscale"]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (15, 400), (2, 3)])
def test_odd_sizes(measure, scene, encode, size):
    row = measure(encode(scene(64, 64).resize(size), "PNG"))
    assert (row["status"], row["width"], row["height"]) == ("ok", *size)
    assert not row["hash_informative"]


def test_half_black_half_white(measure, encode):
    halves = Image.new("L", (200, 100))
    halves.paste(255, (100, 0, 200, 100))
    row = measure(encode(halves, "PNG"))
    assert (row["brightness"], row["contrast"], row["entropy"]) == (0.5, 0.5, 1)


def test_entropy_of_all_levels_is_eight_bits(measure, encode):
    levels = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    assert measure(encode(Image.fromarray(levels), "PNG"))["entropy"] == pytest.approx(8)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_greyscale_survives_lossy_formats(measure, scene, encode, name):
    grey = scene().convert("L").convert("RGB")
    assert measure(encode(grey, name))["greyscale"]
    ImageDraw.Draw(grey).rectangle((100, 100, 140, 140), fill=(150, 120, 120))
    assert not measure(encode(grey, name))["greyscale"]


def test_border_is_the_share_of_uniform_area(measure, scene, encode):
    framed = Image.new("RGB", (500, 400), "white")
    framed.paste(scene(400, 300), (50, 50))
    assert measure(encode(framed, "PNG"))["border"] == pytest.approx(0.4, abs=0.02)
    assert measure(encode(framed, "JPEG", quality=30))["border"] == pytest.approx(0.4, abs=0.02)
    assert measure(encode(scene(400, 300), "PNG"))["border"] == 0


def test_blur_lowers_sharpness_and_size_does_not(measure, scene, encode):
    image = scene(1024, 1024)
    blurred = image.resize((64, 64), Image.Resampling.BOX).resize((1024, 1024), Image.Resampling.BICUBIC)
    sharp = measure(encode(image, "PNG"))["sharpness"]
    assert measure(encode(blurred, "PNG"))["sharpness"] < sharp / 5
    smaller = measure(encode(image.resize((512, 512), Image.Resampling.BOX), "PNG"))["sharpness"]
    assert math.isclose(smaller, sharp, rel_tol=0.2)
