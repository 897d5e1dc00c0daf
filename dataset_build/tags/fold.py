"""One spelling per tag, as boorus write it: lower case, words joined by underscores."""

import re
import unicodedata

VERSION = "1"  # part of the fingerprint: raise it when any result may come out different

LONGEST = 200  # characters
_PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’"}
_WEIGHT = re.compile(r"\((.+?)\s*:\s*(?:\d{1,2}(?:\.\d+)?|\.\d+)\s*\)")
_ESCAPED = re.compile(r"\\\((.*?)\\\)")
_SPACE = re.compile(r"_*\s[\s_]*")
_FOLDED = re.compile(r"[a-z0-9][!-+\--@\[\]-~]{0,199}")  # nearly all real tags: nothing above can apply to them
_EDGE = " \t\r\n\v\f,"


def fold(tag: str) -> str:
    r"""The tag as a booru would spell it, at most 200 characters; '' when nothing is left. fold(fold(x)) == fold(x).

    Prompt syntax is undone: `(long hair:1.2)`, `((long hair))`, `[long hair]` and `mira \(moon\)`. Emoticons
    (`:3`, `^_^`, `\(^o^)/`), inner brackets (`mira_(moon)`) and lone quotes (`friday_night_funkin'`) stay.
    """
    if _FOLDED.fullmatch(tag):
        return tag
    text = tag.strip()[: 2 * LONGEST]
    while (folded := _once(text)) != text:
        text = folded
    return text


def _once(text: str) -> str:
    text = _ESCAPED.sub(r"(\1)", _plain(text).lower())
    text = _unwrapped(text.strip(_EDGE)).strip(_EDGE)
    return _SPACE.sub("_", text)[:LONGEST]


def _plain(text: str) -> str:
    """Compatibility forms such as full width made plain (NFKC), and characters that can't be seen left out."""
    if text.isascii() and text.isprintable():
        return text
    plain = unicodedata.normalize("NFC", "".join(map(_plain_character, text)))
    return "".join(c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def _plain_character(c: str) -> str:
    """NFKC, except that it would turn free-standing accents, as emoticons use them, into a space and a mark."""
    plain = unicodedata.normalize("NFKC", c)
    return plain if c.isspace() or " " not in plain else c


def _unwrapped(text: str) -> str:
    """Without the weight, the brackets or the quotes around the whole; words only, so that `(9)` stays."""
    weight = _WEIGHT.fullmatch(text)
    if weight and _encloses("(", weight[1], ")"):
        return weight[1]
    inner = text[1:-1]
    wrapped = len(text) > 1 and _PAIRS.get(text[0]) == text[-1] and _encloses(text[0], inner, text[-1])
    return inner if wrapped and sum(map(str.isalnum, inner)) > 1 else text


def _encloses(opening: str, inner: str, closing: str) -> bool:
    """Whether the two are a pair: nothing between them closes the one or opens the other."""
    depth = 0
    for c in inner:
        depth += (c == opening) - (c == closing)
        if depth < 0 or (opening == closing == c):
            return False
    return depth == 0
