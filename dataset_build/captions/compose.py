"""A plain caption without a model: one sentence from tags and the descriptions that came with an image."""

import re
from collections.abc import Sequence

VERSION = "1"  # to change whenever a caption may come out differently

KINDS = ("character", "copyright", "count", "artist", "general")  # which tags go first when not all may be named
UNSAID_CATEGORIES = {"meta", "invalid", "deprecated", "rating"}
UNSAID_TAGS = {"solo", "no_humans", "original", "multiple_girls", "multiple_boys", "multiple_others",
               "unknown_artist", "anonymous_artist", "conditional_dnp"}  # fmt: skip
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PEOPLE = {"girl": ("girl", "girls"), "boy": ("boy", "boys"), "other": ("person", "people")}
ENDS = " .,;!?…。！？"
_COUNT = re.compile(r"([1-9])(\+?)(girl|boy|other)s?")
_QUALIFIED = re.compile(r"(.+)_\(([^()]+)\)")
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_NAME_OF_FILE = re.compile(r"://|^www\.|^\S+\.[A-Za-z0-9]{2,5}$")


def compose(tags: Sequence[tuple[str, str]], alt_texts: Sequence[str], max_tags: int) -> str | None:
    """A sentence from (tag, category) pairs and descriptions; None when there is nothing to say.

    The first description in prose leads; then who is shown and from which work, how many, what else, and by
    whom. At most `max_tags` tags are named: none that the lead says, none that ends a longer one (dress, red
    dress). Other descriptions are used only when there is nothing else.
    """
    texts = [text for text in (" ".join(alt.split()) for alt in alt_texts) if _describes(text)]
    lead = next(filter(_is_prose, texts), "").rstrip(ENDS)
    named = _named(tags, lead, max_tags)
    who = [_listed(named[kind]) for kind in ("character", "count") if named[kind]]
    if named["copyright"]:
        first = who[0] if who else "" if lead else "a picture"
        who[:1] = [f"{first} from {_listed(named['copyright'])}".strip()]
    parts = [lead, *who] if lead else who
    if named["general"]:
        parts.append(("with " if parts else "") + _listed(named["general"]))
    if named["artist"]:
        parts.append(("by " if parts else "a picture by ") + _listed(named["artist"]))
    sentence = ", ".join(parts) or next(iter(texts), "")
    return sentence[:1].upper() + sentence[1:].rstrip(ENDS) + "." if sentence else None


def _named(tags: Sequence[tuple[str, str]], lead: str, max_tags: int) -> dict[str, list[str]]:
    """The phrases to say, by kind."""
    works = {tag for tag, category in tags if category == "copyright"}
    phrases = dict.fromkeys(_phrase(tag, category, works) for tag, category in tags if _is_said(tag, category))
    tails = {tail for kind, words in phrases if kind == "general" for tail in _tails(words)}
    new = [
        (kind, words)
        for kind, words in phrases
        if not _mentions(lead, kind, words) and not (kind == "general" and words in tails)
    ]
    new.sort(key=lambda phrase: KINDS.index(phrase[0]))
    return {kind: [words for its_kind, words in new[:max_tags] if its_kind == kind] for kind in KINDS}


def _phrase(tag: str, category: str, works: set[str]) -> tuple[str, str]:
    """What kind of statement the tag makes, and its words; emoticons keep their underscores."""
    kind = category if category in KINDS else "general"
    if kind == "general" and (count := _COUNT.fullmatch(tag)):
        number, more, whom = count.groups()
        return "count", f"{NUMBERS[int(number)]} {'or more ' if more else ''}{PEOPLE[whom][number != '1']}"
    qualified = _QUALIFIED.fullmatch(tag)
    if qualified and kind != "general" and qualified[2] in works | {"artist", "style", "series"}:
        tag = qualified[1]
    return kind, tag.replace("_", " ") if _TWO_LETTERS.search(tag) else tag


def _is_said(tag: str, category: str) -> bool:
    return bool(tag) and category not in UNSAID_CATEGORIES and tag not in UNSAID_TAGS and not tag.endswith("_request")


def _mentions(lead: str, kind: str, words: str) -> bool:
    """Whether the lead has the words as a whole; of a count, its noun is enough."""
    said = words.rpartition(" ")[2] if kind == "count" else words
    return bool(re.search(rf"(?<!\w){re.escape(said)}(?!\w)", lead, re.IGNORECASE))


def _tails(words: str) -> list[str]:
    """What is left of the words without the first, the first two …"""
    split = words.split(" ")
    return [" ".join(split[i:]) for i in range(1, len(split))]


def _describes(text: str) -> bool:
    """Whether the text could be a description, not an address or the name of a file."""
    return bool(_TWO_LETTERS.search(text)) and not _NAME_OF_FILE.search(text)


def _is_prose(text: str) -> bool:
    """Whether the text reads as sentences, not as a list of tags."""
    words = len(text.split())
    return 3 <= words <= 200 and 3 * text.count(",") <= words and "_" not in text


def _listed(phrases: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(phrases[:-1]), *phrases[-1:])))
