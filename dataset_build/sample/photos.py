"""Photo-like pictures: light, haze and fractal texture with film grain, and a sentence for each."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataset_build.sample.picture import Picture, pick

Random = np.random.Generator
Field = NDArray[np.floating[Any]]
Tint = tuple[float, float, float]
LIGHTS: dict[str, tuple[Tint, Tint]] = {
    "at dawn": ((0.42, 0.52, 0.72), (0.98, 0.80, 0.70)),
    "at noon": ((0.25, 0.47, 0.80), (0.78, 0.88, 0.95)),
    "at sunset": ((0.30, 0.26, 0.46), (0.98, 0.62, 0.36)),
    "in the fog": ((0.62, 0.66, 0.70), (0.84, 0.86, 0.86)),
}
STONES: dict[str, tuple[Tint, Tint, Tint]] = {
    "grey marble": ((0.30, 0.31, 0.34), (0.78, 0.77, 0.75), (0.95, 0.94, 0.92)),
    "red sandstone": ((0.38, 0.16, 0.10), (0.74, 0.42, 0.27), (0.93, 0.74, 0.56)),
    "green malachite": ((0.02, 0.22, 0.18), (0.10, 0.52, 0.40), (0.62, 0.84, 0.70)),
    "dark walnut": ((0.16, 0.09, 0.05), (0.40, 0.25, 0.15), (0.66, 0.46, 0.30)),
    "blue agate": ((0.08, 0.14, 0.34), (0.32, 0.50, 0.74), (0.90, 0.92, 0.94)),
}
BALLS: dict[str, Tint] = {
    "red": (0.80, 0.12, 0.10), "yellow": (0.92, 0.72, 0.12), "green": (0.14, 0.52, 0.24),
    "blue": (0.12, 0.28, 0.70), "white": (0.86, 0.84, 0.80),
}  # fmt: skip
PETALS: dict[str, Tint] = {
    "white": (0.95, 0.94, 0.90), "yellow": (0.96, 0.80, 0.16), "red": (0.82, 0.12, 0.14),
    "pink": (0.92, 0.52, 0.66),
}  # fmt: skip
GASES: tuple[Tint, ...] = ((0.95, 0.35, 0.45), (0.30, 0.45, 0.95), (0.25, 0.75, 0.70), (0.90, 0.65, 0.30))


def photo(rng: Random, width: int, height: int) -> Picture:
    """A photo-like picture of the size in pixels."""
    colours, prose, tags = pick(rng, KINDS)(rng, height, width)
    y, x = _grid(height, width)
    corners = (y - 0.5) ** 2 + (x / x.max() - 0.5) ** 2
    colours = colours * (1.08 - 0.5 * corners)[..., None]
    colours += np.float32(0.022) * rng.standard_normal((height, width, 1), np.float32)
    image = Image.fromarray((colours.clip(0, 1) * 255).astype(np.uint8))
    return Picture(image, (*((tag, "general") for tag in tags.split()), ("photo_(medium)", "meta")), prose)


def mountains(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Ridges that fade into the light of the sky, the far ones most."""
    light = pick(rng, tuple(LIGHTS))
    high, low = LIGHTS[light]
    y, x = _grid(height, width)
    colours = _mix(high, low, y / 0.7 + 0.25 * (fractal(rng, height, width, 3) - 0.5))
    sun = np.hypot(x - rng.uniform(0, x.max()), y - rng.uniform(0.05, 0.4))
    colours += (0.5 * np.exp(-9 * sun))[..., None]
    ridges, start = int(rng.integers(3, 6)), rng.uniform(0.25, 0.5)
    near = np.zeros_like(y)
    for i in range(ridges):
        top = start + (0.95 - start) * i / ridges
        skyline = top + rng.uniform(0.2, 0.5) * (fractal(rng, 8, width, 2)[0] - 0.5)
        near = np.where(y > skyline, np.float32(((i + 1) / ridges) ** 1.3), near)
    dark = _tint(pick(rng, ((0.10, 0.16, 0.14), (0.14, 0.13, 0.20), (0.20, 0.15, 0.10))))
    rock = (near * (0.6 + 0.8 * fractal(rng, height, width, 6)))[..., None] * dark
    rock += (0.9 - 0.9 * near)[..., None] * _tint(low)
    colours = np.where(near[..., None] > 0, rock, colours)
    return colours, f"hazy mountain ridges {light}", "mountain scenery outdoors sky no_humans"


