"""Hashes of other libraries, as they come: each a function from a picture, as it was opened, to 64 bits."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import imagehash
import numpy as np
from PIL import Image, ImageOps

IMAGEDEDUP = ("PHash", "DHash", "WHash", "AHash")
THRESHOLDS = {  # bits: imagededup's default, and what is usual with ImageHash, which has none
    "ImageHash phash": (4, 10), "ImageHash dhash": (4,), **{f"imagededup {kind}": (10,) for kind in IMAGEDEDUP},
}  # fmt: skip


@cache
def peers() -> dict[str, Callable[[Image.Image], int]]:
    """The hashes by name, those of imagededup where it is installed and can be imported."""
    hashes = {
        f"ImageHash {kind.__name__}": partial(of_imagehash, kind=kind) for kind in (imagehash.phash, imagehash.dhash)
    }
    return hashes | {f"imagededup {kind}": partial(of_imagededup, kind=kind) for kind in IMAGEDEDUP if imagededup()}


def of_imagehash(image: Image.Image, kind: Any) -> int:
    """ImageHash's hash of the upright picture."""
    return int(str(kind(ImageOps.exif_transpose(image))), 16)


def of_imagededup(image: Image.Image, kind: str) -> int:
    """imagededup's hash of the pixels as they are stored, for it doesn't look at EXIF."""
    pixels = np.asarray(image.convert("RGB"))
    return int(getattr(imagededup(), kind)(verbose=False).encode_image(image_array=pixels), 16)


@cache
def imagededup() -> Any:
    """The library, which loads torch; None where that fails."""
    try:
        from imagededup import methods
    except (ImportError, RuntimeError):
        return None
    return methods
