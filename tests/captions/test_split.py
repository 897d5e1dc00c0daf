import pytest

from dataset_build.captions.edit import shortened, without
from dataset_build.captions.split import clause_pieces, clauses, sentence_pieces, sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A hat. A cat!  Two?", ["A hat.", "A cat!", "Two?"]),
        ("Mr. Fenn of St. Ives, e.g. here. He waves.", ["Mr. Fenn of St. Ives, e.g. here.", "He waves."]),
        ("J. R. Fenn sits. Done.", ["J. R. Fenn sits.", "Done."]),
        ("There is 1girl. She has 3.5 hats.", ["There is 1girl.", "She has 3.5 hats."]),
        ('It says "Stop." A man waits.', ['It says "Stop."', "A man waits."]),
        ("赤い帽子。猫がいる！？「はい。」空", ["赤い帽子。", "猫がいる！？", "「はい。」", "空"]),
        ("One\ntwo\n\nthree", ["One", "two", "three"]),
        ("1. A hat. 2. A cat.", ["1. A hat.", "2. A cat."]),
        ("Wait… what? Yes", ["Wait…", "what?", "Yes"]),
        ("no end", ["no end"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences_join_to_the_text_again(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts
    assert "".join(sentence_pieces(text)) == text
    assert "".join(clause_pieces(text)) == text


def test_clauses() -> None:
    assert clauses("A red, round hat, which is new; a cat, and a dog. Both sit.") == [
        "A red, round hat,",
        "which is new;",
        "a cat,",
        "and a dog.",
        "Both sit.",
    ]


def test_long_texts_take_no_time() -> None:
    for text in ("a" * 200_000, "a. " * 50_000, "。" * 100_000, "\n" * 100_000):
        assert "".join(sentence_pieces(text)) == text


def test_sentences_that_say_something_are_cut() -> None:
    text = "A red hat lies here. A cat sits on that mat. Hats hang behind it."
    assert without(text, ["hat"]) == "A cat sits on that mat."
    assert without(text, ["dog"]) == text
    assert without(text, ["hat", "cat"]) == ""


def test_a_text_is_cut_between_words() -> None:
    assert shortened("one two three-four five", 3) == "one two"
    assert shortened("one two", 99) == "one two"
    assert shortened("", 5) == ""
