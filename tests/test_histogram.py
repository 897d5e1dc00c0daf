"""Histograms: bars where the values lie, and the threshold between what is kept and what is not."""

import io

import numpy as np
import pytest
from PIL import Image

from dataset_build.histogram import BOTTOM, HEIGHT, KEPT, LEFT, LINE, PAPER, REJECTED, WIDTH, histogram

BASE = HEIGHT - BOTTOM - 1  # the lowest row of the bars


def pixels(png: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    return np.asarray(image.convert("RGB"))


def columns(png: bytes, colour: tuple[int, int, int], row: int = BASE) -> np.ndarray:
    """Pixel columns that have a colour in a row."""
    return np.flatnonzero((pixels(png)[row] == colour).all(1))


def test_values_below_the_threshold_have_another_colour() -> None:
    png = histogram(np.linspace(50, 150, 1001), "side", 75)
    rejected, kept, (line,) = columns(png, REJECTED), columns(png, KEPT), columns(png, LINE)
    assert rejected.max() < line < kept.min()
    assert abs(line - LEFT - (WIDTH - 2 * LEFT) * 0.24 / 0.98) < 3


def test_or_those_above_it() -> None:
    png = histogram(np.linspace(50, 150, 1001), "aspect", 75, rejects="above")
    assert columns(png, KEPT).max() < columns(png, LINE)[0] < columns(png, REJECTED).min()


def test_without_a_threshold_nothing_is_rejected() -> None:
    png = histogram([1, 2, 3], "side")
    assert len(columns(png, KEPT)) > 0
    assert len(columns(png, REJECTED)) == len(columns(png, LINE)) == 0


def test_heights_are_in_proportion_to_the_counts() -> None:
    drawn = (pixels(histogram([0] * 40 + [1] * 10, "x", bins=2)) == KEPT).all(2).sum(0)
    heights = sorted({int(height) for height in drawn if height})
    assert len(heights) == 2
    assert abs(heights[1] / heights[0] - 4) < 0.2


def test_wide_ranges_are_logarithmic() -> None:
    png = histogram(np.geomspace(1, 10_000, 1000), "sharpness", 100)
    (line,) = columns(png, LINE)
    assert abs(line - WIDTH / 2) < 3


def test_a_threshold_beyond_the_values_is_drawn() -> None:
    assert columns(histogram([5, 6, 7], "side", 100), LINE).tolist() == [WIDTH - LEFT]
    assert columns(histogram([5, 6, 7], "side", 1), LINE).tolist() == [LEFT]


@pytest.mark.parametrize("values", [[], [5.0], [3, 3, 3], [np.nan, np.inf, 1], [-1e300, 1e300], [None, 2.0]])
def test_any_values_are_drawn(values: list[float]) -> None:
    assert pixels(histogram(np.array(values, np.float64), "measure", 3)).shape[1] == WIDTH


def test_it_is_small_and_repeatable() -> None:
    values = np.random.default_rng(0).lognormal(5, 2, 100_000)
    png = histogram(values, "sharpness", 8)
    assert len(png) < 3000
    assert histogram(values, "sharpness", 8) == png
    assert (pixels(png)[:, 0] == PAPER).all()
