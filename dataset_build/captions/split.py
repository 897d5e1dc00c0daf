"""Texts into units: sentences, clauses, and through a model claims and objects. Pieces join to the text again."""

import re
from itertools import pairwise

from dataset_build.captions.generate import extract
from dataset_build.captions.job import Job, part_of
from dataset_build.captions.parse import LINES

_ABBREVIATIONS = "mr mrs ms dr prof st sr jr vs vol fig approx ca cf etc inc ltd mt ft feat dept"
_ABBREVIATED = frozenset(_ABBREVIATIONS.split())
_END = re.compile(
    r"(?<=[.!?…])[\"'”’)\]»*]*(?:\s+|$)"  # closing marks and space
    r"|(?<=[。！？])(?![。！？])[」』”’）]*\s*"
    r"|\n\s*"
)
_CLAUSE = re.compile(r"(?<=[;:])\s+|(?<=,)\s+(?=(?:and|but|while|with|which|who|where)\b)|(?<=[，；、])")


def sentence_pieces(text: str) -> list[str]:
    """The sentences with the space behind them, so that they join to the text. Knows CJK and common abbreviations."""
    pieces, start = [], 0
    for end in _END.finditer(text):
        if end.end() > start and _ends(text, start, end):
            pieces.append(text[start : end.end()])
            start = end.end()
    return [*pieces, text[start:]] if start < len(text) else pieces


def clause_pieces(text: str) -> list[str]:
    """The clauses with the space behind them; each sentence ends one."""
    pieces = []
    for sentence in sentence_pieces(text):
        cuts = [0, *(match.end() for match in _CLAUSE.finditer(sentence)), len(sentence)]
        pieces += [sentence[a:b] for a, b in pairwise(cuts) if b > a]
    return pieces


def sentences(text: str) -> list[str]:
    """The sentences, stripped; empty ones left out."""
    return [part_of(text, piece.strip()) for piece in sentence_pieces(text) if piece.strip()]


def clauses(text: str) -> list[str]:
    """The clauses, stripped; empty ones left out."""
    return [part_of(text, piece.strip()) for piece in clause_pieces(text) if piece.strip()]


async def claims(job: Job, text: str, prompt: str = "split/claims") -> list[str]:
    """The statements of the text, each by itself, by a model."""
    found = await extract(job, LINES, prompt, {"text": text}, role="llm", see=())
    return list(dict.fromkeys(found))


async def objects(job: Job, text: str, prompt: str = "split/objects") -> list[str]:
    """The things that the text says are to be seen, by a model; none when there are none."""
    found = await extract(job, LINES, prompt, {"text": text}, role="llm", see=())
    return [each for each in dict.fromkeys(found) if each.strip(" .").lower() != "none"]


def _ends(text: str, start: int, end: re.Match[str]) -> bool:
    """Whether a sentence ends here, not an abbreviation, an initial or an enumeration's number."""
    if end.group().startswith("\n") or end.end() == len(text):
        return True
    word = (text[start : end.start()].rsplit(None, 1) or [""])[-1].lstrip("(\"'“‘[")
    if not word.endswith("."):
        return True
    stem = word[:-1].lower()
    return not (stem in _ABBREVIATED or "." in stem or (len(stem) == 1 and stem.isalpha()) or stem.isdigit())
