"""The borders that are trimmed, and the picture that is measured."""

import numpy as np
import pytest

from dataset_build.images.measures import (
    Box,
    inside_all_borders,
    inside_border,
    is_greyscale,
    measured_grey,
    sharpness,
)


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (100, 150), np.uint8)


def test_nothing_is_trimmed_without_a_border(noise):
    assert inside_border(noise) == Box(0, 0, 150, 100)


def test_each_side_has_its_own_border(noise):
    noise[:7] = 255
    noise[80:] = 0
    noise[7:80, 140:] = 128
    assert inside_border(noise) == Box(0, 7, 140, 80)


def test_borders_within_borders(noise):
    framed = np.pad(np.pad(noise, 10, constant_values=0), 20, constant_values=230)
    outer = inside_border(framed)
    assert outer == Box(20, 20, 190, 140)
    assert inside_all_borders(framed, outer) == Box(30, 30, 180, 130)
    assert inside_all_borders(noise, inside_border(noise)) == Box(0, 0, 150, 100)


def test_lossy_borders_and_single_stray_pixels_count(noise):
    framed = np.pad(noise, 20, constant_values=240)
    framed[:20] += np.random.default_rng(1).integers(0, 5, (20, 190), np.uint8)
    framed[5, 60] = 0
    assert inside_border(framed) == Box(20, 20, 170, 120)


def test_a_gradient_loses_next_to_nothing():
    assert inside_border(np.tile(np.arange(200, dtype=np.uint8), (100, 1))) == Box(7, 0, 193, 100)


def test_an_even_image_is_all_border():
    assert inside_border(np.full((50, 70), 3, np.uint8)).area == 0


@pytest.mark.parametrize(
    ("size", "measured"), [((256, 300), (256, 300)), ((100, 90), (100, 90)), ((512, 1000), (256, 500))]
)
def test_the_shorter_side_is_measured_at_256(size, measured):
    assert measured_grey(np.zeros((*size, 3), np.uint8)).shape == measured


def test_grey_follows_itu_601():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert measured_grey(colours).tolist() == [[76, 150, 29, 255]]


@pytest.mark.parametrize(
    ("offsets", "grey"),
    [
        ((8, 0, 0), True),
        ((9, 0, 0), False),
        ((0, 9, 0), False),
        ((0, 0, 9), False),
        ((0, 8, 16), False),
        ((8, 0, 16), False),
        ((8, 16, 0), False),
    ],
)
def test_one_coloured_pixel_is_colour(offsets, grey):
    rgb = np.full((40, 40, 3), 100, np.uint8)
    rgb[3, 4] += np.array(offsets, np.uint8)
    assert is_greyscale(rgb) is grey


def test_sharpness_is_the_variance_of_the_laplacian():
    point = np.zeros((10, 10), np.uint8)
    point[5, 5] = 10
    # one pixel of -40 and four of 10 among 100, with mean 0
    assert sharpness(point) == pytest.approx((1600 + 4 * 100) / 100)


def test_the_mean_of_the_laplacian_does_not_count():
    parabola = np.tile(np.arange(10, dtype=np.uint8) ** 2, (6, 1))
    # 2 everywhere, -34 in the last column, where the border mirrors the picture
    assert sharpness(parabola) == pytest.approx((9 * 4 + 34**2) / 10 - 1.6**2)
