"""One line as the recogniser sees it, and how much of it was read. No model is called here."""

from typing import NamedTuple

import cv2
import numpy as np

from dataset_build.images.measures import Rgb
from dataset_build.text.lines import Floats

HEIGHT = 48  # pixels of the recogniser's input
LONGEST = 480  # pixels; the beginning of a longer line tells whether it can be read
STANDING = 1.5  # times as high as wide: the line is turned before it is read
LEAST_READ = 2.0  # of Reading.evidence; pictures without text gave 1.9 at most
CERTAIN_SHAPE = 4.0  # times as long as thick


class Reading(NamedTuple):
    """What the recogniser made of a line: mean probability of its characters, their number, length / thickness."""

    score: float
    characters: int
    elongation: float

    @property
    def evidence(self) -> float:
        """How many characters were read, guesses counting little: two must be certain, three 0.82 sure."""
        return self.characters * self.score**2

    @property
    def is_read(self) -> bool:
        """More was read than in things that only look like text."""
        return self.evidence >= LEAST_READ

    @property
    def is_text(self) -> bool:
        """It was read, or has the shape of a line: the recogniser knows few scripts."""
        return self.is_read or self.elongation >= CERTAIN_SHAPE


def elongation(corners: Floats, rgb: Rgb) -> float:
    """Length / thickness, at least 1, of the rectangle with these relative corners."""
    height, width = rgb.shape[:2]
    points = corners[:3] * np.array([width, height], np.float32)
    sides = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return float(sides.max()) / max(float(sides.min()), 1e-6)


def cut_out(rgb: Rgb, corners: Floats) -> Rgb:
    """The line straightened, lying, HEIGHT pixels high and LONGEST wide at the most."""
    height, width = rgb.shape[:2]
    start, end, below = _axes(corners * np.array([width, height], np.float32))
    across, down = float(np.linalg.norm(end - start)), float(np.linalg.norm(below - start))
    if down > STANDING * across:
        start, end, below = below, start, below + (end - start)
        across, down = down, across
    full = max(across * HEIGHT / max(down, 1), 1)
    seen = int(np.clip(full, HEIGHT // 2, LONGEST))
    corner = start + (end - start) * min(seen / full, 1)
    to = np.array([[0, 0], [seen, 0], [0, HEIGHT]], np.float32)
    matrix = cv2.getAffineTransform(np.array([start, corner, below], np.float32), to)
    return np.asarray(cv2.warpAffine(rgb, matrix, (seen, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _axes(points: Floats) -> tuple[Floats, Floats, Floats]:
    """Of a rectangle's four corners in order: the top left one, then the top right and the bottom left."""
    at = int(points.sum(axis=1).argmin())
    start, one, other = points[at], points[(at + 1) % 4], points[at - 1]
    flat = abs(one[1] - start[1]) * abs(other[0] - start[0]) <= abs(one[0] - start[0]) * abs(other[1] - start[1])
    return (start, one, other) if flat else (start, other, one)


def recogniser_input(line: Rgb) -> Floats:
    """The line as (1, 3, HEIGHT, width), -1 to 1, blue first."""
    scaled = line.astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[np.newaxis, ::-1])


def read_off(probability: Floats) -> tuple[float, int]:
    """Mean probability and number of the characters in the recogniser's answer (steps, characters).

    Character 0 is the blank; one that is repeated counts once (CTC, Graves et al. 2006).
    """
    best = probability.argmax(axis=1)
    new = (best != 0) & (np.diff(best, prepend=0) != 0)
    return (float(probability.max(axis=1)[new].mean()) if new.any() else 0.0), int(new.sum())
