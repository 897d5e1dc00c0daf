"""People for drawn scenes: small figures with large heads, after the manner of booru illustrations."""

import numpy as np

from dataset_build.sample.pen import CLOTHES, EYES, HAIR, OUTLINE, SKIN, WHITE, Pen
from dataset_build.sample.picture import Colour, pick

Random = np.random.Generator
WORKS = {
    "paper_moon": ("mira_(paper_moon)", "tobi_(paper_moon)", "lune"),
    "tidal_garden": ("coral_(tidal_garden)", "finn", "ondine_(tidal_garden)"),
    "clockwork_orchard": ("pippin_(clockwork_orchard)", "russet", "quince"),
}


def figures(pen: Pen, rng: Random) -> str:
    """One or two people; known characters half of the time."""
    number = 1 if pen.aspect < 1.1 or rng.random() < 0.6 else 2
    girls = [bool(rng.random() < 0.6) for _ in range(number)]
    for kind, count in (("girl", sum(girls)), ("boy", number - sum(girls))):
        if count:
            pen.tag(f"{count}{kind}{'s' * (count > 1)}")
    pen.tag("solo" if number == 1 else "smile")
    if rng.random() < 0.5:
        work = pick(rng, tuple(WORKS))
        pen.tag(work, category="copyright")
        pen.tag(*rng.permutation(WORKS[work])[:number].tolist(), category="character")
    said = [person(pen, rng, girl, pen.aspect * (i + rng.uniform(0.35, 0.65)) / number) for i, girl in enumerate(girls)]
    return " and ".join(said)


def person(pen: Pen, rng: Random, girl: bool, x: float) -> str:
    """A small figure with a large head; `x` is its middle."""
    h, foot = rng.uniform(0.6, 1.05), rng.uniform(0.9, 1.15)
    hair, eyes, dress = pick(rng, tuple(HAIR)), pick(rng, tuple(EYES)), pick(rng, tuple(CLOTHES))
    style = pick(rng, ("long", "twintails", "short")) if girl else "short"
    y, skin = foot - 0.72 * h, pick(rng, SKIN)
    back_hair(pen, x, y, h, style, HAIR[hair])
    body(pen, x, foot, h, girl, CLOTHES[dress], skin)
    head(pen, rng, x, y, h, HAIR[hair], EYES[eyes], skin)
    garment = "dress" if girl else "shirt"
    pen.tag(f"{hair}_hair", f"{eyes}_eyes", f"{dress}_{garment}", garment)
    pen.tag(*(("twintails", "long_hair") if style == "twintails" else (f"{style}_hair",)))
    extra = pick(rng, (hat, umbrella, animal_ears, glasses, bow, None, None))
    if extra:
        extra(pen, rng, x, y, h)
    return f"a {'girl' if girl else 'boy'} with {hair} hair in a {dress} {garment}"


def back_hair(pen: Pen, x: float, y: float, h: float, style: str, colour: Colour) -> None:
    """What hangs behind the head."""
    if style == "twintails":
        for side in (-1, 1):
            pen.oval(x + side * 0.27 * h, y + 0.15 * h, 0.08 * h, 0.26 * h, colour)
    length = 0.4 if style == "long" else 0.22
    pen.oval(x, y + (length - 0.22) * h, 0.235 * h, length * h, colour)


def body(pen: Pen, x: float, foot: float, h: float, girl: bool, cloth: Colour, skin: Colour) -> None:
    """Legs, garment and arms."""
    hem = 0.2 if girl else 0.13
    for side in (-1, 1):
        pen.box(x + side * 0.07 * h - 0.03 * h, foot - 0.26 * h, 0.06 * h, 0.24 * h, skin)
        pen.oval(x + side * 0.075 * h, foot - 0.02 * h, 0.05 * h, 0.03 * h, OUTLINE)
        arm = [(x + side * 0.09 * h, foot - 0.5 * h), (x + side * 0.23 * h, foot - 0.33 * h)]
        pen.stroke(arm, 0.065 * h)
        pen.stroke(arm, 0.05 * h, skin)
    points = [(x - 0.09 * h, foot - 0.54 * h), (x + 0.09 * h, foot - 0.54 * h)]
    pen.shape([*points, (x + hem * h, foot - 0.2 * h), (x - hem * h, foot - 0.2 * h)], cloth)


