"""What a maker of sample pictures gives: pixels, and the truth about them in words."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image

T = TypeVar("T")
Colour = tuple[int, int, int]


class Picture(NamedTuple):
    """A picture with the tags, as (tag, category), and the sentence that are true of it."""

    image: Image.Image
    tags: tuple[tuple[str, str], ...]
    prose: str

    def named(self, category: str) -> list[str]:
        """Its tags of one category, in order."""
        return [tag for tag, its_category in self.tags if its_category == category]


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of the options."""
    return options[int(rng.integers(len(options)))]
