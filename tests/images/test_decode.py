"""Every kind of picture ends up as the same upright RGB pixels, and the header says what it was."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from dataset_build.config import ImageLimits
from dataset_build.images.decode import Unreadable, read_pixels, thumbnail
from dataset_build.images.header import guarded, open_image

LIMITS = ImageLimits()


@pytest.fixture
def decoded(encode):
    """The pixels of a file, or of an image as PNG."""

    def decoded(source):
        data = source if isinstance(source, bytes) else encode(source, "PNG")
        with guarded(LIMITS):
            return read_pixels(data, open_image(data, LIMITS), LIMITS)

    return decoded


@pytest.fixture
def corners():
    """Four colours, so that every way to turn it looks different."""
    image = Image.new("RGB", (64, 32), "red")
    image.paste("lime", (32, 0, 64, 16))
    image.paste("blue", (0, 16, 32, 32))
    image.paste("white", (32, 16, 64, 32))
    return image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "TIFF", "JPEG", "WEBP"])
def test_exif_orientation_is_applied(measure, corners, encode, decoded, name, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(name, {})
    data = encode(corners, name, exif=exif, **options)
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(encode(corners, "PNG", exif=exif))))
    row = measure(data)
    assert (row["orientation"], row["width"], row["height"]) == (orientation, *seen.size)
    assert np.abs(decoded(data).rgb.astype(int) - np.asarray(seen)).max() <= (3 if name == "JPEG" else 0)


def test_a_png_may_state_its_orientation_behind_the_pixels(measure, corners, encode):
    exif = Image.Exif()
    exif[274] = 8
    data = encode(corners, "PNG", exif=exif)
    start = data.index(b"eXIf") - 4
    chunk = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
    end = data.index(b"IEND") - 4
    row = measure(data[:start] + data[start + len(chunk) : end] + chunk + data[end:])
    assert (row["orientation"], row["width"], row["height"]) == (8, 32, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_strips_join_in_every_orientation(monkeypatch, scene, decoded, encode, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = encode(scene(100, 70), "PNG", exif=exif)
    whole = decoded(data)
    monkeypatch.setattr("dataset_build.images.normalise._STRIP", 1000)
    assert decoded(data).hash == whole.hash
    assert np.array_equal(decoded(data).rgb, ImageOps.exif_transpose(Image.open(io.BytesIO(data))))


def test_an_upright_copy_has_the_same_hashes(measure, scene, encode, distance):
    exif = Image.Exif()
    exif[274] = 6
    turned = encode(scene().rotate(90, expand=True), "JPEG", quality=95, exif=exif)
    upright = measure(encode(scene(), "JPEG", quality=95))
    assert distance(measure(turned)["hash_whole"], upright["hash_whole"]) <= 4


@pytest.mark.parametrize("broken", [0, 9, 65535])
def test_senseless_orientation_is_ignored(measure, corners, encode, broken):
    exif = Image.Exif()
    exif[274] = broken
    assert measure(encode(corners, "JPEG", exif=exif))["orientation"] == 1


@pytest.mark.parametrize("name", ["PNG", "BMP", "TIFF", "PPM", "TGA", "QOI", "WEBP"])
def test_the_same_pixels_have_the_same_hash_in_every_wrapping(measure, scene, encode, name):
    options = {"lossless": True} if name == "WEBP" else {}
    rewrapped = measure(encode(scene(), name, **options))
    assert rewrapped["format"] == name
    assert rewrapped["pixel_hash"] == measure(encode(scene(), "PNG"))["pixel_hash"]
    assert measure(encode(scene(seed=1), "PNG"))["pixel_hash"] != rewrapped["pixel_hash"]


def test_pixel_hash_knows_the_shape(measure, encode):
    wide, tall = (measure(encode(Image.new("RGB", size), "PNG")) for size in ((20, 10), (10, 20)))
    assert wide["pixel_hash"] != tall["pixel_hash"]


@pytest.mark.parametrize(("side", "scale"), [(511, 1), (512, 2), (1023, 2), (1024, 4), (2048, 8), (4100, 8)])
def test_jpeg_is_decoded_at_a_power_of_two(measure, decoded, encode, side, scale):
    data = encode(Image.radial_gradient("L").resize((side + 33, side)), "JPEG")
    row = measure(data)
    assert (row["width"], row["height"], row["decode_scale"]) == (side + 33, side, scale)
    assert decoded(data).rgb.shape == (-(-side // scale), -(-(side + 33) // scale), 3)


def test_other_formats_are_hashed_in_full(measure, decoded, scene, encode):
    image = scene(1100, 1030)
    row = measure(encode(image, "PNG"))
    assert row["decode_scale"] == 1
    assert decoded(image).rgb.shape == (257, 275, 3)
    image.putpixel((1099, 1029), (0, 0, 0))
    assert measure(encode(image, "PNG"))["pixel_hash"] != row["pixel_hash"]


def test_a_long_strip_is_reduced_all_the_same(decoded):
    assert decoded(Image.new("L", (300000, 300))).rgb.shape == (37, 37500, 3)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("size", "reduced"),
    [((4_200_000, 1), (4_200_000, 1)), ((4_200_000, 3), (2_100_000, 1)), ((9_000_000, 5), (2_250_000, 1))],
)
def test_a_strip_thinner_than_its_reduction_keeps_a_line(measure, encode, decoded, size, reduced, turned):
    size, (height, width) = (size[::-1], reduced) if turned else (size, reduced[::-1])
    data = encode(Image.new("L", size), "PNG")
    assert decoded(data).rgb.shape == (height, width, 3)
    row = measure(data)
    assert (row["status"], row["width"], row["height"], row["hash_informative"]) == ("ok", *size, False)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_alpha_is_laid_over_white(measure, encode, decoded, mode):
    if mode == "PA":
        image = Image.new("P", (20, 20))
        image.putpalette([0, 0, 0, 255, 255, 255])
        data = encode(image, "PNG", transparency=bytes([64]))
    else:
        data = encode(Image.new(mode, (20, 20), (0, 64) if mode == "LA" else (0, 0, 0, 64)), "PNG")
    assert decoded(data).rgb.tolist() == [[[191, 191, 191]] * 20] * 20
    assert measure(data)["has_alpha"]


def test_a_transparent_palette_entry_is_white(measure, encode, decoded):
    image = Image.new("P", (4, 4), 1)
    image.putpalette([9, 9, 9, 200, 100, 50])
    image.putpixel((0, 0), 0)
    data = encode(image, "GIF", transparency=0)
    row = measure(data)
    assert (row["mode"], row["has_alpha"], row["frames"]) == ("P", True, 1)
    assert decoded(data).rgb[0, :2].tolist() == [[255, 255, 255], [200, 100, 50]]


def test_opaque_images_have_no_alpha(measure, scene, encode):
    assert not measure(encode(scene(), "PNG"))["has_alpha"]
    assert not measure(encode(scene(), "JPEG"))["has_alpha"]


def test_cmyk_jpeg_is_what_pillow_makes_of_it(measure, scene, encode, decoded):
    data = encode(scene(300, 260).convert("CMYK"), "JPEG", quality=95)
    row = measure(data)
    assert (row["status"], row["mode"], row["decode_scale"]) == ("ok", "CMYK", 1)
    pillow = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(decoded(data).rgb - pillow).max() <= 2


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_deep_grey_levels_are_scaled_down(measure, encode, decoded, dtype):
    levels = np.tile(np.array([0, 255, 256, 32768, 65279, 65535]), (8, 1))
    data = encode(Image.fromarray(levels.astype(dtype)), "TIFF")
    assert measure(data)["mode"] == {np.uint16: "I;16", np.int32: "I", np.float32: "F"}[dtype]
    assert decoded(data).rgb[0, :, 0].tolist() == [0, 0, 1, 128, 254, 255]


@pytest.mark.parametrize(
    ("values", "grey"),
    [
        ([0, 0.5, 1], [0, 128, 255]),
        ([0, 100, 255], [0, 100, 255]),
        ([-10, 0, 30], [0, 64, 255]),
        ([7, 7, 7], [7] * 3),
        ([-5, -5, -5], [0] * 3),
    ],
)
def test_floats_are_stretched_from_the_narrowest_range_that_holds_them(encode, decoded, values, grey):
    data = encode(Image.fromarray(np.array([values] * 2, np.float32)), "TIFF")
    assert decoded(data).rgb[0, :, 1].tolist() == grey


def test_floats_that_are_no_numbers_do_no_harm(encode, decoded):
    data = encode(Image.fromarray(np.array([[np.nan, np.inf, 3.0]] * 2, np.float32)), "TIFF")
    assert decoded(data).rgb.shape == (2, 3, 3)


def test_sixteen_bit_colour_and_one_bit(measure, encode, decoded):
    stripes = Image.new("1", (16, 8))
    stripes.paste(1, (8, 0, 16, 8))
    assert decoded(stripes).rgb[0, 7:9].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert measure(encode(stripes, "PNG"))["mode"] == "1"


def test_lab_becomes_srgb(measure, encode, decoded):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    to_lab = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    data = encode(ImageCms.applyTransform(Image.new("RGB", (8, 8), (200, 40, 90)), to_lab), "TIFF")
    assert measure(data)["mode"] == "LAB"
    assert np.abs(decoded(data).rgb[0, 0].astype(int) - (200, 40, 90)).max() <= 3


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
def test_frames_are_counted_and_the_first_is_measured(measure, scene, encode, name):
    frames = [scene(seed=seed) for seed in range(3)]
    many = measure(encode(frames[0], name, save_all=True, append_images=frames[1:]))
    one = measure(encode(frames[0], "JPEG" if name == "MPO" else name))
    assert (many["status"], many["format"], many["frames"]) == ("ok", name, 3)
    assert one["frames"] == 1
    assert many["phash"] == one["phash"]


def test_a_psd_is_one_picture_with_layers(measure, shared_data):
    row = measure((shared_data / "pillow_tests" / "hopper.psd").read_bytes())
    assert (row["status"], row["format"], row["frames"]) == ("ok", "PSD", 1)


def test_content_decides_the_format(measure, scene, encode):
    assert measure(encode(scene(), "WEBP"))["format"] == "WEBP"
    assert measure(encode(scene(), "DIB"))["format"] in ("BMP", "DIB")


@pytest.mark.parametrize(("size", "expected"), [((900, 600), (96, 64)), ((50, 40), (50, 40)), ((700, 2000), (34, 96))])
def test_thumbnail(scene, encode, size, expected):
    image = thumbnail(encode(scene(*size), "JPEG"), 96, LIMITS)
    assert (image.mode, image.size) == ("RGB", expected)


def test_thumbnail_of_something_unusable():
    with pytest.raises(Unreadable, match="not_an_image: no image format is recognised"):
        thumbnail(b"words", 96, LIMITS)
    with pytest.raises(Unreadable, match="empty: 0 bytes"):
        thumbnail(b"", 96, LIMITS)
