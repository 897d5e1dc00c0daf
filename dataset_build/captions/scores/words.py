"""Words of a text, and whether it says a phrase. English only where it is about plurals and small words."""

import re
from collections.abc import Sequence
from functools import lru_cache

_SMALL_WORDS = """
a an the this that these those there here it its it's is are was were be been being am do does did has have had
and or but nor so yet if then than as at by for from in into of off on onto out over to under up upon with within
without about above across after against along among around before behind below beneath beside between beyond
down during near next through toward towards he she they them his her their him who whom whose which what where
when while how not no can could may might will would shall should must also both each some any all very more most
we you i us our your my me
"""
SMALL = frozenset(_SMALL_WORDS.split())
_PUNCTUATION = re.compile(r"[^\w\s'’_()/-]+")
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['’][^\W\d_{_CJK}]+)*")
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]{{1,8}}|[^\w\s]|_+")


def words(text: str) -> list[str]:
    """The words in lower case, in order; underscores part words, and each CJK character is one."""
    return [word.lower() for word in _WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """The same without small words, in the singular."""
    return [singular(word) for word in words(text) if word not in SMALL]


def tokens(text: str) -> int:
    """About how many tokens a model's tokenizer makes of the text: pieces of eight letters, signs, CJK characters."""
    return len(_TOKEN.findall(text))


@lru_cache(65536)
def singular(word: str) -> str:
    """The word without an English plural or possessive ending."""
    word = word.removesuffix("'s").removesuffix("’s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def says(text: str, phrase: str, gap: int = 0) -> bool:
    """Whether the text has the words of the phrase in order, as whole words, in the singular or plural.

    Up to `gap` other words may stand between two of them, small words and punctuation apart: `long hair` by long red
    hair. A phrase without words, such as an emoticon, must stand in the text as it is.
    """
    wanted = _wanted(phrase)
    if not wanted:
        return bool(phrase.strip()) and phrase.strip() in text
    parts, there = _read(text)
    if not there.issuperset(wanted):
        return False
    return len(wanted) == 1 or any(_stands(part, at, wanted, gap) for part in parts for at in range(len(part)))


@lru_cache(65536)
def _wanted(phrase: str) -> tuple[str, ...]:
    return tuple(singular(word) for word in words(phrase))


@lru_cache(4)  # one caption is held against many phrases
def _read(text: str) -> tuple[tuple[tuple[str, ...], ...], frozenset[str]]:
    """The words between marks of punctuation, in the singular, and all of them."""
    parts = tuple(tuple(singular(word) for word in words(part)) for part in _PUNCTUATION.split(text))
    return parts, frozenset(word for part in parts for word in part)


def _stands(there: Sequence[str], at: int, wanted: Sequence[str], gap: int) -> bool:
    """Whether the words stand from that place on."""
    if at >= len(there) or there[at] != wanted[0]:
        return False
    if len(wanted) == 1:
        return True
    for place in range(at + 1, at + 2 + gap):
        if _stands(there, place, wanted[1:], gap):
            return True
        if place >= len(there) or there[place] in SMALL:
            return False
    return False
