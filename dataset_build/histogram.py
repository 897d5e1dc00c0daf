"""Histograms of a measure with its threshold drawn in, as one small PNG."""

import io
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

Numbers = NDArray[np.float64]
WIDTH, HEIGHT = 320, 120
LEFT, TOP, BOTTOM = 8, 18, 16  # margins, pixels
PAPER, INK, KEPT, REJECTED, LINE = (255, 255, 255), (60, 60, 60), (120, 150, 190), (214, 158, 130), (190, 30, 30)
LOGARITHMIC_FROM = 20  # largest value drawn / smallest


def histogram(
    values: ArrayLike,
    title: str,
    threshold: float | None = None,
    *,
    rejects: Literal["below", "above"] = "below",
    bins: int = 60,
    what: str = "images",
) -> bytes:
    """PNG of how many values fall into each of `bins` equal ranges, with a line at the threshold; `what` they are of.

    `rejects` says on which side of the threshold (below | above) values are rejected; those bars have another colour.
    The axis is logarithmic where positive values span a factor of 20 and more between their 1st and 99th percentile;
    what lies outside of these percentiles is drawn in the outermost bars, unless the threshold lies farther out.
    Values that are not finite are left out. The same values give the same bytes.
    """
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    edges = _edges(finite, threshold, bins)
    counts, _ = np.histogram(np.clip(finite, edges[0], edges[-1]), edges)
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default()
    _bars(draw, counts, edges, threshold, rejects)
    _axis(draw, font, edges)
    words = f"{title}, {len(finite):,} {what}"
    if threshold is not None:
        x = _position(threshold, edges)
        draw.line((x, TOP - 2, x, HEIGHT - BOTTOM), LINE, 1)
        words += f", threshold {threshold:g}"
    draw.text((LEFT, 2), words, INK, font)
    return _png(image)


def _edges(values: Numbers, threshold: float | None, bins: int) -> Numbers:
    """Borders of the bars."""
    marks = [] if threshold is None else [threshold]
    inner = np.percentile(values, (1, 99)) if len(values) else np.array([0.0, 1.0])
    low, high = min([*inner, *marks]), max([*inner, *marks])
    if low == high:
        low, high = low - 0.5, high + 0.5
    spaced = np.geomspace if low > 0 and high / low >= LOGARITHMIC_FROM else np.linspace
    edges: Numbers = spaced(low, high, bins + 1)
    for mark in marks:  # no bar lies on both sides of the threshold
        edges[np.abs(edges - mark).argmin()] = mark
    return edges


def _position(value: float, edges: Numbers) -> int:
    """Pixel column of a value."""
    share = float(np.interp(value, edges, np.linspace(0, 1, len(edges))))
    return LEFT + round(share * (WIDTH - 2 * LEFT))


def _bars(
    draw: ImageDraw.ImageDraw, counts: NDArray[np.int64], edges: Numbers, threshold: float | None, rejects: str
) -> None:
    room, tallest = HEIGHT - TOP - BOTTOM, max(int(counts.max(initial=0)), 1)
    for count, low, high in zip(counts.tolist(), edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if not count:
            continue
        middle = (low + high) / 2
        out = threshold is not None and (middle < threshold if rejects == "below" else middle > threshold)
        top = HEIGHT - BOTTOM - max(1, round(count / tallest * room))
        left, right = _position(low, edges), _position(high, edges)
        draw.rectangle((left, top, max(left, right - 1), HEIGHT - BOTTOM - 1), REJECTED if out else KEPT)


def _axis(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, edges: Numbers) -> None:
    draw.line((LEFT, HEIGHT - BOTTOM, WIDTH - LEFT, HEIGHT - BOTTOM), INK, 1)
    for edge, shift in zip(edges[[0, len(edges) // 2, -1]].tolist(), (0.0, 0.5, 1.0), strict=True):
        text = f"{edge:,.0f}" if abs(edge) >= 100 else f"{edge:.3g}"
        x = _position(edge, edges) - shift * font.getlength(text)
        draw.text((x, HEIGHT - BOTTOM + 2), text, INK, font)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
