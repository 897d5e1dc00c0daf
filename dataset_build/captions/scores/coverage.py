"""Which of an image's tags a caption says: word by word, so that hat is not found in that."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dataset_build.captions.compose import NUMBERS, PEOPLE, UNSAID_CATEGORIES, UNSAID_TAGS
from dataset_build.captions.scores.words import says, singular, words

GAP = 2  # words that may stand amid those of a tag
UNSAID = UNSAID_TAGS | {"error"}
_COUNT = re.compile(r"([1-9])(\+?)(girl|boy|other)s?")
_QUALIFIED = re.compile(r"(.+?)_\([^()]+\)")


@dataclass(frozen=True)
class Coverage:
    """The tags that are to be said, by what became of them; rejected ones don't fit the image and count for nothing."""

    said: tuple[str, ...]
    missing: tuple[str, ...]
    rejected: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share said of those that fit, 0 to 1; 1 when there is none."""
        counted = len(self.said) + len(self.missing)
        return len(self.said) / counted if counted else 1.0


def coverage(
    caption: str,
    tags: Sequence[tuple[str, str]],
    rejected: Collection[str] = (),
    aliases: Mapping[str, Sequence[str]] | None = None,
) -> Coverage:
    """What becomes of each (tag, category). `aliases` are other words for a tag.

    A tag is said by its words in order (`long hair` by very long hair and by long red hair), a person count also by
    its noun in the right number, a name also without its qualifier. Tags that no caption says, such as meta tags, are
    left out.
    """
    told: dict[str, list[str]] = {"said": [], "missing": [], "rejected": []}
    for tag, category in dict.fromkeys(tags):
        if category in UNSAID_CATEGORIES or tag in UNSAID or tag.endswith("_request"):
            continue
        phrases = [*_phrases(tag), *(aliases or {}).get(tag, ())]
        there = any(says(caption, phrase, GAP) for phrase in phrases) or _counts(caption, tag)
        told["rejected" if tag in rejected else "said" if there else "missing"].append(tag)
    return Coverage(tuple(told["said"]), tuple(told["missing"]), tuple(told["rejected"]))


def _phrases(tag: str) -> list[str]:
    qualified = _QUALIFIED.fullmatch(tag)
    return [tag, *([qualified[1]] if qualified else [])]


def _counts(caption: str, tag: str) -> bool:
    """Whether the caption says as many people: 1girl is a girl, one girl, her; 2girls are two girls or 2 girls."""
    count = _COUNT.fullmatch(tag)
    if not count:
        return False
    number, more, whom = int(count[1]), count[2], count[3]
    if number > 1:
        shown = [NUMBERS[number], str(number)]
        return any(says(caption, f"{each} {'or more ' if more else ''}{PEOPLE[whom][1]}") for each in shown)
    nouns = {"girl": {"girl", "woman", "lady"}, "boy": {"boy", "man", "guy"}, "other": {"person", "figure"}}[whom]
    return bool(nouns & {singular(word) for word in words(caption)} & set(words(caption)))
