"""Drawn pictures with and without text, for the benchmark and the tests of text detection."""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from dataset_build.sample.photos import photo
from dataset_build.sample.scenes import scene

WORDS = [
    "the",
    "summer",
    "when",
    "under",
    "river",
    "stone",
    "after",
    "quiet",
    "market",
    "eleven",
    "house",
    "letter",
    "open",
    "bring",
    "window",
    "paper",
    "small",
    "yellow",
    "because",
    "winter",
    "road",
    "never",
    "almost",
    "garden",
    "silver",
    "night",
    "people",
    "always",
    "morning",
    "story",
    "across",
    "every",
    "between",
    "mountain",
]

Draw = Callable[[np.random.Generator], Image.Image]


def page(rng: np.random.Generator) -> Image.Image:
    """A page of prose under a heading, dark on light or the other way round."""
    width, height = _size(rng, 420, 900)
    ink, paper = ((30, 30, 40), (250, 248, 240))[:: 1 if rng.random() < 0.8 else -1]
    image = Image.new("RGB", (width, height), paper)
    draw, size = ImageDraw.Draw(image), int(rng.integers(13, 25))
    margin = width // 12
    draw.text((margin, margin), words(rng, 3).title(), ink, ImageFont.load_default(size * 2))
    font = ImageFont.load_default(size)
    for y in range(margin + 3 * size, height - margin, round(size * 1.5)):
        line = ""
        while font.getlength(line) < width - 3 * margin:
            line += f"{words(rng, 1)} "
        if rng.random() < 0.9:  # a paragraph ends now and then
            draw.text((margin, y), line, ink, font)
    return image


def poster(rng: np.random.Generator) -> Image.Image:
    """A drawn scene with large words over it, some on a band of colour."""
    image = _backdrop(rng, scene)
    draw = ImageDraw.Draw(image)
    y = int(rng.integers(0, image.height // 6))
    for _ in range(int(rng.integers(2, 5))):
        size = int(image.height * rng.uniform(0.07, 0.14))
        font = ImageFont.load_default(size)
        line = words(rng, int(rng.integers(1, 4))).upper()
        length = font.getlength(line)
        if length > 0.95 * image.width:
            font = ImageFont.load_default(int(size * 0.95 * image.width / length))
        if rng.random() < 0.5:
            draw.rectangle((0, y, image.width, y + size * 1.3), tuple(rng.integers(0, 120, 3).tolist()))
        _outlined(draw, (image.width / 2, y), line, font)
        y += round(size * rng.uniform(1.4, 2))
    return image


def meme(rng: np.random.Generator) -> Image.Image:
    """A photo with an outlined caption at the top, the bottom, or both."""
    image = _backdrop(rng, photo)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(int(image.height * rng.uniform(0.09, 0.12)))
    captions = (words(rng, int(rng.integers(2, 4))).upper() for _ in range(2))
    for top, line in list(zip((True, False), captions, strict=True))[: int(rng.integers(1, 3))]:
        length = font.getlength(line)
        fitting = (
            font if length < 0.95 * image.width else font.font_variant(size=int(font.size * 0.9 * image.width / length))
        )
        y = image.height * (0.03 if top else 0.84)
        _outlined(draw, (image.width / 2, y), line, fitting)
    return image


def watermarked(rng: np.random.Generator) -> Image.Image:
    """A photo or drawing with an address in a corner: text, and not text-heavy."""
    image = _backdrop(rng, (scene, photo)[int(rng.integers(2))])
    font = ImageFont.load_default(int(image.height * rng.uniform(0.025, 0.035)))
    line = f"www.{words(rng, 1)}{words(rng, 1)}.org"
    at = (image.width * 0.98 - font.getlength(line), image.height * 0.95)
    ImageDraw.Draw(image).text(at, line, "white", font, stroke_width=1, stroke_fill="black")
    return image


def pattern(rng: np.random.Generator) -> Image.Image:
    """Bars, tiles, rings or a chart: what has the edges of text and isn't any."""
    width, height = _size(rng, 320, 720)
    image = Image.new("RGB", (width, height), _colour(rng))
    draw, step, ink = ImageDraw.Draw(image), int(rng.integers(12, 60)), _colour(rng)
    kind = int(rng.integers(4))
    for x in range(0, width, step):
        if kind == 0:
            draw.line((x, 0, x, height), ink, int(rng.integers(1, step)))
        elif kind == 1:
            draw.rectangle((x, height * rng.uniform(0.1, 0.9), x + step * 0.6, height), ink)
        for y in range(0, height, step) if kind > 1 else ():
            if kind == 2 and (x + y) // step % 2:
                draw.rectangle((x, y, x + step, y + step), ink)
            elif kind == 3 and rng.random() < 0.4:
                draw.ellipse((x, y, x + step * 0.8, y + step * 0.8), outline=ink, width=3)
    return image


def words(rng: np.random.Generator, number: int) -> str:
    """Random words, not a sentence."""
    return " ".join(rng.choice(WORDS, number))


HEAVY: dict[str, Draw] = {"drawn pages": page, "drawn posters": poster, "drawn memes": meme}
FREE: dict[str, Draw] = {
    "drawn scenes": lambda rng: _backdrop(rng, scene),
    "drawn photos": lambda rng: _backdrop(rng, photo),
    "drawn watermarks": watermarked,
    "drawn patterns": pattern,
}


def drawn(kinds: dict[str, Draw], count: int, seed: int) -> Iterator[tuple[str, Image.Image]]:
    """`count` pictures of each kind, with its name."""
    for number, (name, draw) in enumerate(kinds.items()):
        for each in range(count):
            yield name, draw(np.random.default_rng([seed, number, each]))


def _backdrop(rng: np.random.Generator, draw: Callable[..., object]) -> Image.Image:
    width, height = _size(rng, 400, 720)
    return draw(rng, width // 16 * 16, height // 16 * 16).image


def _size(rng: np.random.Generator, least: int, most: int) -> tuple[int, int]:
    width, height = rng.integers(least, most, 2).tolist()
    return width, height


def _colour(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(rng.integers(0, 256, 3).tolist())


def _outlined(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    draw.text(at, line, "white", font, anchor="ma", stroke_width=2, stroke_fill="black")
