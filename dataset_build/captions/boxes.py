"""Boxes in an image, relative to its width and height: plain geometry."""

from collections.abc import Iterable, Sequence

from dataset_build.captions.calls import Box

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def area(box: Box) -> float:
    """Share of the image, 0 to 1."""
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0 to 1."""
    common = area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    union = area(a) + area(b) - common
    return common / union if union else 0.0


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of them."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def clipped(numbers: Sequence[float]) -> Box | None:
    """A box of four numbers kept within the image, corners in order; None when nothing is left or it isn't one."""
    if len(numbers) != 4 or not all(number == number for number in numbers):
        return None
    x0, y0, x1, y1 = (min(max(float(number), 0.0), 1.0) for number in numbers)
    box = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
    return box if area(box) > 0 else None


def merged(boxes: Iterable[Box], threshold: float) -> list[Box]:
    """Boxes that overlap by more than `threshold` (IoU) become the one around them, until none do; in order."""
    left = sorted(set(boxes))
    while pair := next(((a, b) for a in left for b in left if a < b and overlap(a, b) > threshold), None):
        left = sorted({*(box for box in left if box not in pair), around(pair)})
    return left


def where(box: Box) -> str:
    """Where its middle lies, in words."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    across = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    down = "upper" if y < 1 / 3 else "lower" if y > 2 / 3 else ""
    if not across and not down:
        return "in the middle"
    return f"at the {down} {across}".replace("  ", " ") if across and down else f"at the {_side(across, down)}"


def _side(across: str, down: str) -> str:
    return across or {"upper": "top", "lower": "bottom"}[down]
