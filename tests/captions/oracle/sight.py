"""What a picture shows, from its pixels alone."""

import io
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from dataset_build.captions.boxes import where
from dataset_build.captions.calls import Box
from tests.captions.oracle.scenes import COLOURS, SIGN

NEAR = 45  # colour distance, of 441


@dataclass(frozen=True)
class Seen:
    """A thing, where in the picture it is, and its share of the area."""

    name: str
    box: Box
    share: float

    @property
    def place(self) -> str:
        return where(self.box)


@lru_cache(4096)
def sight(data: bytes, least: float) -> tuple[tuple[Seen, ...], bool]:
    """The things of at least that share of the area, the largest first, and whether there is a sign."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int32)
    found = [seen for name, colour in COLOURS.items() if (seen := _seen(name, colour, pixels)) and seen.share >= least]
    sign = _seen("sign", SIGN, pixels)
    return tuple(sorted(found, key=lambda each: (-each.share, each.name))), bool(sign and sign.share >= 0.002)


def _seen(name: str, colour: tuple[int, int, int], pixels: np.ndarray) -> Seen | None:
    there = ((pixels - np.array(colour)) ** 2).sum(axis=2) < NEAR**2
    if not there.any():
        return None
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    height, width = there.shape
    box = (columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
    return Seen(name, tuple(map(float, box)), float(there.mean()))
