"""The status and the reason of every kind of unusable file, and of damage that still decodes."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from dataset_build import schemas
from dataset_build.config import ImageLimits
from dataset_build.images import facts

HEADER = {"status", "reason", "file_bytes", "format", "width", "height", "frames", "mode", "has_alpha", "orientation"}
ROOT = Path(__file__).parents[2]


def png(width, height, pixels=b""):
    """A grey PNG that claims a size, whatever its pixels."""
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), b"IDAT" + pixels, b"IEND")
    framed = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.fixture
def jpeg(scene, encode):
    return encode(scene(), "JPEG", quality=92)


def test_every_column_but_the_id_is_there_whatever_the_status(measure, jpeg):
    columns = [name for name in schemas.IMAGE_FACTS.schema.names if name != "image_id"]
    assert list(measure(jpeg)) == columns
    assert list(measure(b"")) == columns


@pytest.mark.parametrize(
    ("data", "status", "name", "reason"),
    [
        (b"", "empty", None, "0 bytes"),
        (b"just some words\n", "not_an_image", None, "no image format is recognised"),
        (b"BMW is a car maker", "not_an_image", None, "no image format is recognised"),
        (b"<!DOCTYPE html><html><svg></svg></html>", "not_an_image", None, "no image format is recognised"),
        (b"PK\x03\x04" + bytes(60), "not_an_image", None, "no image format is recognised"),
        (bytes(5000), "not_an_image", None, "no image format is recognised"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format", "SVG", "SVG is not read"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg/>", "unsupported_format", "SVG", "SVG is not read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "unsupported_format", "EPS", "EPS is not read"),
        (b"%PDF-1.7\n", "unsupported_format", "PDF", "PDF is not read"),
        (b"\xd7\xcd\xc6\x9a" + bytes(60), "unsupported_format", "WMF", "WMF is not read"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(60), "unsupported_format", "HEIF", "HEIF is not read"),
        (b"\x89PNG\r\n\x1a\n", "truncated", "PNG", "the PNG header is cut off"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + bytes(99), "undecodable", "PNG", "the PNG header makes no sense"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "truncated", "JPEG", "the JPEG header is cut off"),
    ],
)
def test_files_that_do_not_open(measure, data, status, name, reason):
    row = measure(data)
    assert (row["status"], row["format"], row["reason"]) == (status, name, reason)
    assert row["file_bytes"] == len(data)
    assert (row["width"], row["height"], row["pixel_hash"]) == (None, None, None)


def test_pixel_limit_is_held_before_decoding(measure):
    row = measure(png(30000, 20000))
    assert (row["status"], row["format"], row["width"], row["height"]) == ("too_many_pixels", "PNG", 30000, 20000)
    assert row["reason"] == "30000 × 20000 pixels, the limit is 90000000"
    assert {row[name] for name in row.keys() - HEADER} == {None}


def test_limits_are_the_callers(encode):
    data = encode(Image.new("RGB", (11, 10)), "BMP")
    assert facts.measure(data, ImageLimits(max_pixels=109))["status"] == "too_many_pixels"
    assert facts.measure(data, ImageLimits(max_pixels=110))["status"] == "ok"
    row = facts.measure(data, ImageLimits(max_bytes=len(data) - 1))
    assert (row["status"], row["reason"]) == ("too_many_bytes", f"{len(data)} bytes, the limit is {len(data) - 1}")
    assert facts.measure(data, ImageLimits(max_bytes=len(data)))["status"] == "ok"


def test_pixel_limit_holds_for_an_image_inside_an_icon(measure):
    inside = png(60000, 60000)
    icon = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(inside), 22) + inside
    row = measure(icon)
    assert (row["status"], row["format"]) == ("too_many_pixels", "ICO")
    assert row["reason"].startswith("Image size (3600000000 pixels) exceeds limit")


def test_a_small_file_that_needs_much_memory_is_refused(measure):
    # 9400 × 9500 pixels of one colour, within the pixel limit; decoding them takes 1.4 GB
    webp = bytes.fromhex("524946461e000000574542505650384c110000002fb7e4460907d0b12634a1ff8188e87f0000")
    row = measure(webp)
    assert (row["status"], row["width"], row["height"]) == ("too_many_pixels", 9400, 9500)
    assert row["reason"] == "a bomb: 9400 × 9500 pixels from 38 bytes"


def test_bombs_stay_under_500_mb(tmp_path):
    flat = png(9000, 9000, zlib.compress(b"\0" * 9001 * 9000, 1))
    (tmp_path / "flat.png").write_bytes(flat)
    (tmp_path / "gif.gif").write_bytes(
        bytes.fromhex("4749463839610020002000f1030000000000ff000000ffff00ffffff21f904c900000000")
        + bytes.fromhex("2c00000000ffffff2905008f")
    )
    code = (
        "import pathlib, sys\n"
        "from dataset_build.config import ImageLimits\n"
        "from dataset_build.images import facts\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    print(facts.measure(path.read_bytes(), ImageLimits())['status'])\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"  # ru_maxrss would count the parent's memory
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True, cwd=ROOT)
    flat_status, gif_status, megabytes = done.stdout.split()
    assert (flat_status, gif_status) == ("ok", "too_many_pixels")
    assert int(megabytes) < 500


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("dataset_build.images.header.Image.open", MemoryError()),
        ("dataset_build.images.decode.simplejpeg.decode_jpeg", ValueError("Insufficient memory (case 4)")),
        (
            "dataset_build.images.measures.sharpness",
            cv2.error("alloc.cpp:1: error: (-4) Failed to allocate 9 bytes"),
        ),
    ],
)
def test_too_little_memory_says_nothing_about_an_image(measure, jpeg, monkeypatch, place, error):
    def fails(*given, **named):
        raise error

    monkeypatch.setattr(place, fails)
    with pytest.raises(MemoryError):
        measure(jpeg)


def test_a_picture_that_cannot_be_measured_has_a_row(measure, jpeg, monkeypatch):
    def fails(grey):
        raise cv2.error("OpenCV(5) resize.cpp:1: error: (-215:Assertion failed) !ssize.empty()")

    monkeypatch.setattr(facts.measures, "sharpness", fails)
    row = measure(jpeg)
    assert (row["status"], row["sharpness"]) == ("undecodable", None)
    assert row["reason"] == "OpenCV(5) resize.cpp:1: error: (-215:Assertion failed) !ssize.empty()"


@pytest.mark.parametrize("progressive", [False, True])
def test_damage_that_still_decodes_is_found(measure, scene, encode, progressive):
    jpeg = encode(scene(), "JPEG", quality=92, progressive=progressive)
    middle = len(jpeg) // 2
    assert measure(jpeg)["status"] == "ok"
    assert measure(jpeg[:middle] + bytes(4096) + jpeg[middle + 4096 :])["status"] == "undecodable"
    assert measure(jpeg[:middle] + jpeg[middle + 700 :])["status"] == "undecodable"
    assert measure(jpeg[:middle] + bytes(len(jpeg) - middle))["status"] == "truncated"
    flipped = bytearray(jpeg)
    for place in np.random.default_rng(1).integers(middle, len(jpeg) - 2, 64):
        flipped[place] ^= 16
    assert measure(bytes(flipped))["status"] != "ok"


def test_damage_keeps_what_the_header_says_and_nothing_else(measure, jpeg):
    row = measure(jpeg[:-5000])
    assert (row["status"], row["reason"]) == ("truncated", "Premature end of JPEG file")
    assert (row["format"], row["width"], row["height"], row["mode"]) == ("JPEG", 480, 360, "RGB")
    assert {row[name] for name in row.keys() - HEADER} == {None}


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "TGA"])
def test_half_a_file_is_not_ok(measure, scene, encode, name):
    data = encode(scene(), name)
    assert measure(data)["status"] == "ok"
    assert measure(data[: len(data) // 2])["status"] in ("truncated", "undecodable")


def test_bytes_behind_the_image_do_no_harm(measure, jpeg):
    whole, appended = measure(jpeg), measure(jpeg + bytes(range(256)) * 12)
    assert appended == whole | {"file_bytes": len(jpeg) + 3072}


def test_bytes_too_many_in_the_header_are_a_remark(measure, jpeg):
    table = jpeg.index(b"\xff\xdb")
    row = measure(jpeg[:table] + b"junk!" + jpeg[table:])
    assert (row["status"], row["reason"]) == ("ok", "Corrupt JPEG data: 5 extraneous bytes before marker 0xdb")
    assert row["phash"] == measure(jpeg)["phash"]


def test_a_cmyk_jpeg_is_checked_too(measure, scene, encode):
    jpeg = encode(scene().convert("CMYK"), "JPEG", quality=92)
    middle = len(jpeg) // 2
    assert measure(jpeg[:middle] + bytes(4096) + jpeg[middle + 4096 :])["status"] == "undecodable"


def test_an_animation_that_ends_early_is_truncated(measure, scene, encode):
    frames = [scene(64, 64, seed) for seed in range(4)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    row = measure(data[:-300])
    assert (row["status"], row["reason"], row["frames"]) == ("truncated", "frame 4 is cut off", 4)


def test_warnings_and_settings_of_pillow_do_not_leak(measure, encode, recwarn, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_234_567)
    palette = Image.new("P", (20, 20))
    measure(encode(palette, "PNG", transparency=b"\x00\x80"))
    measure(png(15000, 6000))  # Pillow warns of these
    measure(b"")
    assert Image.MAX_IMAGE_PIXELS == 1_234_567
    assert not recwarn.list


def test_the_same_bytes_give_the_same_facts(measure, jpeg):
    damaged = jpeg[:2000] + bytes(4096) + jpeg[6096:]
    assert measure(jpeg) == measure(jpeg)
    assert measure(damaged) == measure(damaged)
