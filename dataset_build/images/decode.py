"""Decoding images, strictly and within limits, into upright RGB pixels."""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
import xxhash
from numpy.typing import NDArray
from PIL import Image

from dataset_build.config import ImageLimits
from dataset_build.images import integrity
from dataset_build.images.header import Header, Unreadable, guarded, open_image, orientation
from dataset_build.images.measures import MEASURED_SIDE, Rgb, resize
from dataset_build.images.normalise import rgb_of_jpeg_cmyk, rgb_strips, upright

_SCALES = (8, 4, 2)  # libjpeg-turbo is slower at scales between these than in full
_MOST_REDUCED = 2**22  # pixels that the reduced image may have; only extreme aspect ratios reach it

# A bomb is small and needs much memory. Bytes per pixel while decoding colour, measured; 4 where not stated.
_DECODING_BYTES = {"WEBP": 16, "AVIF": 12, "JPEG2000": 20, "TIFF": 10}
_LINE_BYTES = 16  # besides its pixels: a pointer and padding
_BOMB_MEMORY = 384 * 2**20  # bytes
_BOMB_PIXELS = 100  # per byte of the file; photographs have 2 to 50


@dataclass(frozen=True)
class Pixels:
    """The first frame, upright: `size` is its width and height in full, `rgb` is usually reduced.

    It is at 1/`reduction`. `hash` is xxh3-128, hex, of height, width and RGB bytes at 1/`scale`: the scale that JPEG
    was decoded at, and 1 for everything else, which is reduced only after hashing. `oddity` is a complaint that does
    no harm.
    """

    rgb: Rgb
    size: tuple[int, int]
    orientation: int
    scale: int
    reduction: int
    hash: str
    oddity: str | None = None


def read_pixels(data: bytes, header: Header, limits: ImageLimits, shorter: int = MEASURED_SIDE) -> Pixels:
    """Decode the image, reduced to no less than `shorter` pixels on its shorter side; call it `guarded`.

    Raises Unreadable, and MemoryError, which says nothing about the image.
    """
    _refuse_bombs(data, header, limits)
    if header.frames.cut:
        raise Unreadable("truncated", f"frame {header.frames.number} is cut off")
    if header.frames.disordered:
        raise Unreadable("undecodable", "the frames are out of order")
    try:
        return _read_jpeg(data, header, shorter) if header.format in ("JPEG", "MPO") else _read_any(header, shorter)
    except Unreadable:
        raise
    except Image.DecompressionBombError as error:
        raise Unreadable("too_many_pixels", integrity.reason(error)) from error
    except Exception as error:
        reason = integrity.reason(error)
        raise Unreadable(integrity.status(reason), reason) from error


def thumbnail(data: bytes, side: int, limits: ImageLimits) -> Image.Image:
    """The first frame as upright RGB with a longer side of `side` pixels; smaller images keep their size.

    Raises Unreadable and nothing else.
    """
    try:
        with guarded(limits):
            pixels = read_pixels(data, open_image(data, limits), limits, shorter=side)
    except MemoryError as error:
        raise Unreadable("crashed", "there was no memory for it") from error
    image = Image.fromarray(pixels.rgb)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return image


def _refuse_bombs(data: bytes, header: Header, limits: ImageLimits) -> None:
    width, height = header.size
    if width * height > limits.max_pixels:
        raise Unreadable("too_many_pixels", f"{width} × {height} pixels, the limit is {limits.max_pixels}")
    per_pixel = _DECODING_BYTES.get(header.format, 4) / (4 if header.mode in ("1", "L", "P") else 1)
    memory = (width * per_pixel + _LINE_BYTES) * height
    if memory > _BOMB_MEMORY and width * height > len(data) * _BOMB_PIXELS:
        raise Unreadable("too_many_pixels", f"a bomb: {width} × {height} pixels from {len(data)} bytes")


def _read_jpeg(data: bytes, header: Header, shorter: int) -> Pixels:
    scale = _scale(header.size, shorter)
    try:
        stored = _decode_jpeg(data, header, scale)
    except ValueError as error:
        complaint = integrity.reason(error)
        if status := integrity.strict_jpeg(complaint):
            raise Unreadable(status, complaint) from error
        return _read_any(header, shorter, complaint)
    rgb = upright(stored, header.turn)
    digest = _digest(rgb.shape[1], rgb.shape[0])
    digest.update(rgb.data)
    return Pixels(rgb, header.upright_size, header.orientation, scale, scale, digest.hexdigest())


def _decode_jpeg(data: bytes, header: Header, scale: int) -> Rgb:
    """RGB at 1/`scale`, decoded strictly. Raises ValueError with libjpeg's message."""
    width, height = header.size
    if simplejpeg.decode_jpeg_header(data)[:2] != (height, width):
        raise ValueError("two headers in the file disagree about its size")
    least = {"min_height": -(-height // scale), "min_width": -(-width // scale)} if scale > 1 else {}
    colours = "CMYK" if header.mode == "CMYK" else "RGB"
    stored: NDArray[np.uint8] = simplejpeg.decode_jpeg(data, colours, strict=True, **least)
    if colours == "RGB":
        return stored
    return rgb_of_jpeg_cmyk(stored)


def _read_any(header: Header, shorter: int, oddity: str | None = None) -> Pixels:
    image = header.image
    with _silent_stderr() if header.format == "TIFF" else nullcontext():
        image.load()
    # PNG may state its orientation behind the pixels; TIFF's is gone, for Pillow has applied it.
    turn = orientation(image)
    width, height = image.size[::-1] if turn > 4 else image.size
    fits = next((scale for scale in (1, 2, 4) if width * height <= _MOST_REDUCED * scale**2), 8)
    reduction = max(_scale(image.size, shorter), min(fits, _scale(image.size, 1)))
    digest = _digest(width, height)
    reduced = []
    for strip in rgb_strips(image, turn):
        digest.update(strip.data)
        reduced.append(_reduced(strip, reduction))
    rgb = reduced[0] if len(reduced) == 1 else np.concatenate(reduced)
    stated = header.orientation if header.format == "TIFF" else turn
    return Pixels(rgb, (width, height), stated, 1, reduction, digest.hexdigest(), oddity)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """libtiff prints its complaints, thousands of lines of them, besides returning an error."""
    with Path(os.devnull).open("wb") as nowhere:
        before = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)


def _scale(size: tuple[int, int], shorter: int) -> int:
    """The largest power of two, up to 8, that leaves the shorter side `shorter` pixels."""
    return next((scale for scale in _SCALES if min(size) >= shorter * scale), 1)


def _reduced(strip: Rgb, reduction: int) -> Rgb:
    """Averages of squares of pixels; the pixels left over at the right and the bottom are dropped."""
    if reduction == 1:
        return strip
    height, width = strip.shape[0] // reduction, strip.shape[1] // reduction
    if not height:
        return np.empty((0, width, 3), np.uint8)
    whole = strip[: height * reduction, : width * reduction]
    return resize(whole, width, height, cv2.INTER_AREA)


def _digest(width: int, height: int) -> xxhash.xxh3_128:
    return xxhash.xxh3_128(struct.pack("<II", height, width))
