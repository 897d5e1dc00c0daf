"""Small numbers that describe a picture: sharpness, levels, colour and borders."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]  # shape (height, width), 0 to 255
Rgb = NDArray[np.uint8]  # shape (height, width, 3), 0 to 255

MEASURED_SIDE = 256  # pixels, shorter side at which images are measured, so that size doesn't matter
COLOUR = 8  # levels of 255 by which the channels of a grey pixel may differ after lossy compression
BORDER = 6  # levels of 255 by which a pixel may differ from its border's level after lossy compression
STRAY = 0.02  # share of a border line's pixels that may differ by more


class Box(NamedTuple):
    """A rectangle of pixels: left and top inside, right and bottom outside."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def area(self) -> int:
        """Pixels inside."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def cut(self, grey: Grey) -> Grey:
        """The part of the image inside."""
        return grey[self.y0 : self.y1, self.x0 : self.x1]

    def moved(self, dx: int, dy: int) -> "Box":
        """The same box further right and down."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def scaled(self, x: float, y: float) -> "Box":
        """The same box in the image at x times its width and y times its height."""
        return Box(round(self.x0 * x), round(self.y0 * y), round(self.x1 * x), round(self.y1 * y))


def measured_grey(rgb: Rgb) -> Grey:
    """The grey image (ITU-R 601) with a shorter side of 256 pixels; smaller images as they are."""
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    height, width = grey.shape
    shorter = min(height, width)
    if shorter <= MEASURED_SIDE:
        return grey
    scale = MEASURED_SIDE / shorter
    return resize(grey, round(width * scale), round(height * scale), cv2.INTER_LINEAR)


def resize(image: NDArray[np.uint8], width: int, height: int, interpolation: int) -> NDArray[np.uint8]:
    """The image at another size, by OpenCV."""
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def sharpness(grey: Grey) -> float:
    """Variance of the Laplacian, in squared grey levels of 255; low for blurred and flat images.

    Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy".
    """
    laplacian = cv2.Laplacian(grey, cv2.CV_16S)
    mean = cv2.sumElems(laplacian)[0] / grey.size
    return float(cv2.norm(laplacian, cv2.NORM_L2SQR) / grey.size - mean * mean)


def levels(grey: Grey) -> tuple[float, float, float]:
    """Brightness and contrast (mean and standard deviation of the grey level, 0 to 1), entropy (0 to 8 bits)."""
    share = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64) / grey.size
    value = np.arange(256) / 255
    mean = float(share @ value)
    variance = float(share @ (value - mean) ** 2)
    present = share[share > 0]
    return mean, variance**0.5, float(-(present @ np.log2(present))) + 0.0


def is_greyscale(rgb: Rgb) -> bool:
    """Whether no pixel has colour, within what lossy compression adds to a grey image."""
    red, green, blue = cv2.split(rgb)
    return all(cv2.norm(a, b, cv2.NORM_INF) <= COLOUR for a, b in ((red, green), (green, blue), (blue, red)))


def inside_border(grey: Grey) -> Box:
    """The image without its uniform borders, which may differ from side to side; empty when all of it is even."""
    top = _border_lines(grey)
    bottom = len(grey) - _border_lines(grey[top:][::-1])
    columns = grey[top:bottom].T
    left = _border_lines(columns)
    right = len(columns) - _border_lines(columns[left:][::-1])
    return Box(left, top, right, bottom)


def inside_all_borders(grey: Grey, box: Box) -> Box:
    """What is left of `box` without the borders inside of it, and those inside them.

    Someone who frames a picture that had a border leaves two of them; both pictures must come down to the same.
    """
    while 0 < box.area < grey.size:
        inner = inside_border(box.cut(grey)).moved(box.x0, box.y0)
        if inner.area == box.area:
            break
        box = inner
    return box


def _border_lines(lines: Grey) -> int:
    """How many lines, from the first on, hold one level, the same in all of them."""
    if not lines.size:
        return 0
    level = int(np.partition(lines[0], lines.shape[1] // 2)[lines.shape[1] // 2])
    if not _same(lines[:1], level)[0]:
        return 0
    same = _same(lines, level)
    return len(lines) if same.all() else int(same.argmin())


def _same(lines: Grey, level: int) -> NDArray[np.bool_]:
    low, high = max(level - BORDER, 0), min(level + BORDER, 255)
    return np.asarray(((lines < low) | (lines > high)).mean(axis=1) <= STRAY)
