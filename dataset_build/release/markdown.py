"""Markdown in which foreign texts show as they are."""

import re
from collections.abc import Iterable, Sequence

from dataset_build.release.text import plain

MARKUP = re.compile(r"[\\`*\[\]|~$@#]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.I)


def escape(text: str) -> str:
    """A foreign text as one line of Markdown that shows as it is: no markup, no HTML, no web link.

    Underscores inside words are left alone, since they mean nothing there (CommonMark 6.2).
    """
    safe = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MARKUP.sub(r"\\\g<0>", safe)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, its cells escaped."""
    lines = [" | ".join(map(escape, row)) for row in (header, *rows)]
    lines.insert(1, " | ".join("---" for _ in header))
    return "\n".join(f"| {line} |" for line in lines)
