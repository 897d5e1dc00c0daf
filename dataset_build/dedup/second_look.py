"""A second look at two images that may be duplicates: their thumbnails laid over each other and compared."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from dataset_build.images.hashes import COLOURS, LOOK

VERSION = "1"  # part of the fingerprint: raise it when any result may come out different
STARTS = ((0.0, 0.0, 1.0), (0.05, 0.05, 0.9), (0.0, 0.0, 0.9), (0.1, 0.0, 0.9), (0.0, 0.1, 0.9), (0.1, 0.1, 0.9))
STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 15, 1e-3)
ALIGNED = 0.98  # correlation from which the thumbnails need no alignment
LEAST_OVERLAP = 0.5  # share of the thumbnail
RIM = 0.2  # share of each side where marks and captions are put; what differs there is no redrawing
PATCH = 5  # pixels of 32, side of the smallest patch that counts as redrawn
GREY = 4.0  # levels of 255: a mean colour of no more than this is none
GAINS = (0.5, 2.0)  # by which saturation may differ between copies

Plane = NDArray[np.float32]
_SAMPLE = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


class Look(NamedTuple):
    """How much two looks agree once aligned.

    `correlation` is of grey levels, -1 to 1. `recoloured` is the root mean square difference of colour (Cb, Cr) that
    a change of saturation does not explain, 0 where one image has no colour; `redrawn` is the largest mean difference
    of grey levels over a patch away from the rim, brightness and contrast evened out. Both in levels of 255.
    """

    correlation: float
    recoloured: float
    redrawn: float


def second_looks(pairs: Sequence[tuple[bytes, bytes]], workers: int) -> list[Look]:
    """`second_look` at many pairs, in threads. Each pair is put in order, so that which comes first plays no part."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda pair: second_look(min(pair), max(pair)), pairs))


def second_look(a: bytes, b: bytes) -> Look:
    """Compare two images by what `images.hashes.look` gives for them. Swapped, they give nearly the same.

    The second is aligned by an affine map that maximises the enhanced correlation coefficient (Evangelidis and
    Psarakis 2008, "Parametric image alignment using enhanced correlation coefficient maximization").
    """
    (grey_a, colours_a), (grey_b, colours_b) = _planes(a), _planes(b)
    warp = _alignment(grey_a, grey_b)
    shared = cv2.warpAffine(np.ones_like(grey_b), warp, (LOOK, LOOK), flags=_SAMPLE) > 0.99
    if shared.mean() < LEAST_OVERLAP:
        return Look(0.0, 0.0, 0.0)
    grey_b = _warped(grey_b, warp)
    colours_b = np.stack([_warped(plane, _shrunk(warp)) for plane in colours_b])
    shared_colours = shared[:: LOOK // COLOURS, :: LOOK // COLOURS]
    return Look(
        _correlation(grey_a[shared], grey_b[shared]),
        _recoloured(colours_a[:, shared_colours], colours_b[:, shared_colours]),
        _redrawn(grey_a, grey_b, shared),
    )


def _planes(look: bytes) -> tuple[Plane, Plane]:
    """Grey levels (32, 32), and Cb and Cr around 0 (2, 16, 16)."""
    values = np.frombuffer(look, np.uint8).astype(np.float32)
    grey, colours = values[: LOOK * LOOK], values[LOOK * LOOK :] - 128
    return grey.reshape(LOOK, LOOK), colours.reshape(2, COLOURS, COLOURS)


def _alignment(a: Plane, b: Plane) -> Plane:
    """The affine map (2, 3) from places in a to places in b, from the best of the usual crops on."""
    scored = []
    for start in _starts():
        scored.append((_correlation(a, _warped(b, start)), start))
        if scored[0][0] >= ALIGNED:
            return start
    start = max(scored, key=lambda each: each[0])[1]
    try:
        _, warp = cv2.findTransformECC(a, b, start.copy(), cv2.MOTION_AFFINE, STEPS, _everywhere(), 1)
    except cv2.error:  # it did not converge: the two have little in common
        return start
    return np.asarray(warp, np.float32)


@cache
def _starts() -> tuple[Plane, ...]:
    """The same place, then a as a crop of b and b as a crop of a."""
    crops = [_crop(*start) for start in STARTS]
    return (*crops, *(np.asarray(cv2.invertAffineTransform(crop), np.float32) for crop in crops[1:]))


@cache
def _everywhere() -> NDArray[np.uint8]:
    return np.ones((LOOK, LOOK), np.uint8)


def _crop(left: float, top: float, scale: float) -> Plane:
    middle = 0.5 * scale - 0.5  # coordinates are of pixel centres
    return np.array([[scale, 0, left * LOOK + middle], [0, scale, top * LOOK + middle]], np.float32)


def _shrunk(warp: Plane) -> Plane:
    """The same map for the smaller colour planes."""
    ratio = COLOURS / LOOK
    shift = warp[:, 2] + (warp[:, :2].sum(axis=1) - 1) / 2  # from pixel centres to corners and back
    return np.column_stack([warp[:, :2], shift * ratio - (warp[:, :2].sum(axis=1) - 1) / 2]).astype(np.float32)


def _warped(plane: Plane, warp: Plane) -> Plane:
    size = plane.shape[::-1]
    return np.asarray(cv2.warpAffine(plane, warp, size, flags=_SAMPLE, borderMode=cv2.BORDER_REPLICATE), np.float32)


def _correlation(a: Plane, b: Plane) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))


def _recoloured(a: Plane, b: Plane) -> float:
    if min(np.abs(a).mean(), np.abs(b).mean()) <= GREY:
        return 0.0
    gain = float(np.clip((a * b).sum() / ((b * b).sum() + 1e-9), *GAINS))
    return float(np.sqrt(((a - gain * b) ** 2).sum(axis=0).mean()))


def _redrawn(a: Plane, b: Plane, shared: NDArray[np.bool_]) -> float:
    here, there = a[shared], b[shared]
    slope = _correlation(here, there) * float(here.std() / (there.std() + 1e-9))
    difference = a - here.mean() - slope * (b - there.mean())
    patches = cv2.blur(np.where(shared, np.abs(difference), 0).astype(np.float32), (PATCH, PATCH))
    rim = round(RIM * LOOK)
    return float(patches[rim:-rim, rim:-rim].max())
