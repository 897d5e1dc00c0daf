"""Lines of text: what the detector is shown, and which parts of its answer are lines."""

import cv2
import numpy as np
import pytest

from dataset_build.text.lines import Line, detector_input, lines_in


def answer(*parts: tuple[int, int, int, int], probability: float = 0.9) -> np.ndarray:
    """A detector's answer of 200 × 320 with rectangles (left, top, width, height) in it."""
    drawn = np.zeros((200, 320), np.float32)
    for x, y, w, h in parts:
        drawn[y : y + h, x : x + w] = probability
    return drawn


def boxes(lines: list[Line]) -> list[tuple[int, ...]]:
    """Left, top, right, bottom in pixels."""
    return [tuple(round(v * side) for v, side in zip(line.box, (320, 200) * 2, strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (480, 640)),
        ((480, 640), (640, 480)),
        ((3000, 2000), (416, 640)),
        ((200, 200), (192, 192)),
        ((1672, 122), (96, 1280)),  # a strip is not shrunk to 47 pixels
        ((65, 11), (32, 192)),
        ((1, 1), (32, 32)),
        ((9000, 3), (32, 1280)),
    ],
)
def test_the_detector_sees_640_pixels_in_steps_of_32(size: tuple[int, int], expected: tuple[int, int]) -> None:
    width, height = size
    seen = detector_input(np.zeros((height, width, 3), np.uint8))
    assert (seen.shape, seen.dtype) == ((1, 3, *expected), np.float32)


def test_colours_are_normalised_as_for_imagenet_red_first() -> None:
    seen = detector_input(np.full((64, 64, 3), (255, 0, 51), np.uint8))
    assert seen[0, :, 10, 10].tolist() == pytest.approx([0.515 / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225])


def test_a_line_is_found_at_its_full_size() -> None:
    (line,) = lines_in(answer((50, 80, 121, 21)))
    assert boxes([line]) == [(37, 67, 183, 113)]  # 120 × 20, on each side 0.75 × 120 × 20 / 140 = 12.9 more
    assert line.score == pytest.approx(0.9)
    assert line.area == pytest.approx(145.7 * 45.7 / (320 * 200), rel=0.01)


def test_a_standing_and_a_turned_line_are_lines() -> None:
    turned = np.zeros((200, 320), np.float32)
    cv2.fillPoly(turned, [cv2.boxPoints(((160, 100), (140, 16), 30)).astype(np.int32)], 0.9)
    assert len(lines_in(answer((150, 20, 20, 160)))) == 1
    assert len(lines_in(turned)) == 1


def test_the_largest_comes_first_and_none_leaves_the_picture() -> None:
    lines = lines_in(answer((0, 0, 60, 10), (0, 150, 320, 50)))
    assert [box[2] for box in boxes(lines)] == [320, 65]
    assert all(0 <= value <= 1 for line in lines for value in line.box)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(answer(), id="nothing"),
        pytest.param(answer((50, 80, 120, 20), probability=0.25), id="improbable"),
        pytest.param(answer((50, 80, 120, 20), probability=0.45), id="doubtful"),
        pytest.param(answer((50, 80, 120, 3)), id="thin"),
        pytest.param(answer((50, 50, 60, 60)), id="square"),
        pytest.param(answer((10, 30, 250, 140)), id="thick"),
        pytest.param(cv2.ellipse(answer(), (160, 100), (90, 20), 0, 0, 180, 0.9, 4), id="arc"),
        pytest.param(cv2.circle(answer(), (160, 100), 40, 0.9, -1), id="disc"),
    ],
)
def test_what_is_not_line_shaped_is_no_line(part: np.ndarray) -> None:
    assert lines_in(part) == []
