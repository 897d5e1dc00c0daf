"""Tag text: golden lines, and that parsing is the inverse of rendering."""

import random

import pytest

from dataset_build.tags.fold import fold
from dataset_build.tags.tagtext import LINES, parse, render


def test_lines_stand_in_their_order() -> None:
    tags = [
        ("wlop", "artist"),
        ("1girl", "general"),
        ("miku", "character"),
        ("vocaloid", "copyright"),
        ("highres", "meta"),
    ]
    assert render([*tags, (":3", "general")], "sensitive") == (
        "copyright: vocaloid\ncharacter: miku\ngeneral tags: 1girl :3\nartist: wlop\nrating: sensitive"
    )


def test_empty_lines_stand_for_what_is_always_there() -> None:
    assert render([]) == "copyright:\ncharacter:\ngeneral tags:"
    assert parse(render([])) == ([], None)


def test_parsing_is_the_inverse_of_rendering() -> None:
    rng = random.Random(0)
    odd = [
        "rock!",
        "mira_(paper_moon)",
        "reverse:1999",
        "初音ミク",
        ":3",
        ":",
        "rating:",
        "general",
        "artist:",
        "^_^",
        "a\u2028b",
    ]
    pool = [fold(tag) for tag in odd] + [f"t{n}" for n in range(20)]
    for _ in range(500):
        tags = [(tag, category) for category in LINES for tag in rng.sample(pool, rng.randrange(4))]
        rating = rng.choice([None, "general", "sensitive", "questionable", "explicit"])
        assert parse(render(tags, rating)) == (tags, rating)


def test_another_line_is_named() -> None:
    with pytest.raises(ValueError, match="not a line of tag text: 'hello world'"):
        parse("copyright:\nhello world")
