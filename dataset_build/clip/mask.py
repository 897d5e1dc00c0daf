"""Text painted over, so that a picture is judged by what else it shows (T-MARS, Maini et al. 2023)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataset_build.images.measures import Rgb

RING = 0.1  # width of the ring that gives the colour, as a share of the box's longer side

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as shares of width and height


def without_text(rgb: Rgb, boxes: Sequence[Box]) -> Rgb:
    """A copy of the picture in which each box is filled with the mean colour of the ring around it.

    Pixels of other boxes don't count; a box without a ring of its own takes the mean of all that is in no box, and
    mid-grey where there is nothing. The order of the boxes doesn't matter, as long as they don't overlap.
    """
    height, width = rgb.shape[:2]
    areas = [_pixels(box, width, height) for box in boxes]
    text = np.zeros((height, width), bool)
    for rows, columns in areas:
        text[rows, columns] = True
    fills = [_ring_mean(rgb, text, area) for area in areas]
    masked = rgb.copy()
    for (rows, columns), fill in zip(areas, fills, strict=True):
        masked[rows, columns] = fill
    return masked


def _pixels(box: Box, width: int, height: int) -> tuple[slice, slice]:
    """Every pixel that the box touches: rows, columns."""
    x0, y0, x1, y1 = (min(max(edge, 0.0), 1.0) for edge in box)
    return (
        slice(int(y0 * height), max(int(np.ceil(y1 * height)), int(y0 * height) + 1)),
        slice(int(x0 * width), max(int(np.ceil(x1 * width)), int(x0 * width) + 1)),
    )


def _ring_mean(rgb: Rgb, text: NDArray[np.bool_], area: tuple[slice, slice]) -> NDArray[np.uint8]:
    rows, columns = area
    wide = max(2, round(RING * max(rows.stop - rows.start, columns.stop - columns.start)))
    around = (
        slice(max(rows.start - wide, 0), rows.stop + wide),
        slice(max(columns.start - wide, 0), columns.stop + wide),
    )
    for part in (around, (slice(None), slice(None))):
        if (free := ~text[part]).any():
            mean: NDArray[np.uint8] = np.rint(rgb[part][free].mean(axis=0)).astype(np.uint8)
            return mean
    return np.full(3, 128, np.uint8)