def clouds(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Clouds lit from above."""
    light = pick(rng, ("at noon", "at sunset", "at dawn"))
    y, _ = _grid(height, width)
    density = fractal(rng, height, width, int(rng.integers(2, 5)))
    cover = (3.5 * (density - rng.uniform(0.4, 0.55))).clip(0, 1)[..., None]
    shade = (0.75 + 1.6 * (density - np.roll(density, height // 40, 0))).clip(0.3, 1.1)[..., None]
    colours = _mix(*LIGHTS[light], y) * (1 - cover) + cover * shade * _tint((1, 0.97, 0.94))
    return colours, f"clouds drifting across the sky {light}", "sky cloud outdoors no_humans"


def stone(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Veins in polished stone or wood: noise bent by noise."""
    name = pick(rng, tuple(STONES))
    y, x = _grid(height, width)
    angle, bend = rng.uniform(0, math.pi), fractal(rng, height, width, 3)
    along = x * math.cos(angle) + y * math.sin(angle)
    veins = 0.5 + 0.5 * np.sin(rng.uniform(6, 16) * along + rng.uniform(8, 20) * bend)
    veins = 0.75 * veins + 0.5 * (fractal(rng, height, width, 12) - 0.5) + 0.12
    dark, mid, pale = STONES[name]
    colours = np.where((veins < 0.5)[..., None], _mix(dark, mid, 2 * veins), _mix(mid, pale, 2 * veins - 1))
    return colours, f"a close view of {name}", "texture close-up still_life no_humans"


def balls(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Shaded balls on a table, lit from one side."""
    y, x = _grid(height, width)
    edge, side = rng.uniform(0.35, 0.6), pick(rng, (-1.0, 1.0))
    wood = 0.5 + 0.5 * np.sin(30 * y / (y + 0.3) + 6 * fractal(rng, height, width, 2))
    table = _mix((0.42, 0.28, 0.18), (0.66, 0.48, 0.32), 0.6 * wood + 0.4 * fractal(rng, height, width, 8))
    gloom = fractal(rng, height, width, 2) + 0.3 * side * (0.5 - x)
    wall = _mix((0.30, 0.34, 0.38), (0.62, 0.62, 0.58), gloom)
    colours = np.where((y > edge)[..., None], table * (0.6 + 0.5 * y)[..., None], wall)
    names = rng.permutation(list(BALLS))[: rng.integers(2, 5)].tolist()
    for i, name in enumerate(names):
        r = rng.uniform(0.1, 0.2)
        cx = x.max() * (i + rng.uniform(0.3, 0.7)) / len(names)
        cy = edge + (1 - edge) * rng.uniform(0.1, 0.7) - r / 2
        part = _around(cx - side * 0.8 * r, cy + 0.95 * r, 2.5 * r, height)
        shadow = np.hypot((x[part] - cx + side * 0.8 * r) / (1.6 * r), (y[part] - cy - 0.95 * r) / (0.4 * r))
        colours[part] *= (1 - 0.6 * np.exp(-(shadow**4)))[..., None]
        part = _around(cx, cy, r, height)
        u, v = (x[part] - cx) / r, (y[part] - cy) / r
        colours[part] = np.where((u * u + v * v < 1)[..., None], _lit(u, v, side, BALLS[name]), colours[part])
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return colours, f"{listed} balls on a wooden table", "ball table still_life indoors no_humans"


def nebula(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Glowing gas and stars."""
    glow, dust = fractal(rng, height, width, 2), fractal(rng, height, width, 3)
    warm, cold = (GASES[i] for i in rng.permutation(len(GASES))[:2])
    colours = _mix((0, 0, 0), warm, 2.4 * (glow - 0.4)) + _mix((0, 0, 0), cold, 2.4 * (dust - 0.45))
    stars = np.zeros((height, width), np.float32)
    at = rng.integers(0, (height - 1, width - 1), (500, 2)).T
    stars[at[0], at[1]] = rng.random(500) ** 2 * 1.4
    stars[at[0, :80] + 1, at[1, :80]] = stars[at[0, :80], at[1, :80] + 1] = 0.8
    colours = 0.9 * colours + stars[..., None]
    return colours, "a glowing nebula among the stars", "space star_(sky) night no_humans"


def lights(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Street lights out of focus, behind a wet window pane."""
    y, x = _grid(height, width)
    colours = _mix((0.05, 0.06, 0.12), (0.16, 0.12, 0.16), y + 0.4 * fractal(rng, height, width, 3))
    for _ in range(int(rng.integers(18, 40))):
        cx, cy, r = rng.uniform(0, x.max()), rng.uniform(0, 1), rng.uniform(0.03, 0.12)
        part = _around(cx, cy, 1.1 * r, height)
        distance = np.hypot(x[part] - cx, y[part] - cy) / r
        disc = ((1.03 - distance) * 300 * r).clip(0, 1) * (0.7 + 0.3 * distance.clip(0, 1) ** 4)
        tint = _tint(pick(rng, ((1, 0.75, 0.35), (1, 0.45, 0.3), (0.5, 0.75, 1), (0.6, 1, 0.6))))
        colours[part] += (rng.uniform(0.25, 0.7) * disc)[..., None] * tint
    return colours, "city lights out of focus at night", "bokeh night city_lights blurry no_humans"


def flower(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """A flower before leaves."""
    y, x = _grid(height, width)
    leaves = fractal(rng, height, width, 4)
    colours = _mix((0.05, 0.16, 0.06), (0.36, 0.56, 0.24), 1.6 * leaves - 0.3)
    name = pick(rng, tuple(PETALS))
    cx, cy, r = x.max() * rng.uniform(0.25, 0.75), rng.uniform(0.3, 0.7), rng.uniform(0.25, 0.5)
    distance, angle = np.hypot(x - cx, y - cy) / r, np.arctan2(y - cy, x - cx)
    for turn in rng.uniform(0, 6.3, 2).tolist():
        lobe = np.abs(np.cos(int(rng.integers(5, 11)) / 2 * angle + turn))
        shade = (0.45 + 0.6 * distance + 0.15 * (leaves - 0.5)) * (0.55 + 0.5 * lobe)
        inside = distance < 0.45 + 0.55 * np.sqrt(lobe)
        colours[inside] = shade[inside, None] * _tint(PETALS[name])
    seeds = 0.6 + 0.8 * fractal(rng, height, width, 24)
    inside = distance < 0.2
    colours[inside] = seeds[inside, None] * _tint((0.62, 0.42, 0.08))
    return colours, f"a {name} flower in front of green leaves", f"flower {name}_flower leaf plant no_humans"


def water(rng: Random, height: int, width: int) -> tuple[Field, str, str]:
    """Waves that grow towards the eye, and the light on them."""
    light = pick(rng, ("at noon", "at sunset", "at dawn"))
    high, low = LIGHTS[light]
    y, x = _grid(height, width)
    horizon = rng.uniform(0.2, 0.55)
    depth = 1 / (y - horizon).clip(0.02)
    warp = rng.uniform(3, 6) * fractal(rng, height, width, 3)
    swell = np.sin(rng.uniform(2, 4) * depth + warp + rng.uniform(-2, 2) * x)
    chop = fractal(rng, height, width // 4, 16).repeat(4, 1) - 0.5
    path = np.exp(-12 * (x - x.max() * rng.uniform(0.1, 0.9)) ** 2)
    sea = _mix((0.02, 0.12, 0.20), low, 0.3 + 0.18 * swell + 0.6 * chop + 0.5 * path * (chop > 0))
    air = _mix(high, low, y / horizon + 0.4 * (fractal(rng, height, width, 4) - 0.5))
    colours = np.where((y > horizon)[..., None], sea, air)
    return colours, f"waves on the open sea {light}", "ocean water waves horizon sky no_humans"


def fractal(rng: Random, height: int, width: int, detail: int) -> Field:
    """Noise from 0 to 1 in octaves, each finer and weaker; the coarsest has `detail` bumps across."""
    total = np.zeros((height, width), np.float32)
    bumps, weight = detail, 1.0
    while bumps < min(96, width):
        grid = rng.random((max(2, bumps * height // width + 2), bumps + 2), dtype=np.float32)
        smooth = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        total += np.float32(weight) * np.asarray(smooth)
        bumps, weight = bumps * 2, weight * 0.55
    total -= total.min()
    total /= max(float(total.max()), 1e-6)
    return total


def _grid(height: int, width: int) -> tuple[Field, Field]:
    """Row and column of every pixel, in shares of the height."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / height
    return y, x


def _tint(tint: Sequence[float]) -> Field:
    return np.array(tint, np.float32)


def _around(x: float, y: float, r: float, height: int) -> tuple[slice, slice]:
    """The pixels of the square around (x, y)."""
    rows, columns = ((max(0, int((v - r) * height)), max(0, int((v + r) * height) + 2)) for v in (y, x))
    return slice(*rows), slice(*columns)


def _mix(first: Tint, second: Tint, share: Field) -> Field:
    """Colours between two tints."""
    colours: Field = _tint(first) + share.clip(0, 1)[..., None] * (_tint(second) - _tint(first))
    return colours


def _lit(x: Field, y: Field, side: float, tint: Tint) -> Field:
    """A ball of radius 1 around (0, 0), with a highlight."""
    z = np.sqrt((1 - x * x - y * y).clip(0))
    facing = (0.5 * side * x - 0.6 * y + 0.62 * z).clip(0)
    colours: Field = (0.18 + 0.85 * facing)[..., None] * _tint(tint) + (0.7 * facing**30)[..., None]
    return colours


KINDS = (mountains, clouds, stone, balls, nebula, lights, flower, water)