def head(pen: Pen, rng: Random, x: float, y: float, h: float, hair: Colour, eyes: Colour, skin: Colour) -> None:
    """Face with a fringe over it."""
    r = 0.2 * h
    pen.oval(x, y, r, 0.95 * r, skin)
    for side in (-1, 1):
        pen.oval(x + side * 0.42 * r, y + 0.22 * r, 0.15 * r, 0.24 * r, eyes)
        pen.oval(x + side * 0.42 * r - 0.05 * r, y + 0.12 * r, 0.05 * r, 0.07 * r, WHITE, line=False)
        pen.oval(x + side * 0.66 * r, y + 0.52 * r, 0.14 * r, 0.07 * r, (246, 150, 140), line=False)
    pen.stroke([(x - 0.12 * r, y + 0.58 * r), (x, y + 0.64 * r), (x + 0.12 * r, y + 0.58 * r)], 0.03 * r)
    angles = np.linspace(np.pi, 2 * np.pi, 15)
    crown = [(x + 1.1 * r * np.cos(a), y - 0.02 * r + 1.08 * r * np.sin(a)) for a in angles]
    teeth = int(rng.integers(4, 9))
    fringe = [
        (x + (1.1 - 2.2 * i / teeth) * r, y + (0.25 if i % 2 else -0.3) * r * rng.uniform(0.6, 1.2))
        for i in range(teeth + 1)
    ]
    pen.shape([*crown, *fringe], hair)


def hat(pen: Pen, rng: Random, x: float, y: float, h: float) -> None:
    """A hat with a brim."""
    colour = pick(rng, tuple(CLOTHES))
    pen.oval(x, y - 0.13 * h, 0.3 * h, 0.05 * h, CLOTHES[colour])
    pen.oval(x, y - 0.19 * h, 0.16 * h, 0.1 * h, CLOTHES[colour])
    pen.tag("hat", f"{colour}_headwear")


def umbrella(pen: Pen, rng: Random, x: float, y: float, h: float) -> None:
    """An umbrella held up at one side."""
    top = (x + 0.25 * h, y - 0.1 * h)
    pen.stroke([top, (x + 0.23 * h, y + 0.4 * h)], 0.02 * h)
    angles = np.linspace(np.pi, 2 * np.pi, 12)
    pen.shape(
        [(top[0] + 0.3 * h * np.cos(a), top[1] + 0.2 * h * np.sin(a)) for a in angles],
        pick(rng, tuple(CLOTHES.values())),
    )
    pen.tag("umbrella", "holding_umbrella")


def animal_ears(pen: Pen, rng: Random, x: float, y: float, h: float) -> None:
    """Cat ears on the head."""
    for side in (-1, 1):
        points = [(x + side * a * h, y - b * h) for a, b in ((0.06, 0.19), (0.2, 0.12), (0.19, 0.32))]
        pen.shape(points, pick(rng, tuple(HAIR.values())))
    pen.tag("animal_ears", "cat_ears")


def glasses(pen: Pen, rng: Random, x: float, y: float, h: float) -> None:
    """Round glasses."""
    for side in (-1, 1):
        circle = [
            (x + side * 0.085 * h + 0.06 * h * np.cos(a), y + 0.045 * h + 0.06 * h * np.sin(a))
            for a in np.linspace(0, 6.3, 24)
        ]
        pen.stroke(circle, 0.012 * h)
    pen.tag("glasses", "round_eyewear")


def bow(pen: Pen, rng: Random, x: float, y: float, h: float) -> None:
    """A bow in the hair."""
    colour = pick(rng, tuple(CLOTHES))
    for side in (-1, 1):
        pen.shape(
            [(x, y - 0.2 * h), (x + side * 0.15 * h, y - 0.28 * h), (x + side * 0.15 * h, y - 0.13 * h)],
            CLOTHES[colour],
        )
    pen.tag("bow", "hair_bow", f"{colour}_bow")
