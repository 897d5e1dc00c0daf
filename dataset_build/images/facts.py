"""Everything that is measured on one image file, in one decode: the row of image_facts."""

import logging

import cv2

from dataset_build import schemas
from dataset_build.config import ImageLimits
from dataset_build.images import damage, formats, hashes, integrity, measures
from dataset_build.images.decode import Pixels, read_pixels
from dataset_build.images.header import Header, Unreadable, guarded, open_image
from dataset_build.images.normalise import as_stored

VERSION = "4"  # part of the fingerprint: raise it when any fact may come out different
_COLUMNS = tuple(name for name in schemas.IMAGE_FACTS.schema.names if name != "image_id")


def measure(data: bytes, limits: ImageLimits) -> dict[str, object]:
    """Every column of image_facts but the image id, for the bytes of one file.

    It raises for no bytes at all: what can't be used gets a status and a reason, and null where nothing could be
    measured. The same bytes give the same facts; so MemoryError is raised where there is too little memory for them.
    Not for threads: see `header.guarded`.
    """
    facts: dict[str, object] = dict.fromkeys(_COLUMNS) | {"status": "ok", "file_bytes": len(data)}
    try:
        with guarded(limits):
            facts["format"] = formats.signature(data)
            header = open_image(data, limits)
            facts |= _header_facts(header)
            pixels = read_pixels(data, header, limits)
        return facts | _pixel_facts(pixels)
    except Unreadable as error:
        return facts | {"status": error.status, "reason": error.reason}
    except cv2.error as error:
        return facts | {"status": "undecodable", "reason": integrity.reason(error)}


def warm_up() -> None:
    """Set a worker process up: one thread per process, and the libraries loaded before the first image."""
    import imagehash  # noqa: F401 - loads SciPy, which takes half a second
    from PIL import AvifImagePlugin

    formats.allowed()
    cv2.setNumThreads(1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    logging.getLogger("PIL").setLevel(logging.CRITICAL)  # every complaint ends up in a reason


def _header_facts(header: Header) -> dict[str, object]:
    width, height = header.upright_size
    return {
        "format": header.format,
        "width": width,
        "height": height,
        "frames": header.frames.number,
        "mode": header.mode,
        "has_alpha": header.has_alpha,
        "orientation": header.orientation,
    }


def _pixel_facts(pixels: Pixels) -> dict[str, object]:
    grey = measures.measured_grey(pixels.rgb)
    inside = measures.inside_border(grey)
    trimmed = measures.inside_all_borders(grey, inside)
    views = hashes.views(grey, inside, trimmed)
    brightness, contrast, entropy = measures.levels(grey)
    stored = as_stored(pixels.rgb, pixels.orientation)
    return {
        "reason": pixels.oddity,
        "width": pixels.size[0],
        "height": pixels.size[1],
        "orientation": pixels.orientation,
        "pixel_hash": pixels.hash,
        "decode_scale": pixels.scale,
        "hash_whole": views.whole,
        "hash_inside": views.inside,
        "hash_trimmed": views.trimmed,
        "hash_crops": views.crops,
        "hash_informative": hashes.informative(grey),
        "look": hashes.look(grey, pixels.rgb, trimmed),
        "phash": hashes.phash(grey),
        "sharpness": measures.sharpness(grey),
        "brightness": brightness,
        "contrast": contrast,
        "entropy": entropy,
        "greyscale": measures.is_greyscale(pixels.rgb),
        "border": 1 - inside.area / grey.size,
        "flat_tail": damage.flat_tail(stored),
        "torn_rows": damage.torn_rows(stored, pixels.reduction),
    }
