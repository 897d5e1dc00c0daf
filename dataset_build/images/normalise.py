"""Every kind of picture to upright RGB over white, strip by strip, so that a large one is never held twice."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataset_build.images.measures import Rgb

_STRIP = 2**20  # pixels converted at a time
_STEP = 8  # strips have a multiple of as many lines, so that reduced ones fit together
_BACK = {6: 8, 8: 6}  # orientations that undo another; the rest undo themselves
_RANGES = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))  # what numbers in pictures without a stated depth may span


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture (height, width, channels) as EXIF `orientation` 1 to 8 says it is to be seen."""
    transposed, mirrored, flipped = _turns(orientation)
    if transposed:
        pixels = pixels.transpose(1, 0, 2)
    return np.ascontiguousarray(pixels[:: -1 if flipped else 1, :: -1 if mirrored else 1])


def as_stored(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """An upright picture (height, width, channels) as it lay in its file."""
    return pixels if orientation == 1 else upright(pixels, _BACK.get(orientation, orientation))


def rgb_of_jpeg_cmyk(inks: NDArray[np.uint8]) -> Rgb:
    """The CMYK of a JPEG (height, width, 4), which holds it inverted, by Adobe's custom, as RGB."""
    return np.asarray(Image.fromarray(255 - inks, "CMYK").convert("RGB"))


def rgb_strips(image: Image.Image, orientation: int) -> Iterator[Rgb]:
    """The loaded image as upright RGB arrays (lines, width, 3), from top to bottom; transparency is laid over white.

    Integers without a stated depth and floats are stretched from the narrowest of 0–1, 0–255 and 0–65535 that
    holds them, or else from their own range.
    """
    transposed, _, flipped = _turns(orientation)
    width, height = image.size[::-1] if transposed else image.size
    span = _span(image) if image.mode in ("I", "F") else None
    lines = max(_STRIP // width // _STEP, 1) * _STEP
    for top in range(0, height, lines):
        bottom = min(top + lines, height)
        first, last = (height - bottom, height - top) if flipped else (top, bottom)
        box = (first, 0, last, image.height) if transposed else (0, first, image.width, last)
        strip = image if lines >= height else image.crop(box)
        yield upright(_rgb_of_numbers(strip, span) if _holds_numbers(strip) else _rgb_of_colours(strip), orientation)


def _turns(orientation: int) -> tuple[bool, bool, bool]:
    """Whether to swap the axes, then to mirror left and right, then to flip top and bottom (EXIF 2.3, 4.6.4)."""
    turn = (orientation - 1) % 4
    return orientation > 4, turn in (1, 2), turn in (2, 3)


def _holds_numbers(image: Image.Image) -> bool:
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _span(image: Image.Image) -> tuple[float, float]:
    low, high = (float(np.nan_to_num(value)) for value in image.getextrema())
    return next(((a, b) for a, b in _RANGES if a <= low and high <= b), (low, max(high, low + 1)))


def _rgb_of_numbers(image: Image.Image, span: tuple[float, float] | None) -> Rgb:
    numbers = np.asarray(image)
    if span is None:
        grey = (numbers >> 8).astype(np.uint8)
    else:
        low, high = span
        finite = np.nan_to_num(numbers.astype(np.float64), nan=low)
        grey = np.clip((finite - low) / (high - low) * 256, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _rgb_of_colours(image: Image.Image) -> Rgb:
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(colours, mask=colours.getchannel("A"))
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.asarray(image)
