"""Painting text over: what is inside takes the colour around it, what is outside stays as it is."""

import numpy as np

from dataset_build.clip.mask import without_text


def halves() -> np.ndarray:
    """100 × 80: red on the left, blue on the right."""
    picture = np.zeros((80, 100, 3), np.uint8)
    picture[:, :50], picture[:, 50:] = (200, 0, 0), (0, 0, 100)
    return picture


def test_a_box_takes_the_mean_of_the_ring_around_it() -> None:
    picture = halves()
    picture[20:40, 10:30] = 255
    masked = without_text(picture, [(0.1, 0.25, 0.3, 0.5)])
    assert (masked == halves()).all()
    assert (picture[20:40, 10:30] == 255).all()


def test_a_ring_of_two_colours_gives_their_mean_and_outside_nothing_changes() -> None:
    masked = without_text(halves(), [(0.4, 0.25, 0.6, 0.5)])
    assert masked[20, 40].tolist() == masked[39, 59].tolist() == [100, 0, 50]
    outside = np.ones((80, 100), bool)
    outside[20:40, 40:60] = False
    assert (masked[outside] == halves()[outside]).all()


def test_the_text_of_other_boxes_is_not_in_the_ring_and_their_order_does_not_matter() -> None:
    picture = halves()
    picture[20:40, 10:30], picture[42:60, 10:30] = 255, 255
    boxes = [(0.1, 0.25, 0.3, 0.5), (0.1, 0.525, 0.3, 0.75)]
    assert (without_text(picture, boxes) == halves()).all()
    assert (without_text(picture, boxes[::-1]) == halves()).all()


def test_a_box_over_the_border_and_one_over_everything() -> None:
    over = without_text(halves(), [(-0.2, -1.0, 0.2, 2.0)])
    assert (over == halves()).all()
    assert (without_text(halves(), [(0.0, 0.0, 1.0, 1.0)]) == 128).all()


def test_an_empty_box_still_covers_a_pixel() -> None:
    picture = halves()
    picture[40, 30] = 255
    assert (without_text(picture, [(0.3, 0.5, 0.3, 0.5)]) == halves()).all()


def test_no_boxes_no_change() -> None:
    assert (without_text(halves(), []) == halves()).all()
