"""Backdrops for drawn scenes: each fills the picture, tags it and says where we are."""

import numpy as np

from dataset_build.sample.pen import CLOTHES, HAIR, WHITE, Pen
from dataset_build.sample.picture import Colour, pick

Random = np.random.Generator
GREENS: tuple[Colour, ...] = ((98, 158, 92), (126, 180, 104), (76, 136, 96), (150, 196, 112))
SKIES: dict[str, Colour] = {"day": (158, 208, 242), "sunset": (250, 176, 128), "night": (44, 52, 96)}


def hill(pen: Pen, rng: Random, y: float, swing: float, colour: Colour) -> None:
    """Everything below a wavy line at height `y`."""
    across = np.linspace(-0.05, pen.aspect + 0.05, 24)
    phase, pace = rng.uniform(0, 6.3), rng.uniform(2, 7)
    wave = y + swing * np.sin(phase + pace * across)
    pen.shape([*zip(across.tolist(), wave.tolist(), strict=True), (pen.aspect + 0.05, 1.1), (-0.05, 1.1)], colour)


def sky(pen: Pen, rng: Random, hour: str) -> None:
    """Sky with what stands in it: sun and clouds, or moon and stars."""
    pen.box(0, 0, pen.aspect, 1, SKIES[hour], line=False)
    pen.tag("outdoors", "sky", hour)
    x, y, r = pen.aspect * rng.uniform(0.05, 0.95), rng.uniform(0.05, 0.35), rng.uniform(0.06, 0.16)
    if hour == "night":
        for star in rng.uniform((0, 0, 0.004), (pen.aspect, 0.8, 0.012), (40, 3)).tolist():
            pen.oval(star[0], star[1], star[2], star[2], WHITE, line=False)
        pen.oval(x, y, r, r, (250, 236, 170))
        pen.oval(x + 0.4 * r, y - 0.1 * r, 0.85 * r, 0.85 * r, SKIES[hour], line=False)
        pen.tag("moon", "star_(sky)")
        return
    pen.oval(x, y, r, r, (255, 232, 130) if hour == "day" else (240, 96, 84))
    for _ in range(int(rng.integers(1, 6))):
        cloud(pen, pen.aspect * rng.uniform(0, 1), rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.14))
    pen.tag("sun", "cloud")


def cloud(pen: Pen, x: float, y: float, r: float) -> None:
    """A heap of three puffs."""
    for puff, size in ((-1.1, 0.7), (1.1, 0.75), (0, 1)):
        pen.oval(x + puff * r, y + (1 - size) * r, size * r * 1.1, size * r * 0.75, WHITE, line=False)


def tree(pen: Pen, rng: Random, x: float, foot: float, h: float) -> None:
    """A tree, round or pointed."""
    leaf = pick(rng, GREENS)
    pen.box(x - 0.04 * h, foot - 0.4 * h, 0.08 * h, 0.4 * h, (128, 90, 62))
    if rng.random() < 0.5:
        pen.oval(x, foot - 0.65 * h, 0.26 * h, 0.34 * h, leaf)
        return
    for top, width in ((0.25, 0.3), (0.5, 0.24), (0.72, 0.17)):
        low = foot - top * h
        pen.shape([(x - width * h, low), (x + width * h, low), (x, low - 0.36 * h)], leaf)


def meadow(pen: Pen, rng: Random) -> str:
    """Hills and flowers."""
    sky(pen, rng, pick(rng, ("day", "sunset")))
    y = rng.uniform(0.35, 0.65)
    for i, green in enumerate(rng.permutation(GREENS)[:3].tolist()):
        hill(pen, rng, y + 0.13 * i, rng.uniform(0.02, 0.08), tuple(green))
    for flower in rng.uniform((0, y + 0.3, 0.01), (pen.aspect, 1, 0.03), (20, 3)).tolist():
        pen.oval(flower[0], flower[1], flower[2], flower[2], pick(rng, tuple(CLOTHES.values())))
    pen.tag("grass", "hill", "flower", "field")
    return "in a meadow with flowers"


