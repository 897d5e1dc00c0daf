"""The statistics of a release as sections of its card, each count with that of the parent release."""

from collections.abc import Iterator, Sequence
from typing import Any

from dataset_build.release.markdown import markdown_table
from dataset_build.release.statistics import Statistics, compared

SHOWN = 20
INTRO = "## Statistics\n\nThe first rows of each table; all are in `statistics.json`."
BEFORE = " Before is the count of the parent release."
TABLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("bias", "Who and what is shown", ("measure", "value", "images", "before", "percent")),
    ("resolution", "Resolution, the side of a square of the same area", ("resolution", "images", "before", "percent")),
    ("aspect", "Aspect, width to height", ("aspect", "images", "before", "percent")),
    (
        "captions",
        "Length of captions, in about the tokens of CLIP",
        ("recipe", "variant", "model", "captions", "before", "mean", "p5", "median", "p95", "longest", "band"),
    ),
    (
        "style",
        "Style of captions, percent",
        ("recipe", "variant", "model", "leading_article", "trailing_period", "lower_case", "openers"),
    ),
    ("tags", "The most frequent tags", ("tag", "category", "images", "before", "percent")),
    ("tag_pairs", "Tags that stand together", ("tag_a", "tag_b", "images", "npmi")),
    ("licences", "Licences", ("licence", "images", "before", "percent")),
    ("alignment", "How well pictures and alt texts match", ("level", "images", "before", "lowest", "highest")),
    ("reasons", "Why files were left out", ("stage", "reason", "occurrences", "before")),
)


def sections(now: Statistics, before: Statistics | None) -> str:
    """Markdown, a table to a section."""
    parts = [f"{INTRO}{BEFORE if before else ''}\n"]
    parts += [f"### {title}\n\n{markdown_table(header, rows)}\n" for title, header, rows in tables(now, before)]
    return "\n".join(parts)


def tables(now: Statistics, before: Statistics | None) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Title, header and first rows of every table that has any."""
    for name, title, columns in TABLES:
        header = [column for column in columns if before or column != "before"]
        rows = compared(now, before, name) if "before" in header else now[name]
        if rows:
            yield title, header, list(_cells(rows[:SHOWN], header))


def _cells(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> Iterator[list[str]]:
    for row in rows:
        yield [_cell(row, column) for column in columns]


def _cell(row: dict[str, Any], column: str) -> str:
    if column == "band":
        return _band(row)
    value = row.get(column)
    match value:
        case None:
            return ""
        case int():
            return f"{value:,}"
        case list():
            return ", ".join(f"“{each['opener']}” {each['captions']:,}" for each in value)
    return str(value)


def _band(row: dict[str, Any]) -> str:
    low, high = row.get("band_low"), row.get("band_high")
    if low is None:
        return ""
    return f"{low} to {high if high is not None else '…'}{', off it' if row['off_band'] else ''}"
