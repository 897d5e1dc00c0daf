"""Tags or a description? What a plain text beside an image holds.

A text is tags when its pieces between commas and newlines have three words or fewer on average, there are at least
two pieces or one of at most two words, and no line ends in a full stop. One piece without a comma is tags between
spaces when any of its words is joined by an underscore, as boorus write them. All else is a description.
"""

import re

BREAKS = re.compile(r"[,\n]|\|\|\|")  # ||| is kohya's keep_tokens_separator
FULL_STOP = re.compile(r"\w{2}[\"')]*\.[\"')]*(?:\s*$|\s+[A-Z])", re.MULTILINE)  # "..." and "!" end tags too
JOINED = re.compile(r"[^\W_]_+[^\W_]")
WORDS_PER_TAG = 3


def tags_of(text: str) -> list[str] | None:
    """The tags in a text, as written; None when the text is a description. No tags in an empty one."""
    pieces = [piece for part in BREAKS.split(text) if (piece := part.strip())]
    if FULL_STOP.search(text):
        return None
    words = [len(piece.split()) for piece in pieces]
    if len(pieces) == 1 and words[0] > 1 and JOINED.search(text):
        return pieces[0].split()
    if len(pieces) == 1 and words[0] > 2:
        return None
    return pieces if sum(words) <= WORDS_PER_TAG * len(pieces) else None
