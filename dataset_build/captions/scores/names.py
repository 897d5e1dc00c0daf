"""Names and numbers in a text that the texts it was made from do not give."""

import re
from collections.abc import Iterable

from dataset_build.captions.scores.words import SMALL, content_words, words

_SENTENCE_START = re.compile(r"(?:^|[.!?。！？:]\s+|[\"“(]\s*|\n\s*)$")
_NAME = re.compile(r"\b[^\W\d_]*[A-Z][^\W_]*(?:['’-][^\W_]+)*|\d[\d.,:]*\d|\d")


def names(text: str) -> list[str]:
    """Capitalised words inside a sentence, and numbers, in order, each once. Scripts with capitals only."""
    found = (match[0] for match in _NAME.finditer(text) if _is_name(text, match))
    return list(dict.fromkeys(found))


def invented(text: str, given: Iterable[str]) -> list[str]:
    """The names and numbers of the text of which none of the given texts has a word."""
    texts = "\n".join(given)
    known = {*words(texts), *content_words(texts)}
    return [name for name in names(text) if not set(words(name)) <= known and not set(content_words(name)) <= known]


def retained(text: str, source: str) -> float:
    """Share of the distinct content words of the source that the text has, 0 to 1; 1 when the source has none."""
    wanted = set(content_words(source))
    return len(wanted & set(content_words(text))) / len(wanted) if wanted else 1.0


def _is_name(text: str, match: re.Match[str]) -> bool:
    word = match[0]
    if word[0].isdigit():
        return True
    return word.lower() not in SMALL and not _SENTENCE_START.search(text[max(match.start() - 20, 0) : match.start()])
