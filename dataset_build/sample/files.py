"""Image files, sound and broken: encoders for every format, near copies, and damage as scrapes have it."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageFilter, ImageOps, features

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 90}),
    "jpeg": ("JPEG", {"quality": 90, "progressive": True}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"quality": 85, "method": 0}),
    "gif": ("GIF", {}),
    "bmp": ("BMP", {}),
    "tif": ("TIFF", {"compression": "tiff_lzw"}),
    "avif": ("AVIF", {"quality": 75, "speed": 10, "max_threads": 1}),
}
HTML_PAGE = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body>Not found.</body></html>\n"


def encode(image: Image.Image, extension: str, **options: Any) -> bytes:
    """The picture as a file; a JPEG where this Pillow can't write AVIF."""
    kind, usual = FORMATS[extension if extension != "avif" or features.check("avif") else "jpg"]
    buffer = io.BytesIO()
    image.save(buffer, kind, **(usual | options))
    return buffer.getvalue()


def recompressed(image: Image.Image) -> bytes:
    """A JPEG of much lower quality."""
    return encode(image, "jpg", quality=40)


def halved(image: Image.Image) -> bytes:
    """A JPEG of half the width and height."""
    return encode(image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS), "jpg")


def framed(image: Image.Image) -> bytes:
    """A WebP with a white border of 24 pixels."""
    return encode(ImageOps.expand(image, 24, (255, 255, 255)), "webp")


NEAR_COPIES: tuple[tuple[Callable[[Image.Image], bytes], str], ...] = (
    (recompressed, "jpg"), (halved, "jpg"), (framed, "webp"),
)  # fmt: skip


def blurred(image: Image.Image) -> Image.Image:
    """Out of focus: the variance of the Laplacian falls far below 8."""
    return image.filter(ImageFilter.GaussianBlur(min(image.size) / 30))


def truncated(data: bytes) -> bytes:
    """A download that broke off."""
    return data[: len(data) * 6 // 10]


def zeroed(data: bytes) -> bytes:
    """A file with 4 kB of zeros in its middle, as a bad disk block leaves it; most decoders don't notice."""
    middle = len(data) // 2
    return data[: middle - 2048] + bytes(4096) + data[middle + 2048 :]


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header announces a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1024))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
