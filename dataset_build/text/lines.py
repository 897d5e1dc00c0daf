"""Lines of text in a picture: the detector's input, and what its probabilities say. No model is called here."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from dataset_build.images.measures import Rgb

Floats = NDArray[np.float32]
Contour = Any  # what cv2.findContours gives; its stubs disagree with themselves

SIDE = 640  # pixels, longer side of what the detector sees; usual pictures are never enlarged
STRIP, LONGEST, ENLARGED = 128, 1280, 3  # a strip is seen up to so thick, so long and so many times enlarged
STEP = 32  # pixels; the detector halves its input five times
LIKELY = 0.3  # probability from which a pixel belongs to a line (DBNet, arXiv:1911.08947)
LEAST_SCORE = 0.5  # mean probability of a line's pixels
THINNEST = 3  # pixels; what is thinner can't be read
THICKEST = 0.5  # of the picture's shorter side
FULLNESS = 0.55  # share of its rectangle that a line fills: lines are straight, outlines of things aren't
LEAST_LONG = 1.3  # times as long as thick; what is shorter holds two characters at most, too few to tell
UNSHRINK = 1.5  # the detector was trained on shrunken lines; DBNet's ratio of area to perimeter undoes it

_LEVELS = np.arange(256, dtype=np.float32) / 255
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, red first
_NORMALISED = [(_LEVELS - mean) / std for mean, std in zip(_MEAN, _STD, strict=True)]


class Line(NamedTuple):
    """A rectangle, often turned: its corners in relative coordinates (4, 2), and the detector's score, 0 to 1."""

    corners: Floats
    score: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The upright box around it: left, top, right, bottom."""
        (left, top), (right, bottom) = self.corners.min(axis=0).tolist(), self.corners.max(axis=0).tolist()
        return left, top, right, bottom

    @property
    def area(self) -> float:
        """Share of the picture, 0 to 1."""
        return float(cv2.contourArea(self.corners))


def detector_input(rgb: Rgb) -> Floats:
    """The picture as (1, 3, height, width): longer side SIDE at the most, both multiples of STEP."""
    height, width = rgb.shape[:2]
    scale = _scale(height, width)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(rgb, (_stepped(width * scale), _stepped(height * scale)), interpolation=way)
    planes = np.empty((1, 3, *small.shape[:2]), np.float32)
    for channel, levels in enumerate(_NORMALISED):
        cv2.LUT(cv2.extractChannel(small, channel), levels, dst=planes[0, channel])
    return planes


def _scale(height: int, width: int) -> float:
    """Text on a strip would vanish at SIDE."""
    shorter, longer = sorted((height, width))
    return max(min(1.0, SIDE / longer), min(STRIP / shorter, LONGEST / longer, ENLARGED))


def _stepped(length: float) -> int:
    return max(STEP, round(length / STEP) * STEP)


def lines_in(probability: Floats) -> list[Line]:
    """The line-shaped parts of the detector's answer (height, width), the largest first."""
    marked = (probability > LIKELY).astype(np.uint8)
    contours, _ = cv2.findContours(marked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = (_line(contour, probability) for contour in contours)
    return sorted((line for line in found if line), key=lambda line: -line.area)


def _line(contour: Contour, probability: Floats) -> Line | None:
    centre, (width, height), angle = cv2.minAreaRect(contour)
    if not THINNEST <= min(width, height) <= THICKEST * min(probability.shape):
        return None
    score = _mean_inside(contour, probability)
    if score < LEAST_SCORE or cv2.contourArea(contour) < FULLNESS * width * height:
        return None
    margin = UNSHRINK * width * height / (width + height)  # on both sides: ratio × area / perimeter each
    thickness, length = sorted((width + margin, height + margin))
    if length < LEAST_LONG * thickness:
        return None
    corners = cv2.boxPoints((centre, (width + margin, height + margin), angle))
    return Line(np.clip(corners / np.array(probability.shape[::-1], np.float32), 0, 1), score)


def _mean_inside(contour: Contour, probability: Floats) -> float:
    x, y, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [contour], -1, 1, cv2.FILLED, offset=(-x, -y))
    return float(cv2.mean(probability[y : y + height, x : x + width], inside)[0])
