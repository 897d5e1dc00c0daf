"""Perceptual hashes of a grey image: the 256-bit DCT hash in three views, and ImageHash's phash."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataset_build.images.measures import MEASURED_SIDE, Box, Grey, resize

THUMB = 64  # pixels, side of the picture that is transformed
FREQUENCIES = 16  # lowest frequencies kept, in each direction
FLAT = 12.0  # grey levels of 255: at or below this standard deviation unrelated images get equal hashes
SMALL = 16  # pixels: a view with a shorter side below this says too little
CENTRE = 0.05  # share cut from each side of the trimmed image


def three_views(grey: Grey, trimmed: Box) -> tuple[bytes, bytes, bytes]:
    """DCT hashes of the image, of its `trimmed` box, and of the centre 90 % of that box; 32 bytes each.

    Two images look alike when any view of one is near any view of the other, which survives added borders and
    small crops. A view that is flat or small would match its like anywhere, so the view before it stands in.
    """
    whole = dct_hash(grey)
    inner = whole if trimmed.area == grey.size else _hash_or(trimmed.cut(grey), whole)
    return whole, inner, _hash_or(trimmed.shrunk(CENTRE).cut(grey), inner)


def informative(grey: Grey) -> bool:
    """Whether its hashes say anything: false for a flat or tiny image."""
    return min(grey.shape) >= SMALL and float(cv2.meanStdDev(grey)[1][0, 0]) > FLAT


def dct_hash(grey: Grey) -> bytes:
    """256 bits: which of the 16 × 16 lowest frequencies of a 64 × 64 thumbnail exceed their median; 32 bytes.

    The same idea as phash (Zauner 2010, "Implementation and benchmarking of perceptual image hash functions")
    with four times the bits, because 64 are too few to tell text pages apart.
    """
    thumb = resize(grey, THUMB, THUMB, cv2.INTER_AREA).astype(np.float64)
    basis = _dct_basis()
    low = (basis @ thumb @ basis.T).ravel().round(6)  # what is zero but for rounding errors must not flip bits
    return np.packbits(low > np.median(low)).tobytes()


def phash(grey: Grey) -> str:
    """ImageHash's 64-bit phash as 16 hex digits; the grey image may be a reduced one.

    It reads frequencies of four periods at most, so that half the pixels give the same bits in half the time.
    """
    import imagehash

    height, width = grey.shape
    if min(height, width) >= MEASURED_SIDE:
        grey = resize(grey, -(-width // 2), -(-height // 2), cv2.INTER_AREA)
    return str(imagehash.phash(Image.fromarray(grey)))


def _hash_or(view: Grey, other: bytes) -> bytes:
    return dct_hash(view) if informative(view) else other


@cache
def _dct_basis() -> NDArray[np.float64]:
    """The first rows of the orthonormal DCT-II matrix, shape (16, 64)."""
    frequency, sample = np.ogrid[:FREQUENCIES, :THUMB]
    basis = np.cos(np.pi * frequency * (2 * sample + 1) / (2 * THUMB)) * np.sqrt(2 / THUMB)
    basis[0] /= np.sqrt(2)
    return np.ascontiguousarray(basis)
