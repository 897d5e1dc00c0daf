"""Texts that came from outside, made safe to show to people."""

import unicodedata

JOINERS = "\u200c\u200d"  # emoji and several scripts are spelled with them


def plain(text: str) -> str:
    """One line without control, direction or other invisible characters: these are shown as escapes."""
    if text.isprintable():
        return text
    return "".join(c if _visible(c) else c.encode("unicode_escape").decode() for c in text)


def _visible(character: str) -> bool:
    hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return character in JOINERS or not hidden
