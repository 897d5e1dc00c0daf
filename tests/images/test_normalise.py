"""Every colour mode gives exact RGB pixels, and every decoder gives the same."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from dataset_build.config import ImageLimits
from dataset_build.images.decode import read_pixels
from dataset_build.images.header import guarded, open_image
from dataset_build.images.normalise import as_stored, upright
from dataset_build.sample.photos import photo

LIMITS = ImageLimits()
GREY, GREY_ALPHA, RGB, RGBA = 0, 4, 2, 6  # colour types of PNG
DEEP = [0, 255, 256, 32768, 65279, 65535]


def decoded(data):
    with guarded(LIMITS):
        return read_pixels(data, open_image(data, LIMITS), LIMITS)


def row(data):
    """The first line of pixels."""
    return decoded(data).rgb[0].tolist()


def png(width, depth, colour, line, *extra):
    """A PNG of one line, of bytes that no Pillow mode holds."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, 1, depth, colour, 0, 0, 0)
    chunks = (header, *extra, b"IDAT" + zlib.compress(b"\0" + line), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks
    )


def deep(*levels):
    return np.array(levels, ">u2").tobytes()


def greys(*levels):
    return [[level] * 3 for level in levels]


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (png(8, 1, GREY, b"\x0f"), greys(*[0] * 4, *[255] * 4)),
        (png(4, 2, GREY, b"\x1b"), greys(0, 85, 170, 255)),
        (png(2, 4, GREY, b"\x0f"), greys(0, 255)),
        (png(6, 16, GREY, deep(*DEEP)), greys(0, 0, 1, 128, 254, 255)),
        (png(2, 16, RGB, deep(*DEEP)), [[0, 0, 1], [128, 254, 255]]),
        (png(2, 16, RGBA, deep(0, 256, 65535, 65535, 0, 0, 0, 0)), [[0, 1, 255], [255, 255, 255]]),
        (png(2, 16, GREY_ALPHA, deep(256, 65535, 65535, 0)), greys(1, 255)),
        (png(4, 8, GREY_ALPHA, bytes([0, 0, 0, 255, 100, 128, 255, 7])), greys(255, 0, 177, 255)),
        (png(2, 8, RGBA, bytes([0, 0, 0, 0, 10, 20, 30, 128])), [[255, 255, 255], [132, 137, 142]]),
        (png(2, 8, GREY, b"\x07\x08", b"tRNS\x00\x07"), greys(255, 8)),
        (png(1, 8, RGB, b"\x01\x02\x03", b"tRNS\x00\x01\x00\x02\x00\x03"), [[255, 255, 255]]),
    ],
    ids=["1", "2", "4", "16", "RGB16", "RGBA16", "LA16", "LA", "RGBA", "L+tRNS", "RGB+tRNS"],
)  # fmt: skip
def test_png_of_every_depth(data, pixels):
    assert row(data) == pixels


@pytest.mark.parametrize(
    ("image", "name", "pixels"),
    [
        (Image.fromarray(np.array([[[0] * 4, [255, 0, 0, 0], [0, 0, 0, 255], [10, 20, 30, 40]]], np.uint8), "CMYK"),
         "TIFF", [[255, 255, 255], [0, 255, 255], [0, 0, 0], [207, 198, 190]]),
        (Image.new("YCbCr", (1, 1), (128, 128, 128)), "TIFF", greys(128)),
        (Image.frombytes("I;16B", (6, 1), deep(*DEEP)), "TIFF", greys(0, 0, 1, 128, 254, 255)),
        (Image.fromarray(np.array([DEEP], np.int32)), "TIFF", greys(0, 0, 1, 128, 254, 255)),
        (Image.fromarray(np.array([[0, 0.25, 1]], np.float32)), "TIFF", greys(0, 64, 255)),
        (Image.fromarray(np.array([[[10, 20, 30, 128]]], np.uint8), "RGBA"), "TIFF", [[132, 137, 142]]),
        (Image.fromarray(np.array([[[10, 20, 30, 128]]], np.uint8), "RGBA"), "TGA", [[132, 137, 142]]),
    ],
    ids=["CMYK", "YCbCr", "I;16B", "I", "F", "RGBA TIFF", "RGBA TGA"],
)  # fmt: skip
def test_modes_of_other_formats(encode, image, name, pixels):
    assert row(encode(image, name)) == pixels


def test_a_palette_with_alpha_and_one_without(encode):
    image = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    image.putpalette([10, 20, 30, 40, 50, 60, 0, 0, 0])
    assert row(encode(image, "PNG")) == [[10, 20, 30], [40, 50, 60], [0, 0, 0]]
    assert row(encode(image, "PNG", transparency=bytes([128, 255, 0]))) == [[132, 137, 142], [40, 50, 60], [255] * 3]


def test_a_jpeg_of_four_inks_is_inverted(encode):
    inks = Image.new("CMYK", (300, 300), (0, 200, 100, 50))
    expected = np.asarray(inks.convert("RGB"))[0, 0].astype(int)
    assert np.abs(np.array(row(encode(inks, "JPEG", quality=100))[0]) - expected).max() <= 2


def test_a_colour_profile_changes_nothing(encode):
    """Facts compare the numbers as they are stored; whoever trains on the pixels converts them."""
    image = photo(np.random.default_rng(0), 64, 64).image
    assert decoded(encode(image, "PNG", icc_profile=b"any profile")).hash == decoded(encode(image, "PNG")).hash


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{"quality": 30}, {"quality": 95, "subsampling": 0}, {"progressive": True}])
def test_jpeg_decoders_agree(encode, mode, options):
    """simplejpeg, which decodes here, Pillow and OpenCV: within 2 levels of 255 (all are libjpeg-turbo, and equal)."""
    data = encode(photo(np.random.default_rng(1), 301, 257).image.convert(mode), "JPEG", **options)
    ours = decoded(data).rgb.astype(int)
    assert np.abs(ours - np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))).max() <= 2
    if mode != "CMYK":  # which OpenCV converts in its own way
        opencv = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        assert np.abs(ours - opencv).max() <= 2


@pytest.mark.parametrize(("size", "scale"), [((620, 540), 2), ((1300, 1100), 4)])
def test_reduced_by_the_decoder_or_after_it_a_picture_is_the_same(encode, size, scale):
    """libjpeg at 1/2 and 1/4 against averages of squares: within 8 levels, half a level on average."""
    image = photo(np.random.default_rng(0), *size).image
    jpeg, png = decoded(encode(image, "JPEG", quality=95, subsampling=0)), decoded(encode(image, "PNG"))
    assert (jpeg.scale, jpeg.reduction, png.scale, png.reduction) == (scale, scale, 1, scale)
    height, width = png.rgb.shape[:2]
    difference = np.abs(jpeg.rgb[:height, :width].astype(int) - png.rgb)
    assert difference.max() <= 8
    assert difference.mean() <= 0.7


@pytest.mark.parametrize("orientation", range(1, 9))
def test_as_stored_undoes_upright(orientation):
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(as_stored(upright(pixels, orientation), orientation), pixels)
