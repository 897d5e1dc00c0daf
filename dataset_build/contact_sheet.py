"""Contact sheets: many pictures and a few words on each, as one small PNG."""

import base64
import io
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 4
LABEL = 14
PAPER, INK, BLANK, CROSS = (255, 255, 255), (60, 60, 60), (224, 224, 224), (160, 160, 160)
MARK = (255, 0, 80)
COLOURS = 64


class Box(NamedTuple):
    """A part of a picture: left, top, right and bottom as shares of its width and height."""

    x0: float
    y0: float
    x1: float
    y1: float


class Tile(NamedTuple):
    """One picture of a sheet, or None where there is none to show, and the words under it."""

    image: Image.Image | None
    label: str


def contact_sheet(tiles: Sequence[Tile], columns: int = 8, side: int = 96) -> bytes:
    """PNG of the tiles in rows of `columns`, each at most `side` pixels wide and high, labels below.

    A picture that is missing or can't be read shows as a grey cross. The same tiles give the same bytes.
    """
    columns = max(1, min(columns, len(tiles)))
    rows = max(1, -(-len(tiles) // columns))
    width, height = side + GAP, side + LABEL + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for i, tile in enumerate(tiles):
        left, top = GAP + i % columns * width, GAP + i // columns * height
        thumbnail = _thumbnail(tile.image, side) or _cross(side)
        sheet.paste(thumbnail, (left + (side - thumbnail.width) // 2, top + (side - thumbnail.height) // 2))
        draw.text((left, top + side), _fit(tile.label, font, side), INK, font)
    return _png(sheet)


def outlined(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """The picture, which is drawn on, with the boxes outlined."""
    draw, (width, height) = ImageDraw.Draw(image), (image.width - 1, image.height - 1)
    for box in boxes:
        draw.rectangle((box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height), outline=MARK)
    return image


def markdown(png: bytes, alt: str) -> str:
    """The picture as Markdown that needs no file beside it; `alt` shows as it stands, whatever it holds."""
    words = "".join(c if c.isalnum() or c in " .,-" else f"&#{ord(c)};" for c in " ".join(alt.split()))
    return f"![{words}](data:image/png;base64,{base64.b64encode(png).decode()})"


def _thumbnail(image: Image.Image | None, side: int) -> Image.Image | None:
    """The picture over white, within side × side pixels; None if it can't be read."""
    if image is None:
        return None
    try:
        small = _eight_bit(image)
        small.thumbnail((side, side))
        small = small.convert("RGBA")
    except (OSError, ValueError, SyntaxError, MemoryError):
        return None
    return Image.alpha_composite(Image.new("RGBA", small.size, PAPER), small).convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """A copy with 8 bits per channel; deeper greys are stretched from their darkest to their lightest."""
    if image.mode[0] not in "IF":
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    grey = np.nan_to_num(np.asarray(image, np.float64))
    low, high = grey.min(), grey.max()
    return Image.fromarray(((grey - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))


def _cross(side: int) -> Image.Image:
    tile = Image.new("RGB", (side, side), BLANK)
    draw = ImageDraw.Draw(tile)
    draw.line((0, 0, side - 1, side - 1), CROSS, 2)
    draw.line((0, side - 1, side - 1, 0), CROSS, 2)
    return tile


def _fit(label: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """As much of the label as fits, without accents; what the built-in font lacks becomes a question mark."""
    plain = (c for c in unicodedata.normalize("NFKD", label[:200]) if not unicodedata.combining(c))
    text = " ".join("".join(plain).split()).encode("ascii", "replace").decode()
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "..") > width:
        text = text[:-1]
    return text + ".."


def _png(sheet: Image.Image) -> bytes:
    """A palette instead of true colour makes the file a quarter as large. An octree finds one a hundred times as fast
    as the median cut, and mixes paper with what is nearly as light."""
    small = sheet.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette, paper = small.getpalette() or [], 3 * cast(int, small.getpixel((0, 0)))
    palette[paper : paper + 3] = PAPER
    small.putpalette(palette)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
