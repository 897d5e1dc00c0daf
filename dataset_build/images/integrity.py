"""What the complaints of decoders say about a file: harmless oddity, early end, or damage."""

import re
from typing import Literal

Damage = Literal["truncated", "undecodable"]

# Bytes too many before these markers stand in the header, where damage can't hide. Before other markers, such as
# those of entropy-coded data, the same message is what zeroed or flipped bytes look like.
_HARMLESS = re.compile(
    r"extraneous bytes before marker 0x(?:db|c[0-2]|e[0-9a-f]|fe|dd)\b|unknown JFIF revision|bad ICC marker"
)
_EARLY_END = re.compile(
    r"premature end of (?:jpeg|input) file|truncat|not enough|end of file|\beof\b|ran out of|requires a buffer", re.I
)
_NO_MEMORY = re.compile(r"out of memory|insufficient memory|failed to allocate|cannot allocate", re.I)
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b", re.I)
_LONGEST = 200  # characters of a reason


def strict_jpeg(message: str) -> Damage | None:
    """The status of a JPEG at which simplejpeg's strict decoder raised `message`; null to let Pillow decide.

    libjpeg recovers from damage with a mere warning, which strict decoding turns into an error. Harmless oddities
    and headers that only this decoder refuses are Pillow's to judge.
    """
    if message.startswith("tjDecompressHeader") or _HARMLESS.search(message):
        return None
    return status(message)


def status(message: str) -> Damage:
    """The status of an image that a decoder gave up with `message`."""
    return "truncated" if _EARLY_END.search(message) else "undecodable"


def reason(error: BaseException) -> str:
    """The error in one plain line that is the same in every run.

    Raises MemoryError where the decoder gave up because there was too little memory, which says nothing about the file.
    """
    lines = str(error).strip().splitlines()
    text = lines[0] if lines and " " in lines[0] else f"{type(error).__name__} {lines[0] if lines else ''}"
    if isinstance(error, MemoryError) or _NO_MEMORY.search(text):
        raise MemoryError(text) from error
    text = _ADDRESS.sub("0x…", text)
    return "".join(c if c.isprintable() else "?" for c in text).strip()[:_LONGEST]
