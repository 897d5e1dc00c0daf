"""The rules on single images, each at its threshold and beside it."""

from typing import Any

import pytest

from tests.sql.support import run

RULES = {"min_side": 200, "max_aspect": 3.0, "min_sharpness": 8.0, "max_text_area": 0.25}
GOOD = {"image_id": "a", "status": "ok", "width": 600, "height": 400, "sharpness": 100.0, "pixel_hash": "p"}


def verdicts(
    rules: dict[str, float] = RULES, text: tuple[dict[str, Any], ...] = (), **facts: Any
) -> list[tuple[object, ...]]:
    rows = run("image_verdicts", rules, current_facts=[GOOD | facts], current_text=[NO_TEXT, *text])
    return [(row["stage"], row["reason"], row["value"], row["threshold"]) for row in rows]


NO_TEXT = {"image_id": "another image", "status": "ok", "text_area": 0.0}


def test_a_good_image_fails_nothing() -> None:
    assert verdicts() == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"width": 200, "height": 200}, []),
        ({"width": 199, "height": 500}, [("size", "too_small", 199.0, 200.0)]),
        ({"width": 600, "height": 200}, []),
        ({"width": 200, "height": 601}, [("aspect", "too_elongated", 3.005, 3.0)]),
        ({"sharpness": 8.0}, []),
        ({"sharpness": 7.5}, [("blur", "blurred", 7.5, 8.0)]),
        ({"status": "truncated", "sharpness": None}, [("broken", "truncated", None, None)]),
    ],
)
def test_each_rule_holds_at_its_threshold(facts: dict[str, Any], expected: list[tuple[object, ...]]) -> None:
    assert verdicts(**facts) == expected


def test_every_rule_that_fails_is_told() -> None:
    assert [v[1] for v in verdicts(width=100, height=1000, sharpness=0.5)] == ["too_elongated", "blurred", "too_small"]


def test_zero_switches_a_rule_off() -> None:
    off = {"min_side": 0, "max_aspect": 0.0, "min_sharpness": 0.0, "max_text_area": 0.0}
    assert verdicts(off, (text(0.9),), width=1, height=1000, sharpness=0.0) == []


def text(area: float | None, status: str = "ok", image_id: str = "a") -> dict[str, Any]:
    return {"image_id": image_id, "status": status, "text_area": area}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (text(0.25), []),
        (text(0.5), [("text", "text_heavy", 0.5, 0.25)]),
        (text(None, "timeout"), []),
        (text(0.5, image_id="b"), []),
    ],
)
def test_text_is_judged_by_its_area(found: dict[str, Any], expected: list[tuple[object, ...]]) -> None:
    assert verdicts(text=(found,)) == expected


def test_text_is_not_judged_where_it_was_not_measured() -> None:
    rows = run("image_verdicts", RULES, current_facts=[GOOD], text_regions=[], occurrences=[], drops=[])
    assert rows == []
