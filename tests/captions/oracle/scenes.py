"""Drawn scenes of uniquely coloured things, so that what an image shows can be told from any part of it."""

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from dataset_build.captions.calls import Box

GROUND = (235, 235, 235)
COLOURS = {  # pairwise more than 60 apart, and from the ground
    "red ball": (214, 40, 40), "blue house": (40, 80, 200), "green tree": (40, 150, 60), "yellow sun": (245, 215, 60),
    "purple hat": (140, 60, 180), "orange cat": (245, 140, 30), "brown horse": (120, 75, 40),
    "black chair": (25, 25, 25), "cyan boat": (60, 200, 220), "pink flower": (250, 150, 200),
}  # fmt: skip
SIGN = (255, 0, 255)  # a thing of this colour is a sign, on which an order to the reader is written


@dataclass(frozen=True)
class Scene:
    """The truth: things with their boxes, relative, and whether an order is written somewhere."""

    things: dict[str, Box]
    sign: Box | None = None
    width: int = 400
    height: int = 300

    def draw(self) -> Image.Image:
        image = Image.new("RGB", (self.width, self.height), GROUND)
        pen = ImageDraw.Draw(image)
        for name, box in self.things.items():
            pen.rectangle(self._pixels(box), COLOURS[name])
        if self.sign:
            pen.rectangle(self._pixels(self.sign), SIGN)
        return image

    def png(self) -> bytes:
        return encoded(self.draw())

    def _pixels(self, box: Box) -> tuple[int, int, int, int]:
        w, h = self.width, self.height
        return round(box[0] * w), round(box[1] * h), round(box[2] * w) - 1, round(box[3] * h) - 1


def scene(seed: int, number: int = 4, small: int = 0) -> Scene:
    """Some things in the cells of a grid of 4 by 3, the last `small` of them a hundredth of the area or less."""
    rng = random.Random(seed)
    names = rng.sample(list(COLOURS), number)
    cells = rng.sample([(x, y) for x in range(4) for y in range(3)], number)
    things = {}
    for place, (name, (x, y)) in enumerate(zip(names, cells, strict=True)):
        tiny = place >= number - small
        w, h = (0.08, 0.1) if tiny else (rng.uniform(0.15, 0.21), rng.uniform(0.2, 0.29))
        left, upper = x / 4 + 0.01 + rng.uniform(0, 0.22 - w), y / 3 + 0.01 + rng.uniform(0, 0.31 - h)
        things[name] = (left, upper, left + w, upper + h)
    return Scene(things)


def encoded(image: Image.Image) -> bytes:
    """PNG bytes."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
