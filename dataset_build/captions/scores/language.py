"""Which language a caption is in, by a simple rule: its script, and for Latin letters the small words of English."""

import unicodedata
from collections import Counter

from dataset_build.captions.scores.words import SMALL, words

LEAST_SMALL = 0.12  # share of the words of a text of eight or more; English prose has 0.3 and more
SHORT = 8  # words; in a shorter text of plain letters nothing speaks against English


def language(text: str) -> str:
    """en, latin (letters of ours in another language), another script such as cjk or cyrillic, or none.

    A text of several scripts counts as that of most of its letters.
    """
    scripts: Counter[str] = Counter()
    for character, times in Counter(text).items():
        if character.isalpha():
            scripts[unicodedata.name(character, "none").split()[0].lower()] += times
    if not scripts:
        return "none"
    script = scripts.most_common(1)[0][0]
    return script if script != "latin" else "en" if _is_english(text) else "latin"


def _is_english(text: str) -> bool:
    said = words(text)
    if len(said) < SHORT:
        return text.replace("’", "'").isascii()
    return sum(word in SMALL for word in said) / len(said) >= LEAST_SMALL
