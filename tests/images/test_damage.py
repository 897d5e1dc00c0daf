"""Damage that still decodes, planted in pictures and saved again; and good pictures that look like it."""

import io
from functools import cache

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageDraw

from dataset_build.sample.photos import photo

RESAVED = [("PNG", {}), ("JPEG", {"quality": 85}), ("JPEG", {"quality": 95, "subsampling": 0})]


SEEDS = (0, 1, 2, 5, 8)


@pytest.fixture(scope="module")
def scene():
    """A picture like a photograph."""

    @cache
    def drawn(width=480, height=360, seed=0):
        return photo(np.random.default_rng(seed), width, height).image

    return drawn


@pytest.fixture
def jpeg(scene, encode):
    """The same as a JPEG, 480 × 360."""
    return lambda seed=0: encode(scene(seed=seed), "JPEG", quality=90)


def leniently(data):
    """What a decoder makes of damaged bytes that doesn't mind."""
    return Image.fromarray(simplejpeg.decode_jpeg(data, strict=False))


def cut(data, share=0.6):
    return leniently(data[: int(len(data) * share)])


def garbled(data, at=0.4, length=2048):
    start = int(len(data) * at)
    noise = np.random.default_rng(0).integers(0, 255, length, np.uint8).tobytes()  # no 0xff: no marker
    return leniently(data[:start] + noise + data[start + length :])


def coloured(image, level):
    """The same with the grey of its tail in another colour."""
    pixels = np.array(image)
    for column in range(image.width):
        flat = (np.abs(pixels[:, column].astype(int) - 128).max(axis=1) <= 1)[::-1]
        pixels[image.height - (image.height if flat.all() else flat.argmin()) :, column] = level
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("name", "options"), RESAVED)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_grey_tail_of_a_cut_file_is_measured(measure, jpeg, encode, name, options, seed):
    for share in (0.3, 0.6, 0.9):
        image = cut(jpeg(seed), share)
        grey = (np.abs(np.asarray(image).astype(int) - 128).max(axis=2) <= 1).all(axis=1)[::-1]
        row = measure(encode(image, name, **options))
        assert row["status"] == "ok"
        assert row["flat_tail"] == pytest.approx(grey.argmin() / 360, abs=17 / 360)


@pytest.mark.parametrize("level", [0, 255, (0, 135, 0)])
@pytest.mark.parametrize(("name", "options"), [RESAVED[0], RESAVED[2]])
def test_a_tail_of_any_colour_is_found_by_its_step(measure, jpeg, encode, level, name, options):
    image = coloured(cut(jpeg(2), 0.6), level)
    assert measure(encode(image, name, **options))["flat_tail"] > 0.2


def test_a_tail_is_found_in_a_smaller_copy(measure, jpeg, encode):
    image = cut(jpeg(), 0.6)
    assert measure(encode(image.resize((384, 288), Image.Resampling.LANCZOS), "JPEG"))["flat_tail"] > 0.2


