"""Reading one line: what the recogniser is shown, and what its answer is worth."""

import numpy as np
import pytest

from dataset_build.text.reading import HEIGHT, Reading, cut_out, elongation, read_off, recogniser_input


def square(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)


def answer(*best: tuple[int, float]) -> np.ndarray:
    """Steps at which the given character has the given probability, of four characters."""
    steps = np.zeros((len(best), 4), np.float32)
    for step, (character, probability) in enumerate(best):
        steps[step] = (1 - probability) / 3
        steps[step, character] = probability
    return steps


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, 0.9), (0, 0.9)], (0.0, 0)),
        ([(1, 0.9), (2, 0.7)], (0.8, 2)),
        ([(1, 0.9), (1, 0.5), (2, 0.7)], (0.8, 2)),  # one character, two steps wide
        ([(1, 0.9), (0, 0.9), (1, 0.7)], (0.8, 2)),  # twice the same, parted by a blank
        ([(0, 1.0), (3, 0.6), (0, 1.0)], (0.6, 1)),
    ],
)
def test_characters_are_counted_once_and_blanks_never(
    steps: list[tuple[int, float]], expected: tuple[float, int]
) -> None:
    score, characters = read_off(answer(*steps))
    assert (pytest.approx(score), characters) == expected


@pytest.mark.parametrize(
    ("reading", "is_text"),
    [
        (Reading(0.99, 2, 2.0), False),
        (Reading(0.82, 3, 2.0), True),
        (Reading(0.8, 3, 2.0), False),
        (Reading(0.5, 8, 2.0), True),
        (Reading(0.45, 9, 2.0), False),
        (Reading(0.0, 0, 3.9), False),
        (Reading(0.0, 0, 4.0), True),
    ],
)
def test_a_line_is_text_when_it_was_read_or_is_long(reading: Reading, is_text: bool) -> None:
    assert reading.is_text is is_text


def test_a_line_is_cut_out_lying() -> None:
    picture = np.zeros((200, 400, 3), np.uint8)
    picture[50:74, 100:220] = 255
    cut = cut_out(picture, square(0.25, 0.25, 0.55, 0.37))
    assert cut.shape == (HEIGHT, 240, 3)
    assert cut[4:-4, 4:-4].min() == 255


def test_a_standing_line_is_turned_by_a_quarter() -> None:
    picture = np.zeros((400, 200, 3), np.uint8)
    picture[100:160, 50:74] = 100
    picture[160:220, 50:74] = 200  # below
    cut = cut_out(picture, square(0.25, 0.25, 0.37, 0.55))
    assert cut.shape == (HEIGHT, 240, 3)
    assert (cut[24, 20, 0], cut[24, 220, 0]) == (200, 100)  # it is read from its bottom


@pytest.mark.parametrize("shift", range(4))
def test_the_order_of_the_corners_does_not_matter(shift: int) -> None:
    picture = np.arange(60 * 120 * 3, dtype=np.uint32).reshape(60, 120, 3).astype(np.uint8)
    corners = square(0.1, 0.2, 0.9, 0.6)
    assert (cut_out(picture, np.roll(corners, shift, axis=0)) == cut_out(picture, corners)).all()


def test_only_the_beginning_of_a_long_line_is_read() -> None:
    picture = np.zeros((10, 1000, 3), np.uint8)
    picture[:, :50] = 255
    cut = cut_out(picture, square(0, 0, 1, 1))
    assert cut.shape == (HEIGHT, 480, 3)
    assert (cut[24, 200, 0], cut[24, 300, 0]) == (255, 0)


def test_elongation_is_in_pixels() -> None:
    assert elongation(square(0, 0, 0.5, 0.5), np.zeros((100, 300, 3), np.uint8)) == pytest.approx(3)


def test_the_recogniser_sees_blue_first_from_minus_one_to_one() -> None:
    seen = recogniser_input(np.full((HEIGHT, 100, 3), (255, 127.5, 0), np.uint8))
    assert seen.shape == (1, 3, HEIGHT, 100)
    assert seen[0, :, 0, 0].tolist() == pytest.approx([-1, -1 + 127 / 127.5, 1])
