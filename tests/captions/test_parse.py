import pytest
from pydantic import BaseModel

from dataset_build.captions.parse import LINES, TAGS, TEXT, Unparsable, choice, json_of, number, texts_in
from dataset_build.captions.recipes.deck_annotate import Annotation

WANTED = {"RESPONSE": 'A "red" hat.', "RATING": "SAFE", "ADDITIONAL_TAGS": ["hat", "red_hat"]}
PLAIN = '{"RESPONSE": "A \\"red\\" hat.", "RATING": "SAFE", "ADDITIONAL_TAGS": ["hat", "red hat"]}'


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN,
        f"```json\n{PLAIN}\n```",
        f"```\n{PLAIN}",
        f"Sure! Here it is:\n\n{PLAIN}\n\nI hope {{this}} helps.",
        f"```json\n{PLAIN}\n```\nThe rating is SAFE since nothing {{bad}} is shown.",
        "{'RESPONSE': 'A \"red\" hat.', 'RATING': 'SAFE', 'ADDITIONAL_TAGS': ['hat', 'red_hat']}",
        PLAIN.replace('["hat", "red hat"]', '"hat, Red Hat"'),
        PLAIN.replace(', "RATING"', ', "extra": {"a": [1]}, "RATING"'),
        PLAIN.replace('"SAFE"', '" safe"'),
    ],
)
def test_an_annotation_in_any_dress(answer: str) -> None:
    assert json_of(Annotation).read(answer).model_dump() == WANTED


def test_half_a_surrogate_pair_in_a_json_text_is_replaced() -> None:
    answer = PLAIN.replace("hat.", r"hat \ud83d.")
    assert json_of(Annotation).read(answer).RESPONSE == 'A "red" hat \ufffd.'


@pytest.mark.parametrize(
    "answer",
    [PLAIN[:-2], PLAIN[:30], "", "no braces", '{"RATING": "SAFE"}', "{" * 5000, "[1, 2]", "{1: 2", "{'a': f()}"],
)
def test_what_is_cut_off_or_something_else_is_never_half_accepted(answer: str) -> None:
    with pytest.raises(Unparsable):
        json_of(Annotation).read(answer)


@pytest.mark.parametrize("rating", ['"EXPLICIT"', '"senstive"', "null", "3", '"I can\'t rate this"'])
def test_a_rating_that_is_none_of_the_three_is_the_strictest(rating: str) -> None:
    assert json_of(Annotation).read(PLAIN.replace('"SAFE"', rating)).RATING == "EXPLICIT"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("  A hat.\n", "A hat."),
        ('"A hat."', "A hat."),
        ("“A hat.”", "A hat."),
        ('"A" and "B"', '"A" and "B"'),
        ("```\nA hat.\n```", "A hat."),
        ("'Tis a hat.", "'Tis a hat."),
    ],
)
def test_text(answer: str, text: str) -> None:
    assert TEXT.read(answer) == text


def test_lines_lose_their_bullets_only() -> None:
    assert LINES.read("1. a hat\n\n2) 3 cats\n- b - c\n* d\n• e\n4 dogs") == [
        "a hat",
        "3 cats",
        "b - c",
        "d",
        "e",
        "4 dogs",
    ]
    with pytest.raises(Unparsable):
        LINES.read(" \n\n")


def test_tags_are_folded_and_come_once() -> None:
    assert TAGS.read("- Long Hair, :3, long_hair\n2. red (hat).") == ["long_hair", ":3", "red_(hat)"]


@pytest.mark.parametrize(("answer", "read"), [("5", 5), ("Mark: 6 of 6", 6), ("**1**", 1), ("4.", 4)])
def test_numbers(answer: str, read: int) -> None:
    assert number(1, 6).read(answer) == read


@pytest.mark.parametrize("answer", ["7", "0", "none", "4.5", "v2", "9" * 5000])
def test_numbers_out_of_range(answer: str) -> None:
    with pytest.raises(Unparsable):
        number(1, 6).read(answer)


def test_choices() -> None:
    assert [choice("yes", "no").read(each) for each in ("Yes.", "**no**", " YES, it does")] == ["yes", "no", "yes"]
    assert choice("A", "B").read("(b) because") == "B"
    for other in ("yesterday", "maybe", ""):
        with pytest.raises(Unparsable):
            choice("yes", "no").read(other)


def test_texts_at_any_depth() -> None:
    class Form(BaseModel):
        a: str
        b: list[dict[str, str]]

    assert texts_in([Form(a="x", b=[{"k": "y"}]), ("z", 3, None)]) == ["x", "y", "z"]
