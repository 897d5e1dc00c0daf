"""Habits of captioners: loops, phrases that open every caption, and how a set of captions is written."""

import re
from collections import Counter
from collections.abc import Sequence

from dataset_build.captions.scores.words import words

_GRAM = 4  # words
_OPENER = re.compile(
    r"\W*(?:(?:the|this|that|an?|in (?:the|this)) (?:\w+ )?(?:image|picture|photo|photograph|illustration|figure|scene)"
    r"\b(?: (?:shows?|depicts?|features?|presents?|displays?|captures?|is|of|we|you|there)\b|,)"
    r"|here (?:is|are)\b|sure[,!]|certainly[,!]|(?:caption|description|answer)\s*:)",
    re.IGNORECASE,
)


def repetition(text: str) -> float:
    """Share of the runs of four words that came before in the text, 0 to 1; loops come near 1."""
    said = words(text)
    runs = [tuple(said[at : at + _GRAM]) for at in range(len(said) - _GRAM + 1)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def has_opener(text: str) -> bool:
    """Whether it begins with words about the picture as a picture, or about the answer. English only."""
    return bool(_OPENER.match(text))


def style_report(captions: Sequence[str]) -> dict[str, float | list[tuple[str, int]]]:
    """How the captions are written: shares that begin with an article, end with a full stop, are in lower case or
    open with a set phrase; mean words; the ten commonest beginnings of three words with their numbers."""
    number = max(len(captions), 1)
    firsts = [words(text)[:3] for text in captions]
    return {
        "article": sum(first[:1] in (["a"], ["an"], ["the"]) for first in firsts) / number,
        "full_stop": sum(text.rstrip().endswith(".") for text in captions) / number,
        "lower_case": sum(text == text.lower() for text in captions) / number,
        "set_phrase": sum(map(has_opener, captions)) / number,
        "words": sum(len(words(text)) for text in captions) / number,
        "openers": Counter(" ".join(first) for first in firsts if first).most_common(10),
    }
