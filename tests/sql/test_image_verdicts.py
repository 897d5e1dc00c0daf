"""The rules on single images, each at its threshold and beside it."""

from typing import Any

import pytest

from tests.sql.support import run

RULES = {
    "min_side": 200, "max_aspect": 3.0, "min_sharpness": 8.0, "max_text_area": 0.25, "max_flat_tail": 0.02,
    "torn_rows": 2, "several_frames": "reject", "min_contrast": 0.01, "placeholder_posts": 3,
}  # fmt: skip
GOOD = {
    "image_id": "a", "status": "ok", "format": "JPEG", "width": 600, "height": 400, "frames": 1, "sharpness": 100.0,
    "contrast": 0.2, "flat_tail": 0.0, "torn_rows": 0, "pixel_hash": "p", "decode_scale": 1,
}  # fmt: skip


def verdicts(
    rules: dict[str, Any] = RULES, text: tuple[dict[str, Any], ...] = (), posts: int = 0, **facts: Any
) -> list[tuple[object, ...]]:
    placeholders = [{"image_id": "a" if posts else "another image", "posts": posts}]
    found = GOOD | facts
    rows = run("image_verdicts", rules, current_facts=[found], current_text=[NO_TEXT, *text], placeholders=placeholders)
    rows = [row for row in rows if row["image_id"] == "a"]
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
        ({"flat_tail": 0.02}, []),
        ({"flat_tail": 0.25}, [("broken", "flat_tail", 0.25, 0.02)]),
        ({"torn_rows": 1}, []),
        ({"torn_rows": None}, []),
        ({"torn_rows": 2}, [("broken", "torn", 2.0, 2.0)]),
        ({"format": "GIF", "frames": 5}, [("content", "animated", 5.0, 1.0)]),
        ({"format": "TIFF", "frames": 2}, [("content", "several_pages", 2.0, 1.0)]),
        ({"format": "MPO", "frames": 2}, []),
        ({"contrast": 0.01}, []),
        ({"contrast": 0.0}, [("content", "uniform", 0.0, 0.01)]),
        ({"posts": 4}, [("content", "placeholder", 4.0, 3.0)]),
    ],
)
def test_each_rule_holds_at_its_threshold(facts: dict[str, Any], expected: list[tuple[object, ...]]) -> None:
    assert verdicts(**facts) == expected


def test_every_rule_that_fails_is_told() -> None:
    assert [v[1] for v in verdicts(width=100, height=1000, sharpness=0.5)] == ["too_elongated", "blurred", "too_small"]


def test_zero_switches_a_rule_off() -> None:
    off = dict.fromkeys(RULES, 0) | {"several_frames": "first_frame"}
    worst = {"width": 1, "height": 1000, "sharpness": 0.0, "contrast": 0.0, "flat_tail": 1.0, "torn_rows": 99}
    assert verdicts(off, (text(0.9),), **worst, frames=7, format="GIF") == []


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


def placeholders(posts: int, facts: list[dict[str, Any]], occurrences: list[dict[str, Any]]) -> dict[str, int]:
    found = [{"source": "s", "source_id": None, "source_url": None, **each} for each in occurrences]
    rows = run(
        "placeholders",
        {"placeholder_posts": posts},
        image_facts=[{"status": "ok", "pixel_hash": "p", "decode_scale": 1, **each} for each in facts],
        current_occurrences=found,
    )
    return {row["image_id"]: row["posts"] for row in rows}


def test_the_same_pixels_under_many_posts_are_a_placeholder() -> None:
    facts = [{"image_id": "a"}, {"image_id": "b"}, {"image_id": "other", "pixel_hash": "q"}]
    occurrences = [
        {"image_id": "a", "source_id": "1"},
        {"image_id": "a", "source_id": "1"},
        {"image_id": "a", "source_id": "1", "source": "t"},
        {"image_id": "b", "source_url": "https://example.org/2"},
        {"image_id": "b"},
        *({"image_id": "other", "source_id": "5"} for _ in range(9)),
    ]
    assert placeholders(3, facts, occurrences) == {"a": 3, "b": 3}
    assert placeholders(4, facts, occurrences) == {}
    assert placeholders(0, facts, occurrences) == {}


def test_copies_without_a_post_are_copies() -> None:
    assert placeholders(2, [{"image_id": "a"}], [{"image_id": "a"}] * 5) == {}


def test_pixels_at_other_scales_and_of_broken_files_are_others() -> None:
    facts = [
        {"image_id": "a"},
        {"image_id": "b", "decode_scale": 2},
        {"image_id": "c", "status": "truncated", "pixel_hash": None},
    ]
    occurrences = [{"image_id": name, "source_id": str(k)} for name in "abc" for k in range(2)]
    assert placeholders(3, facts, occurrences) == {}
    assert placeholders(2, facts, occurrences) == {"a": 2, "b": 2}