def beach(pen: Pen, rng: Random) -> str:
    """Sand, sea and perhaps a boat."""
    hour = pick(rng, ("day", "sunset"))
    sky(pen, rng, hour)
    y = rng.uniform(0.35, 0.6)
    pen.box(-0.1, y, pen.aspect + 0.2, 1, (86, 152, 206) if hour == "day" else (150, 110, 160))
    for _ in range(int(rng.integers(0, 3))):
        x, s = pen.aspect * rng.uniform(0.1, 0.9), rng.uniform(0.06, 0.16)
        pen.shape([(x, y - 1.4 * s), (x, y - 0.2 * s), (x + s, y - 0.2 * s)], WHITE)
        pen.shape(
            [
                (x - s, y - 0.1 * s),
                (x + s, y - 0.1 * s),
                (x + 0.6 * s, y + 0.3 * s),
                (x - 0.6 * s, y + 0.3 * s),
            ],
            (160, 84, 60),
        )
        pen.tag("boat")
    hill(pen, rng, y + rng.uniform(0.1, 0.25), 0.03, (244, 222, 170))
    pen.tag("beach", "ocean", "sand", "horizon")
    return f"on a beach at {'sunset' if hour == 'sunset' else 'noon'}"


def city(pen: Pen, rng: Random) -> str:
    """Towers with lit windows at night, or pale ones by day."""
    hour = pick(rng, ("night", "day", "sunset"))
    sky(pen, rng, hour)
    x = -0.05
    while x < pen.aspect:
        w, top = rng.uniform(0.12, 0.28), rng.uniform(0.2, 0.7)
        pen.box(x, top, w, 1.1, pick(rng, ((92, 90, 124), (126, 120, 146), (70, 76, 112), (164, 140, 140))))
        for lit in rng.uniform((0.1, top + 0.04), (0.75, 1), (7, 2)).tolist():
            pen.box(x + lit[0] * w, lit[1], 0.035, 0.045, pick(rng, ((255, 226, 130), (180, 214, 236))))
        x += w
    pen.tag("city", "cityscape", "building", "window")
    return f"in a city by {'night' if hour == 'night' else 'day'}"


def forest(pen: Pen, rng: Random) -> str:
    """Trees behind trees."""
    pen.box(0, 0, pen.aspect, 1, pick(rng, ((206, 230, 200), (240, 228, 190), (176, 206, 214))), line=False)
    for row in (0.6, 0.8):
        hill(pen, rng, row, 0.03, pick(rng, GREENS))
        for _ in range(int(rng.integers(2, 6))):
            tree(pen, rng, pen.aspect * rng.uniform(0, 1), row + 0.06, rng.uniform(0.4, 0.75))
    pen.tag("outdoors", "forest", "tree", "nature", "grass")
    return "in a forest"


def room(pen: Pen, rng: Random) -> str:
    """Wall, floor, a window and pictures."""
    wall, floor = (
        pick(rng, ((246, 226, 206), (214, 226, 216), (226, 214, 234), (120, 132, 160))),
        rng.uniform(0.65, 0.8),
    )
    pen.box(0, 0, pen.aspect, 1, wall, line=False)
    pen.box(-0.1, floor, pen.aspect + 0.2, 0.5, pick(rng, ((176, 128, 90), (140, 100, 84), (206, 170, 130))))
    x, y, s = pen.aspect * rng.uniform(0.02, 0.6), rng.uniform(0.05, 0.2), rng.uniform(0.25, 0.45)
    pen.box(x, y, s, s * 1.1, pick(rng, tuple(SKIES.values())))
    pen.stroke([(x + s / 2, y), (x + s / 2, y + 1.1 * s)], 0.012)
    pen.stroke([(x, y + 0.55 * s), (x + s, y + 0.55 * s)], 0.012)
    for frame in rng.uniform((0, 0.05, 0.08), (pen.aspect, 0.5, 0.2), (3, 3)).tolist():
        pen.box(frame[0], frame[1], frame[2], frame[2] * 0.8, pick(rng, tuple(CLOTHES.values())))
    pen.oval(pen.aspect * rng.uniform(0.3, 0.7), 0.95, rng.uniform(0.3, 0.5), 0.1, pick(rng, tuple(HAIR.values())))
    pen.tag("indoors", "window", "picture_frame", "wooden_floor", "rug")
    return "in a room with a window"