def test_a_tail_is_found_in_a_large_picture(measure, scene, encode):
    image = cut(encode(scene(2400, 1800), "JPEG", quality=90), 0.6)
    row = measure(encode(image, "JPEG", quality=90))
    assert row["decode_scale"] == 4
    assert row["flat_tail"] > 0.2


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_tail_is_looked_for_where_the_file_ends(measure, jpeg, encode, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    image = cut(jpeg(), 0.6)
    row = measure(encode(image, "JPEG", exif=exif))
    assert row["orientation"] == orientation
    assert row["flat_tail"] == pytest.approx(measure(encode(image, "JPEG"))["flat_tail"], abs=0.005)


def letterboxed(scene, level):
    image = Image.new("RGB", (480, 480), level)
    image.paste(scene(), (0, 60))
    return image


def slope(scene, level):
    image = scene().copy()
    ImageDraw.Draw(image).polygon([(0, 330), (480, 300), (480, 360), (0, 360)], fill=level)
    return image


def sky(scene, level):
    """A picture that fades into one colour towards its lower edge."""
    fade = np.linspace(1, -0.5, 360).clip(0, 1)[:, None, None]
    return Image.fromarray((np.asarray(scene()) * fade + level * (1 - fade)).astype(np.uint8))


def drawing(scene, level):
    image = Image.new("RGB", (480, 360), "white")
    ImageDraw.Draw(image).polygon([(100, 40), (380, 90), (300, 280), (60, 250)], fill=(level,) * 3, outline="black")
    return image


def bar(scene, level):
    image = scene().copy()
    image.paste((level,) * 3, (0, 320, 480, 360))
    return image


@pytest.mark.parametrize("make", [letterboxed, slope, sky, drawing, bar])
@pytest.mark.parametrize("level", [0, 60, 255])
@pytest.mark.parametrize(("name", "options"), RESAVED[:2])
def test_bars_margins_and_skies_are_no_tails(measure, scene, encode, make, level, name, options):
    colour = (level,) * 3 if make in (letterboxed, slope) else level
    row = measure(encode(make(scene, colour), name, **options))
    assert (row["flat_tail"], row["torn_rows"] < 2) == (0, True)


def test_grey_letterbox_bars_are_no_tail(measure, scene, encode):
    assert measure(encode(letterboxed(scene, (128, 128, 128)), "PNG"))["flat_tail"] == 0


@pytest.mark.parametrize(("name", "options"), RESAVED)
def test_garbled_blocks_tear_rows(measure, jpeg, encode, name, options):
    rows = [measure(encode(garbled(jpeg(seed)), name, **options)) for seed in SEEDS]
    assert {row["status"] for row in rows} == {"ok"}
    assert sum(row["torn_rows"] >= 2 for row in rows) >= 4
    assert [measure(encode(leniently(jpeg(seed)), name, **options))["torn_rows"] for seed in SEEDS] == [0] * 5


def shifted(image, line, column):
    """All blocks from one on moved by another's width and made brighter, as behind a bit that flipped."""
    pixels = np.array(image)
    pixels[line : line + 8, column:] = np.roll(pixels[line : line + 8, column:], 64, axis=1) // 2 + 120
    pixels[line + 8 :] = np.roll(pixels[line + 8 :], 64, axis=1) // 2 + 120
    return Image.fromarray(pixels)


def test_a_shift_between_two_blocks_is_found_on_their_grid_only(measure, scene, encode):
    for seed in SEEDS:
        assert measure(encode(shifted(scene(seed=seed), 160, 240), "PNG"))["torn_rows"] in (1, 2)
        assert measure(encode(shifted(scene(seed=seed), 163, 240), "PNG"))["torn_rows"] == 0


def test_a_page_of_boxes_is_not_torn(measure, encode):
    image = Image.new("RGB", (640, 480), (240, 240, 240))
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng(0)
    for row in range(6):
        for column in range(8):
            level = tuple(rng.integers(0, 255, 3).tolist())
            draw.rectangle((column * 80, row * 80, column * 80 + 63, row * 80 + 63), fill=level)
    assert measure(encode(image, "PNG"))["torn_rows"] == 0


def test_strips_of_pictures_are_not_torn_where_they_meet_off_the_grid(measure, scene, encode):
    strips, aligned = (np.vstack([np.asarray(scene(seed=k))[:high] for k in range(12)]) for high in (30, 32))
    assert measure(encode(Image.fromarray(strips), "PNG"))["torn_rows"] == 0
    assert measure(encode(Image.fromarray(aligned), "PNG"))["torn_rows"] >= 2


def test_tiles_of_pictures_are_not_torn(measure, scene, encode):
    rows = [np.hstack([np.asarray(scene(seed=4 * k + j))[:96, :120] for j in range(4)]) for k in range(4)]
    assert measure(encode(Image.fromarray(np.vstack(rows)), "PNG"))["torn_rows"] == 0


def test_where_blocks_are_too_small_to_see_nothing_is_said(measure, scene, encode):
    row = measure(encode(scene(2200, 2060), "JPEG"))
    assert (row["decode_scale"], row["torn_rows"], row["flat_tail"]) == (8, None, 0)
    assert measure(encode(Image.new("L", (63, 900)), "PNG"))["torn_rows"] is None


def test_damage_is_measured_the_same_every_time(measure, jpeg):
    stream = io.BytesIO()
    garbled(jpeg()).save(stream, "PNG")
    assert measure(stream.getvalue()) == measure(stream.getvalue())
