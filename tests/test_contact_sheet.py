import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from dataset_build.contact_sheet import MARK, Box, Tile, contact_sheet, markdown, outlined
from dataset_build.sample.photos import photo


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image.convert("RGB")


def flat(colour: str, size: tuple[int, int] = (50, 50), mode: str = "RGB") -> Tile:
    return Tile(Image.new(mode, size, colour), "")


def test_tiles_fill_rows_from_the_left() -> None:
    tiles = [flat("red"), flat("lime"), flat("blue")]
    sheet = opened(contact_sheet(tiles, columns=2, side=50))
    assert sheet.size == (2 * 54 + 4, 2 * 68 + 4)
    centres = [sheet.getpixel(at) for at in ((29, 29), (83, 29), (29, 97), (83, 97))]
    assert centres == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def test_a_sheet_is_no_wider_than_its_tiles() -> None:
    assert opened(contact_sheet([flat("red")], side=50)).size == (58, 72)
    assert opened(contact_sheet([], side=50)).size == (58, 72)


def test_pictures_keep_their_shape() -> None:
    sheet = opened(contact_sheet([flat("red", (200, 20))], side=100))
    column = [sheet.getpixel((54, y)) for y in range(4, 104)]
    assert column.count((255, 0, 0)) == 10
    assert column[45:55] == [(255, 0, 0)] * 10


def test_a_label_is_drawn_below_its_tile() -> None:
    plain, labelled = (
        np.asarray(opened(contact_sheet([Tile(None, text)], side=96))).astype(int) for text in ("", "blurred")
    )
    changed = np.argwhere((abs(plain - labelled) > 8).any(2))  # more than another palette changes
    assert len(changed) > 40
    assert changed[:, 0].min() >= 100


def test_labels_are_cut_to_their_tile_and_may_hold_anything() -> None:
    tiles = [Tile(None, label) for label in ("w" * 500, "夏の海 🌸", "été", "\x00\n\t\ud800", "a\nb")]
    sheet = np.asarray(opened(contact_sheet(tiles, columns=8, side=60)))
    gaps = [sheet[:, 64 * i : 64 * i + 4] for i in range(6)]
    assert all((gap == 255).all() for gap in gaps)


def test_characters_that_the_font_lacks() -> None:
    assert contact_sheet([Tile(None, "夏 é")]) == contact_sheet([Tile(None, "? e")])


def test_no_image_is_a_grey_cross() -> None:
    sheet = opened(contact_sheet([Tile(None, "")], side=50))
    assert sheet.getpixel((29, 8)) == (224, 224, 224)
    assert sheet.getpixel((9, 9)) == (160, 160, 160)


def test_an_image_that_cant_be_read_is_a_cross() -> None:
    buffer = io.BytesIO()
    Image.effect_noise((99, 99), 50).save(buffer, "JPEG")
    broken = Image.open(io.BytesIO(buffer.getvalue()[:900]))
    assert contact_sheet([Tile(broken, "")]) == contact_sheet([Tile(None, "")])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"])
def test_every_mode_is_drawn(mode: str) -> None:
    assert contact_sheet([Tile(Image.new(mode, (30, 20)), mode)]) != contact_sheet([Tile(None, mode)])


def test_deep_greys_are_stretched() -> None:
    depth = Image.fromarray(np.repeat([[1000, 3000]], 40, 0).repeat(20, 1).astype(np.uint16))
    sheet = opened(contact_sheet([Tile(depth, "")], side=40))
    assert (sheet.getpixel((8, 24)), sheet.getpixel((40, 24))) == ((0, 0, 0), (255, 255, 255))


def test_transparent_is_white() -> None:
    sheet = opened(contact_sheet([flat((0, 0, 0, 0), mode="RGBA")], side=50))
    assert sheet.getpixel((29, 29)) == (255, 255, 255)


def test_the_images_given_are_not_changed() -> None:
    image = Image.new("RGB", (300, 200), "red")
    contact_sheet([Tile(image, "")])
    assert image.size == (300, 200)


def test_32_photos_are_small_and_repeatable() -> None:
    tiles = [Tile(photo(np.random.default_rng(i), 192, 160).image, f"photo {i}") for i in range(32)]
    png = contact_sheet(tiles)
    assert len(png) < 120_000
    assert contact_sheet(tiles) == png


def test_markdown_holds_the_picture() -> None:
    text = markdown(b"png bytes", "24 kept, of 300")
    assert text == "![24 kept, of 300](data:image/png;base64,cG5nIGJ5dGVz)"
    found = re.fullmatch(r"!\[.*\]\(data:image/png;base64,(.*)\)", text)
    assert found and base64.b64decode(found[1]) == b"png bytes"


def test_markdown_escapes_the_words() -> None:
    text = markdown(b"", 'a](x) <b> & "c"\n`*_ 夏')
    assert text == ("![a&#93;&#40;x&#41; &#60;b&#62; &#38; &#34;c&#34; &#96;&#42;&#95; 夏](data:image/png;base64,)")


def test_boxes_are_outlined_within_the_picture() -> None:
    marked = outlined(Image.new("RGB", (101, 51)), [Box(0.0, 0.0, 1.0, 1.0), Box(0.2, 0.2, 0.6, 0.6)])
    assert [marked.getpixel(at) for at in ((0, 0), (100, 50), (20, 10), (60, 30), (40, 10))] == [MARK] * 5
    assert [marked.getpixel(at) for at in ((10, 5), (40, 20), (80, 40))] == [(0, 0, 0)] * 3
