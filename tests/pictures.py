"""Small pictures for tests: sharp, distinct, and written as a scraper would leave them."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Coloured boxes and lines; each seed gives another picture."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y, w, h = (int(rng.integers(0, n)) for n in (size[0], size[1], 120, 120))
        draw.rectangle((x, y, x + w, y + h), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def put(path: Path, seed: int, text: str | None = None, size: tuple[int, int] = (320, 240)) -> Path:
    """Save a picture, and a sidecar `<stem>.txt` beside it when there is a text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed, size).save(path)
    if text is not None:
        path.with_suffix(".txt").write_text(text, "utf-8")
    return path
