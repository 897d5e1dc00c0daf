import asyncio

import pytest

from dataset_build.captions.boxes import around, clipped, merged, overlap, where
from dataset_build.captions.regions import grid, pointed_out, text_lines
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import scene
from tests.captions.oracle.support import job

NAN = float("nan")


@pytest.mark.parametrize(
    ("numbers", "box"),
    [
        ([0.1, 0.2, 0.5, 0.6], (0.1, 0.2, 0.5, 0.6)),
        ([0.5, 0.6, 0.1, 0.2], (0.1, 0.2, 0.5, 0.6)),
        ([-1, 0, 3, 9], (0, 0, 1, 1)),
        ([0.1, 0.2, 0.1, 0.6], None),
        ([2, 2, 3, 3], None),
        ([0.1, 0.2, 0.3], None),
        ([0, 0, NAN, 1], None),
    ],
)
def test_numbers_become_a_box_within_the_image(numbers: list[float], box: object) -> None:
    assert clipped(numbers) == box


def test_geometry() -> None:
    assert overlap((0, 0, 0.5, 1), (0.25, 0, 0.75, 1)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 0.1, 0.1), (0.5, 0.5, 1, 1)) == 0
    assert around([(0, 0.1, 0.2, 0.3), (0.1, 0, 0.4, 0.2)]) == (0, 0, 0.4, 0.3)


def test_boxes_that_overlap_become_one_whatever_their_order() -> None:
    boxes = [(0, 0, 0.5, 1), (0.1, 0, 0.6, 1), (0.2, 0, 0.7, 1), (0.9, 0.9, 1, 1)]
    assert merged(boxes, 0.3) == merged(boxes[::-1], 0.3) == [(0, 0, 0.7, 1), (0.9, 0.9, 1, 1)]
    assert merged([], 0.5) == []


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((0, 0, 0.2, 0.2), "at the upper left"),
        ((0.4, 0.4, 0.6, 0.6), "in the middle"),
        ((0.4, 0.8, 0.6, 1), "at the bottom"),
        ((0.4, 0, 0.6, 0.2), "at the top"),
        ((0.8, 0.4, 1, 0.6), "at the right"),
    ],
)
def test_places_in_words(box: tuple[float, ...], said: str) -> None:
    assert where(box) == said


def test_a_grid_covers_the_image() -> None:
    boxes = [region.box for region in grid(2, 3)]
    assert len(boxes) == 6 and around(boxes) == (0, 0, 1, 1)
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) == pytest.approx(1)


def test_a_model_points_things_out() -> None:
    each = scene(4, 4)
    found = asyncio.run(pointed_out(job(each, Oracle(), "regions/objects")))
    assert {region.label for region in found} == set(each.things)
    for region in found:
        assert overlap(region.box, each.things[region.label]) > 0.9
    assert len(asyncio.run(pointed_out(job(each, Oracle(), "regions/objects"), top=2))) == 2


def test_an_answer_that_points_at_nothing_gives_no_regions() -> None:
    oracle = Oracle({"": Knobs(bad_json=1.0)})
    assert asyncio.run(pointed_out(job(scene(4, 4), oracle, "regions/objects"))) == []
    assert len(oracle.log) == 2


def test_lines_of_text_that_were_detected() -> None:
    each = job(scene(4, 2), Oracle())
    from dataclasses import replace

    each.subject = replace(each.subject, text_boxes=((0, 0, 0.5, 0.1), (0.4, 0, 0.9, 0.1), (0, 0.5, 0.1, 0.6)))
    assert [region.box for region in text_lines(each)] == [(0, 0, 0.9, 0.1), (0, 0.5, 0.1, 0.6)]
