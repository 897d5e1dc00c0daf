"""Rendered pages of different prose: the hardest pictures to tell apart, for they share layout and texture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, MARGIN = 850, 1100, 90  # pixels: a letter page at 100 dpi
SIZES = (18, 22)  # pixels, font sizes by turns
PROSE = (
    "the of and a to in that it was his her with as for had not but at on by from she they which when there were all "
    "been one would their what so up out if about who them into could time then little now more some than only other "
    "house garden morning window letter road river sister captain evening silence captured remembered whispered walked "
    "answered nothing already together mountain village summer winter distance particular question certainly "
    "understanding impossible beautiful forgotten carriage afternoon conversation"
)
WORDS = PROSE.split()


def text_pages(count: int, seed: int) -> list[Image.Image]:
    """Pages of random prose in one layout: black on white, full lines, paragraphs of random length."""
    return [_page(np.random.default_rng([seed, number]), SIZES[number % len(SIZES)]) for number in range(count)]


def _page(rng: np.random.Generator, size: int) -> Image.Image:
    page = Image.new("L", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    step = round(1.5 * size)
    indent, left = True, 0
    for y in range(MARGIN, HEIGHT - MARGIN - step, step):
        if not left:
            indent, left = True, int(rng.integers(4, 11))
        draw.text((MARGIN + 2 * size * indent, y), _line(rng, font, left == 1, 2 * size * indent), "black", font)
        indent, left = False, left - 1
    return page.convert("RGB")


def _line(rng: np.random.Generator, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, last: bool, indent: int) -> str:
    """Words up to the right margin; the last line of a paragraph ends anywhere."""
    room = (WIDTH - 2 * MARGIN - indent) * (rng.uniform(0.2, 1) if last else 1)
    line = str(rng.choice(WORDS)).capitalize()
    while font.getlength(longer := f"{line} {rng.choice(WORDS)}") < room:
        line = longer
    return line + ("." if last else "")
