"""The little English of the oracle: statements about things, and what a text says."""

import itertools
import re
from collections.abc import Iterable

from dataset_build.captions.split import sentences
from tests.captions.oracle.scenes import COLOURS
from tests.captions.oracle.sight import Seen

NOUNS = {name.split()[1]: name for name in COLOURS}
WORDS = sorted({word for name in COLOURS for word in name.split()})
PLACES = r"(?:at the (?:upper|lower) (?:left|right)|at the (?:left|right|top|bottom)|in the middle)"
_THING = re.compile(rf"\b(?:(\w+)[ _])?({'|'.join(NOUNS)})s?\b", re.IGNORECASE)
_HUES = {name.split()[0] for name in COLOURS}
_RELATION = re.compile(r"(\w+ \w+) is (left of|right of|above|below) the (\w+ \w+)")


def things(text: str) -> list[str]:
    """The things that the text names, each once, in order; one in a wrong colour by that colour."""
    found = []
    for hue, noun in _THING.findall(text):
        hue = hue.lower() if hue.lower() in _HUES else NOUNS[noun.lower()].split()[0]
        found.append(f"{hue} {noun.lower()}")
    return list(dict.fromkeys(found))


def listed(names: Iterable[str]) -> str:
    """a red ball, a blue house and a green tree."""
    said = [f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names]
    return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))


def statement(seen: Seen) -> str:
    """One thing with its size and place."""
    size = "large" if seen.share > 0.04 else "small"
    return f"A {size} {seen.name} is {seen.place}."


def relations(found: list[Seen]) -> list[str]:
    """How each thing lies to the next."""
    said = []
    for a, b in itertools.pairwise(found):
        dx, dy = b.box[0] - a.box[0], b.box[1] - a.box[1]
        how = ("left of" if dx > 0 else "right of") if abs(dx) >= abs(dy) else ("above" if dy > 0 else "below")
        said.append(f"The {a.name} is {how} the {b.name}.")
    return said


def holds(claim: str, found: dict[str, Seen]) -> bool:
    """Whether the statement is true of what is seen: all its things, their places, and how they lie."""
    named = things(claim)
    if not named or not set(named) <= set(found) or re.search(r"\b(?:two|three|four|\d) ", claim, re.IGNORECASE):
        return False
    for place in re.findall(PLACES, claim):
        if len(named) == 1 and place != found[named[0]].place:
            return False
    for a, how, b in _RELATION.findall(claim):
        first, second = found[a].box, found[b].box
        dx, dy = second[0] - first[0], second[1] - first[1]
        if not {"left of": dx > 0, "right of": dx < 0, "above": dy > 0, "below": dy < 0}[how]:
            return False
    return True


def union(texts: Iterable[str], without: Iterable[str] = ()) -> str:
    """The sentences of the texts, each once, and one for each thing: what a faithful writer makes of them."""
    banned, told, said = set(without), set(), []
    for sentence in (each for text in texts for each in sentences(text)):
        named = set(things(sentence))
        if named & banned or (named and named <= told) or sentence.lower() in told:
            continue
        told |= named | {sentence.lower()}
        said.append(sentence if sentence[-1] in ".!?" else f"{sentence}.")
    return " ".join(said)
