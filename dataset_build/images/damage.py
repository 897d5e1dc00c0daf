"""Damage that a decoder filled up in silence, found in the pixels: flat tails and torn rows of blocks."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dataset_build.images.measures import Grey, Rgb

LEAST = 64  # pixels: a side below this says too little
EVEN = 4  # grey levels of 255 by which a padded tail may vary after it was compressed again
COLOUR = 24  # levels of 255 by which its channels may: colour is stored coarser and bleeds
MIDDLE, NEAR_MIDDLE = 128, 3  # levels of 255: libjpeg pads with this grey
STRAY = 0.01  # share of the last line's pixels that may differ by more
NOT_A_PAGE = 0.5  # share of the first line that has the tail's colour on pages and between letterbox bars
ALIKE = 0.75  # share of the columns whose tail begins where it should; the picture may have the tail's colour in others
STEPPED = 0.85  # the same over both sides of a step
SIDE = 0.04  # share of the columns that each side of a step has
HIGHEST_STEP = 16  # pixels, the highest row of blocks
TEXTURE = 8.0  # levels of 255, deviation along the line above a tail: pictures end anywhere, panels at plain edges

TEAR = 10  # grey levels of 255 by which the step to the next line exceeds the steps around it
TORN = 0.4  # share of the width that is torn
PLAIN = 4.0  # grey levels of 255: deviation along a line of a bar or a page's background
SMALLEST_BLOCK = 4  # pixels, of 8 or 16 in full

Lines = NDArray[np.int64]
Marks = NDArray[np.bool_]


def flat_tail(rgb: Rgb) -> float:
    """The share of the height, at the bottom, that is padding after a file's early end; 0 when there is none.

    `rgb` (height, width, 3) as it was stored, not turned. A tail is one colour down to the last line, under a picture
    that breaks off: at a step one row of blocks high, between two blocks, or at a straight line above the grey that
    libjpeg pads with. Letterbox bars, margins and plain skies have no such step, or end where the picture is plain.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < LEAST:
        return 0.0
    last = _grey(rgb[-1:])
    level = int(np.median(last))
    if np.mean(np.abs(last.astype(np.int16) - level) > EVEN) > STRAY:
        return 0.0
    colour = np.median(rgb[-1], axis=0)
    even = _within(_grey(rgb), np.array([level]), EVEN) & _within(rgb, colour, COLOUR)
    tails = np.where(even.all(axis=0), height, even[::-1].argmin(axis=0))
    tail = int(np.percentile(tails, 5, method="lower"))
    tail = int(np.median(tails[np.abs(tails - tail) <= 2]))
    if not 0 < tail < height - 4 or even[0].mean() > NOT_A_PAGE or _is_plain(rgb[height - tail - 4]):
        return 0.0
    padded = np.abs(colour - MIDDLE).max() <= NEAR_MIDDLE and np.mean(np.abs(tails - tail) <= 2) >= ALIKE
    return tail / height if padded or _has_step(tails, tail) else 0.0


def torn_rows(rgb: Rgb, reduction: int) -> int | None:
    """Rows of blocks that don't continue the picture above them, as behind a wrong bit in a JPEG.

    `rgb` (height, width, 3) as it was stored, at 1/`reduction`; null at 1/8, where blocks are too small to see. A row
    is torn over its whole width, or to the right of some block and the next row to its left. Pages, screens and comics
    have such edges anywhere, so none count where others lie off the blocks' grid or upright; nor do edges of bars.
    """
    block = max(8 // reduction, SMALLEST_BLOCK)
    if reduction > 4 or min(rgb.shape[:2]) < LEAST:
        return None
    grey = _grey(rgb)
    on, off = _torn(grey, block)
    if not on or off * 4 > on:
        return 0
    upright, _ = _torn(np.ascontiguousarray(grey.T), block)
    return 0 if upright * 4 > on else on


def _grey(rgb: Rgb) -> Grey:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _within(image: NDArray[np.uint8], level: NDArray[np.float64] | NDArray[np.int_], reach: int) -> Marks:
    low, high = np.clip(level - reach, 0, 255), np.clip(level + reach, 0, 255)
    return np.asarray(cv2.inRange(image, tuple(low.tolist()), tuple(high.tolist())) > 0)


def _is_plain(line: NDArray[np.uint8]) -> bool:
    return float(line.mean(axis=1).std()) < TEXTURE


def _has_step(tails: Lines, tail: int) -> bool:
    """Whether tails are `tail` pixels high up to some column, and from there on one row of blocks higher."""
    width = len(tails)
    columns = np.arange(1, width)
    least = int(SIDE * width)
    for step in range(2, HIGHEST_STEP + 1):
        loose = 2 if step > 4 else 1
        left = np.cumsum(np.abs(tails - tail) <= loose)[:-1]
        right = np.cumsum((np.abs(tails - tail - step) <= loose)[::-1])[::-1][1:]
        fits = (left + right) / width
        at = int(fits[least : width - least - 1].argmax()) + least
        sides = min(left[at] / columns[at], right[at] / (width - columns[at]))
        if fits[at] >= STEPPED and sides >= ALIKE and _is_sharp(tails, at + 1, step):
            return True
    return False


def _is_sharp(tails: Lines, column: int, step: int) -> bool:
    """Whether the tail changes at the column at once, not along a slope."""
    before, behind = tails[max(column - 8, 0) : column], tails[column : column + 8]
    return bool(np.median(behind) - np.median(before) >= 0.75 * step)


def _torn(grey: Grey, block: int) -> tuple[int, int]:
    """Torn lines on the grid of blocks, and off it."""
    marks = _jumps(grey)
    share = cv2.reduce(marks, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel() / grey.shape[1]
    torn = share > TORN
    for rows in (block, 2 * block):
        below = np.append(share, np.zeros(rows))[rows:]
        for line in np.flatnonzero((share <= TORN) & (below <= TORN) & (share + below > TORN)):
            torn[line] |= _split(marks[line], marks[line + rows]) > TORN
    for line in np.flatnonzero(torn):
        torn[line] = min(grey[line].std(), grey[line + 1].std()) >= PLAIN
    grid = np.arange(len(torn)) % block == block - 1
    return int(torn[grid].sum()), int(torn[~grid].sum())


def _jumps(grey: Grey) -> NDArray[np.uint8]:
    """1 where the step from a line to the next one is larger than the steps before and after it."""
    steps = cv2.absdiff(grey[1:], grey[:-1])
    higher = cv2.subtract(steps[1:-1], cv2.max(steps[:-2], steps[2:]))
    marks = np.zeros(steps.shape, np.uint8)
    cv2.threshold(higher, TEAR, 1, cv2.THRESH_BINARY, dst=marks[1:-1])
    return marks


def _split(marks: NDArray[np.uint8], below: NDArray[np.uint8]) -> float:
    """The share of the width that is torn from some column on, and `below` it up to there."""
    first = np.append(0, np.cumsum(marks, dtype=np.int64))
    second = np.append(0, np.cumsum(below, dtype=np.int64))
    return float((first[-1] - first + second).max() / len(marks))
