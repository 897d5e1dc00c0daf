"""A pen for flat outlined shapes, and the colours that booru tags name."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from dataset_build.sample.picture import Colour

Point = tuple[float, float]

OUTLINE: Colour = (52, 40, 58)
WHITE: Colour = (252, 250, 246)
HAIR: dict[str, Colour] = {
    "blonde": (248, 214, 120), "brown": (122, 78, 52), "black": (58, 54, 74), "pink": (247, 158, 190),
    "blue": (98, 150, 220), "red": (204, 70, 66), "purple": (152, 112, 200), "green": (110, 178, 120),
    "white": (236, 236, 244), "orange": (240, 150, 72),
}  # fmt: skip
CLOTHES: dict[str, Colour] = {
    "red": (214, 72, 80), "blue": (76, 116, 200), "yellow": (246, 206, 84), "green": (92, 164, 108),
    "white": (246, 244, 240), "black": (62, 58, 70), "purple": (140, 100, 180), "pink": (244, 160, 184),
}  # fmt: skip
EYES: dict[str, Colour] = {
    "blue": (70, 120, 210), "green": (70, 160, 90), "red": (200, 60, 60), "purple": (140, 80, 190),
    "brown": (130, 84, 50),
}  # fmt: skip
SKIN: tuple[Colour, ...] = ((255, 228, 208), (246, 208, 178), (206, 150, 112), (150, 102, 76))


class Pen:
    """Draws at twice the final size; lengths are shares of the picture's height."""

    def __init__(self, width: int, height: int, paper: Colour) -> None:
        self.aspect = width / height
        self.unit = 2 * height
        self.line = max(2, round(self.unit * 0.006))
        self.image = Image.new("RGB", (2 * width, 2 * height), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.tags: dict[str, str] = {}

    def tag(self, *names: str, category: str = "general") -> None:
        """Name what was drawn."""
        self.tags |= dict.fromkeys(names, category)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour, line: bool = True) -> None:
        """Ellipse around (x, y)."""
        box = [v * self.unit for v in (x - rx, y - ry, x + rx, y + ry)]
        self.draw.ellipse(box, fill, OUTLINE if line else None, self.line if line else 0)

    def shape(self, points: Sequence[Point], fill: Colour, line: bool = True) -> None:
        """Polygon."""
        scaled = self._scaled(points)
        self.draw.polygon(scaled, fill)
        if line:
            self.draw.line([*scaled, scaled[0]], OUTLINE, self.line, joint="curve")

    def box(self, x: float, y: float, w: float, h: float, fill: Colour, line: bool = True) -> None:
        """Rectangle with its upper left corner at (x, y)."""
        self.shape([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], fill, line)

    def stroke(self, points: Sequence[Point], width: float, fill: Colour = OUTLINE) -> None:
        """Line through the points."""
        self.draw.line(self._scaled(points), fill, max(1, round(width * self.unit)), joint="curve")

    def finish(self) -> Image.Image:
        """The picture at its final size, with smooth edges."""
        return self.image.reduce(2)

    def _scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.unit, y * self.unit) for x, y in points]
