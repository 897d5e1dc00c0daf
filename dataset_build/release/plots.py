"""The statistics of a release as plots, one SVG to a table; they are no part of the release."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from dataset_build.release.errors import MissingExtra
from dataset_build.release.statistics import Statistics, compared
from dataset_build.release.text import plain

SHOWN = 30
LABELS = 60  # characters
PLOTS = {
    "bias": ("Who and what is shown", ("measure", "value"), "images"),
    "resolution": ("Resolution", ("resolution",), "images"),
    "aspect": ("Aspect", ("aspect",), "images"),
    "captions": ("Median length of captions, tokens, and what was published", ("recipe", "variant", "model"), "median"),
    "tags": ("Tags", ("tag",), "images"),
    "tag_pairs": ("Tags that stand together", ("tag_a", "tag_b"), "images"),
    "licences": ("Licences", ("licence",), "images"),
    "alignment": ("How well pictures and alt texts match, 8 is best", ("level",), "images"),
    "reasons": ("Left out", ("stage", "reason"), "occurrences"),
}
STYLE: Any = {"svg.hashsalt": "dataset-build", "svg.fonttype": "none", "text.parse_math": False}


def write_plots(now: Statistics, before: Statistics | None, folder: Path) -> list[Path]:
    """Draw bars for each table, beside those of another release if it is given. The same counts give the same bytes.

    Raises MissingExtra without matplotlib.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtra("matplotlib isn't installed: pip install 'dataset-build[plots]'")
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: compared(now, before, name, column) for name, (_, _, column) in PLOTS.items() if now[name]}
    return [_plot(folder / f"{name}.svg", name, rows) for name, rows in tables.items()]


def _plot(path: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    title, labels, count = PLOTS[name]
    rows = rows[:SHOWN][::-1]
    names = [plain(": ".join(str(row.get(label)) for label in labels))[:LABELS] for row in rows]
    with rc_context(STYLE), catch_warnings():
        filterwarnings("ignore", "Glyph")  # a browser has the fonts that this machine may lack
        figure = Figure(figsize=(8, 1.2 + 0.28 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(rows))
        axes.barh(places, [row.get(count) or 0 for row in rows], 0.7, color="#4477aa", label="now")
        bands = [(y, *_band(row)) for y, row in zip(places, rows, strict=True) if row.get("band_low") is not None]
        if bands:
            axes.hlines(*zip(*bands, strict=True), color="#ddaa33", linewidth=5, label="published")
        if any("before" in row for row in rows):
            axes.plot([row["before"] or 0 for row in rows], places, "|", color="#cc3311", markersize=12, label="before")
        if bands or any("before" in row for row in rows):
            axes.legend(loc="lower right")
        axes.set_yticks(places, names)
        axes.set_title(title)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    return path


def _band(row: dict[str, Any]) -> tuple[int, int]:
    """The ends of a published band; one without an upper end is drawn to the longest caption."""
    low, high = row["band_low"], row["band_high"]
    return low, high if high is not None else max(low, row["longest"])
