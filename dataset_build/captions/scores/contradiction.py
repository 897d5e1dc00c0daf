"""Tags that a caption speaks against: another colour, another number of people, the opposite."""

import re
from collections.abc import Sequence

from dataset_build.captions.compose import NUMBERS, PEOPLE
from dataset_build.captions.scores.coverage import GAP, coverage
from dataset_build.captions.scores.words import says

COLOURS = ("black", "blonde", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")
OPPOSITES = (("indoors", "outdoors"), ("day", "night"), ("long hair", "short hair"), ("standing", "sitting"),
             ("smile", "frown"), ("open mouth", "closed mouth"))  # fmt: skip
_COUNT = re.compile(r"([1-9])(girl|boy)s?")


def contradicted(caption: str, tags: Sequence[tuple[str, str]], unsaid: Sequence[str] | None = None) -> list[str]:
    """The (tag, category) tags, of those that the caption does not say, of which it says what excludes them.

    `unsaid` are the tags that it does not say where that is known: see coverage."""
    unsaid = coverage(caption, tags).missing if unsaid is None else unsaid
    there = {tag for tag, _ in tags}
    return [tag for tag in unsaid if any(says(caption, other, GAP) for other in _excluding(tag, there))]


def _excluding(tag: str, there: set[str]) -> list[str]:
    """Phrases that exclude the tag, those apart that other tags of the image bear out."""
    words = tag.replace("_", " ")
    colour, _, thing = words.partition(" ")
    phrases = [b if words == a else a for a, b in OPPOSITES if words in (a, b)]
    if thing and colour in COLOURS:
        phrases += [f"{other} {thing}" for other in COLOURS if other != colour]
    if count := _COUNT.fullmatch(tag):
        people = PEOPLE[count[2]]
        phrases += [f"{NUMBERS[number]} {people[number > 1]}" for number in range(1, 7) if number != int(count[1])]
    return [phrase for phrase in phrases if phrase.replace(" ", "_") not in there]