def pattern(pen: Pen, rng: Random) -> str:
    """A plain backdrop with dots, stripes or squares."""
    paper, ink = (tuple(c) for c in rng.permutation(list(CLOTHES.values()))[:2].tolist())
    pen.box(0, 0, pen.aspect, 1, paper, line=False)
    kind, step = pick(rng, ("polka_dot", "striped", "checkered")), rng.uniform(0.16, 0.32)
    lean = rng.uniform(-0.5, 0.5)
    for i in range(-4, int(pen.aspect / step) + 5):
        if kind == "striped":
            pen.stroke([(i * step, -0.1), (i * step + lean, 1.1)], step / 2, ink)
            continue
        for j in range(int(1 / step) + 2):
            x, y = i * step + lean * j * step, j * step
            if kind == "polka_dot":
                pen.oval(x, y, step / 3, step / 3, ink, line=False)
            elif (i + j) % 2:
                pen.box(x, y, step, step, ink, line=False)
    pen.tag("simple_background", f"{kind}_background")
    return f"on a {kind.replace('_', ' ')} background"


def sea(pen: Pen, rng: Random) -> str:
    """Under water, with fish and bubbles."""
    pen.box(0, 0, pen.aspect, 1, (74, 150, 190), line=False)
    for ray in rng.uniform(0, pen.aspect, 4).tolist():
        pen.shape(
            [(ray, -0.1), (ray + 0.12, -0.1), (ray + rng.uniform(-0.3, 0.5), 1.1), (ray - 0.1, 1.1)],
            (110, 180, 212),
            line=False,
        )
    for fish in rng.uniform((0, 0.05, 0.05), (pen.aspect, 0.9, 0.15), (6, 3)).tolist():
        x, y, s = fish
        colour, side = pick(rng, tuple(CLOTHES.values())), pick(rng, (-1, 1))
        pen.shape(
            [(x + side * 0.8 * s, y), (x + side * 1.6 * s, y - 0.5 * s), (x + side * 1.6 * s, y + 0.5 * s)],
            colour,
        )
        pen.oval(x, y, s, 0.55 * s, colour)
        pen.oval(x - side * 0.55 * s, y - 0.12 * s, 0.12 * s, 0.12 * s, WHITE)
    hill(pen, rng, rng.uniform(0.8, 0.95), 0.04, (232, 208, 150))
    pen.tag("underwater", "fish", "bubble", "water")
    for bubble in rng.uniform((0, 0, 0.01), (pen.aspect, 1, 0.035), (12, 3)).tolist():
        pen.oval(bubble[0], bubble[1], bubble[2], bubble[2], (190, 226, 240))
    return "under water among fish"


def snow(pen: Pen, rng: Random) -> str:
    """White mountains and falling snow."""
    sky(pen, rng, pick(rng, ("day", "night", "sunset")))
    for _ in range(int(rng.integers(2, 5))):
        x, top, half = pen.aspect * rng.uniform(0, 1), rng.uniform(0.15, 0.5), rng.uniform(0.25, 0.6)
        slope = half / (0.9 - top)
        pen.shape(
            [(x - half, 0.9), (x, top), (x + half, 0.9)],
            pick(rng, ((132, 146, 180), (104, 116, 152), (166, 172, 196))),
        )
        pen.shape([(x - 0.12 * slope, top + 0.12), (x, top), (x + 0.12 * slope, top + 0.12), (x, top + 0.08)], WHITE)
    hill(pen, rng, rng.uniform(0.65, 0.85), 0.04, (232, 240, 248))
    for flake in rng.uniform((0, 0, 0.005), (pen.aspect, 1, 0.014), (50, 3)).tolist():
        pen.oval(flake[0], flake[1], flake[2], flake[2], WHITE, line=False)
    pen.tag("snow", "mountain", "winter", "snowing")
    return "in front of snowy mountains"


BACKDROPS = (meadow, beach, city, forest, room, pattern, sea, snow)
