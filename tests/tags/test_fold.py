import csv
import random
from pathlib import Path

import pytest

from dataset_build.tags.fold import fold


@pytest.mark.parametrize(
    ("tag", "folded"),
    [
        ("Long Hair", "long_hair"),
        ("  long \t\n hair ", "long_hair"),
        ("long _ hair", "long_hair"),
        (",solo,", "solo"),
        ("ＬＯＮＧ　ｈａｉｒ：３", "long_hair:3"),
        ("Pokémon", "pokémon"),
        ("Poke\u0301mon", "pokémon"),
        ("ｶﾞﾝﾀﾞﾑ", "ガンダム"),
        ("ﬁsh", "fish"),
        ("J\u030c", "ǰ"),
        ("a\x00b\u200bc\ufeff\ud800d", "abcd"),
        ("x" * 500, "x" * 200),
        ("", ""),
        (" , ,", ""),
        ("\x00\u200b", ""),
    ],
)
def test_spelling(tag: str, folded: str) -> None:
    assert fold(tag) == folded


@pytest.mark.parametrize(
    ("tag", "folded"),
    [
        (r"mira \(paper moon\)", "mira_(paper_moon)"),
        ("mira (paper moon)", "mira_(paper_moon)"),
        ("(red hair:1.2)", "red_hair"),
        ("( red hair : .85 )", "red_hair"),
        ("((red hair))", "red_hair"),
        ("[[red hair]]", "red_hair"),
        ("{red hair}", "red_hair"),
        (r"(mira \(paper moon\):1.3)", "mira_(paper_moon)"),
        ("(mira_(paper_moon))", "mira_(paper_moon)"),
        ("((a b:1.1):1.2)", "a_b"),
        ("(^_^:1.2)", "^_^"),
        ("(reverse:1999)", "reverse:1999"),
        ('"red hair"', "red_hair"),
        ("'red hair',", "red_hair"),
        ("“red hair”", "red_hair"),
    ],
)
def test_prompt_syntax_is_undone(tag: str, folded: str) -> None:
    assert fold(tag) == folded


@pytest.mark.parametrize(
    "tag",
    [
        ":3", ":d", "^_^", ">_<", "o_o", "|_|", "._.", ";)", ">:(", "\\m/", "\\(^o^)/", "(o)_(o)", "(9)", "...", "!?",
        "´・ω・`", "(￣▽￣)", "apple_(reverse:1999)", "friday_night_funkin'", "'o'ne", '"honest"_john_"foulfellow"',
        "c.c.", "(a)(b)", "(unclosed", "name_(a)_(b)",
    ],
)  # fmt: skip
def test_names_and_emoticons_survive(tag: str) -> None:
    assert fold(tag) == tag


def test_folding_twice_changes_nothing() -> None:
    rng = random.Random(0)
    syntax = "ab9 _()[]{}:1.2,\\'\"`“”‘’^<>Ａｶﾞİẞ´￣\t\n\u200b\u0301\u030cJ\ud800ﬁﷺ"
    tags = ["".join(rng.choices(syntax, k=rng.randrange(16))) for _ in range(20_000)]
    tags += ["".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(250))) for _ in range(500)]
    for tag in tags:
        folded = fold(tag)
        assert fold(folded) == folded, tag
        assert len(folded) <= 200
        assert not any(c.isspace() for c in folded)
        folded.encode()


def test_long_tags_are_cut_before_they_cost_time() -> None:
    assert fold("(" * 100_000 + "a b" + ")" * 100_000) == "(" * 200
    assert fold("(" + " " * 20_000 + "x") == "("
    assert fold("(" * 90 + "a b" + ")" * 90) == "a_b"


@pytest.mark.parametrize("vocabulary", ["danbooru.csv", "e621_sfw.csv"])
def test_real_tags_stay_as_they_are(shared_data: Path, vocabulary: str) -> None:
    with (shared_data / "tags" / vocabulary).open(encoding="utf-8") as lines:
        names = [row[0] for row in csv.reader(lines)]
    assert len(names) > 20_000
    assert [name for name in names if fold(name) != name] == []
    assert [name for name in names if fold(name.upper().replace("_", " ")) != name] == []
