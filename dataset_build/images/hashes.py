"""Perceptual hashes of a grey image: the 256-bit DCT hash in several views, its thumbnail, and ImageHash's phash."""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataset_build.images.measures import MEASURED_SIDE, Box, Grey, Rgb, resize

THUMB = 80  # pixels, side of the picture that is transformed
CROP = 74  # pixels of these: 92.5 %
CROPS = (1, 3, 5)  # left and top of the three crops
FREQUENCIES = 16  # lowest frequencies kept, in each direction
FLAT = 12.0  # grey levels of 255: at or below this standard deviation unrelated images get equal hashes
SMALL = 16  # pixels: a view with a shorter side below this says too little
ZERO = 0.05  # grey levels: a frequency of no more than this is zero but for rounding errors
LOOK, COLOURS = 32, 16  # pixels, sides of the stored thumbnail: grey, and each of Cb and Cr


class Views(NamedTuple):
    """DCT hashes of one image, 32 bytes each; `crops` is three of them in one."""

    whole: bytes
    inside: bytes
    trimmed: bytes
    crops: bytes


def views(grey: Grey, inside: Box, trimmed: Box) -> Views:
    """Hashes of the image, of what lies `inside` its outer border, of its `trimmed` box, and of that one's crops.

    The crops are three of 92.5 % of width and height, at three places on the diagonal. Two images look alike
    when any of the first three of one is near any of the other's, or near a crop of the other: that survives added
    borders and cut edges. A view that is flat or small would match its like anywhere, so the one before stands in.
    """
    whole = dct_hash(_thumb(grey))
    first = whole if inside.area == grey.size else _hash_or(inside.cut(grey), whole)
    cut = grey if trimmed.area == grey.size else trimmed.cut(grey)
    last = first if trimmed == inside else _hash_or(cut, first)
    return Views(whole, first, last, _crop_hashes(cut, last))


def informative(grey: Grey) -> bool:
    """Whether its hashes say anything: false for a flat or tiny image."""
    return min(grey.shape) >= SMALL and _deviation(grey) > FLAT


def dct_hash(thumb: Grey) -> bytes:
    """256 bits: which of the 16 × 16 lowest frequencies of a square picture are above zero; 32 bytes.

    The same idea as phash (Zauner 2010, "Implementation and benchmarking of perceptual image hash functions") with
    four times the bits, because 64 are too few to tell text pages apart. Signs, because those of a mirrored or
    turned picture follow from them: see `dataset_build.dedup.dihedral`.
    """
    basis = _dct_basis(len(thumb))
    return np.packbits((basis @ thumb.astype(np.float32) @ basis.T).ravel() > ZERO).tobytes()


def look(grey: Grey, rgb: Rgb, trimmed: Box) -> bytes:
    """The trimmed image small, for a second look: 32 × 32 grey levels, then 16 × 16 each of Cb and Cr; 1536 bytes.

    `rgb` may have another size than `grey`; `trimmed` is a box of `grey`.
    """
    box = trimmed if min(trimmed.cut(grey).shape) >= SMALL else Box(0, 0, *grey.shape[::-1])
    small = resize(box.cut(grey), LOOK, LOOK, cv2.INTER_AREA)
    inside = box.scaled(rgb.shape[1] / grey.shape[1], rgb.shape[0] / grey.shape[0]).cut(rgb)
    colours = resize(resize(inside, 4 * COLOURS, 4 * COLOURS, cv2.INTER_LINEAR), COLOURS, COLOURS, cv2.INTER_AREA)
    _, red, blue = cv2.split(cv2.cvtColor(colours, cv2.COLOR_RGB2YCrCb))
    return small.tobytes() + np.asarray(blue).tobytes() + np.asarray(red).tobytes()


def phash(grey: Grey) -> str:
    """ImageHash's 64-bit phash as 16 hex digits; the grey image may be a reduced one.

    It reads frequencies of four periods at most, so that half the pixels give the same bits in half the time.
    """
    import imagehash

    height, width = grey.shape
    if min(height, width) >= MEASURED_SIDE:
        grey = resize(grey, -(-width // 2), -(-height // 2), cv2.INTER_AREA)
    return str(imagehash.phash(Image.fromarray(grey)))


def _crop_hashes(trimmed: Grey, other: bytes) -> bytes:
    if min(trimmed.shape, default=0) < SMALL:
        return other * len(CROPS)
    thumb = _thumb(trimmed)
    crops = (thumb[k : k + CROP, k : k + CROP] for k in CROPS)
    return b"".join(dct_hash(crop) if _deviation(crop) > FLAT else other for crop in crops)


def _hash_or(view: Grey, other: bytes) -> bytes:
    return dct_hash(_thumb(view)) if informative(view) else other


def _thumb(grey: Grey) -> Grey:
    return resize(grey, THUMB, THUMB, cv2.INTER_AREA)


def _deviation(grey: Grey) -> float:
    return float(cv2.meanStdDev(grey)[1][0, 0])


@cache
def _dct_basis(side: int) -> NDArray[np.float32]:
    """The first rows of the orthonormal DCT-II matrix, shape (16, side)."""
    frequency, sample = np.ogrid[:FREQUENCIES, :side]
    basis = np.cos(np.pi * frequency * (2 * sample + 1) / (2 * side)) * np.sqrt(2 / side)
    basis[0] /= np.sqrt(2)
    return np.ascontiguousarray(basis, np.float32)
