"""Drawn scenes: people, animals and things before a backdrop, with the tags of all that was drawn."""

import numpy as np

from dataset_build.sample.backdrops import BACKDROPS, hill
from dataset_build.sample.figures import figures
from dataset_build.sample.pen import CLOTHES, HAIR, OUTLINE, WHITE, Pen
from dataset_build.sample.picture import Picture, pick

Random = np.random.Generator
ARTISTS = ("inkwell_fox", "studio_kumo", "papaya_lines", "marmalade_cat", "north_window", "teapot_(artist)")
META = (("highres",), ("highres", "commentary_request"), ("commentary",), ())


def scene(rng: Random, width: int, height: int) -> Picture:
    """A drawn picture of the size in pixels."""
    pen = Pen(width, height, WHITE)
    place = pick(rng, BACKDROPS)(pen, rng)
    subject = pick(rng, SUBJECTS)(pen, rng)
    if not {"1girl", "1boy", "2girls", "2boys"} & set(pen.tags):
        pen.tag("no_humans")
    pen.tag(pick(rng, ARTISTS), category="artist")
    pen.tag(*pick(rng, META), category="meta")
    return Picture(pen.finish(), tuple(pen.tags.items()), f"{subject} {place}")


def cat(pen: Pen, rng: Random) -> str:
    """A sitting cat."""
    name = pick(rng, ("black", "orange", "white", "brown"))
    fur, x, foot, h = (
        HAIR[name],
        pen.aspect * rng.uniform(0.3, 0.7),
        rng.uniform(0.85, 1.05),
        rng.uniform(0.5, 0.9),
    )
    side = pick(rng, (-1, 1))
    tail = [(x + side * (0.2 + 0.12 * np.sin(3 * t)) * h, foot - 0.08 * h - 0.4 * t * h) for t in np.linspace(0, 1, 9)]
    pen.stroke(tail, 0.085 * h)
    pen.stroke(tail, 0.065 * h, fur)
    pen.oval(x, foot - 0.25 * h, 0.24 * h, 0.28 * h, fur)
    y = foot - 0.62 * h
    for ear in (-1, 1):
        pen.shape([(x + ear * a * h, y - b * h) for a, b in ((0.04, 0.14), (0.2, 0.08), (0.18, 0.32))], fur)
    pen.oval(x, y, 0.22 * h, 0.18 * h, fur)
    for eye in (-1, 1):
        pen.oval(x + eye * 0.09 * h, y - 0.01 * h, 0.045 * h, 0.05 * h, (238, 214, 96))
        pen.oval(x + eye * 0.09 * h, y - 0.01 * h, 0.014 * h, 0.045 * h, OUTLINE)
        for whisker in (0.04, 0.08):
            pen.stroke([(x + eye * 0.1 * h, y + 0.07 * h), (x + eye * 0.3 * h, y + whisker * h)], 0.006)
    pen.shape([(x - 0.025 * h, y + 0.06 * h), (x + 0.025 * h, y + 0.06 * h), (x, y + 0.09 * h)], (236, 140, 140))
    pen.tag("cat", f"{name}_cat", "animal_focus", "whiskers")
    return f"{'an' if name == 'orange' else 'a'} {name} cat sitting"


def rabbit(pen: Pen, rng: Random) -> str:
    """A rabbit with long ears."""
    fur = pick(rng, (WHITE, HAIR["brown"], (206, 190, 176)))
    x, foot, h = pen.aspect * rng.uniform(0.3, 0.7), rng.uniform(0.85, 1.05), rng.uniform(0.5, 0.85)
    y, lean = foot - 0.5 * h, rng.uniform(-0.08, 0.08)
    for ear in (-1, 1):
        pen.oval(x + (ear * 0.09 + lean) * h, y - 0.3 * h, 0.06 * h, 0.24 * h, fur)
        pen.oval(x + (ear * 0.09 + lean) * h, y - 0.28 * h, 0.03 * h, 0.17 * h, (248, 186, 190), line=False)
    pen.oval(x, foot - 0.2 * h, 0.25 * h, 0.22 * h, fur)
    pen.oval(x, y, 0.2 * h, 0.17 * h, fur)
    for eye in (-1, 1):
        pen.oval(x + eye * 0.08 * h, y, 0.022 * h, 0.03 * h, OUTLINE)
        pen.oval(x + eye * 0.1 * h, foot - 0.02 * h, 0.09 * h, 0.045 * h, fur)
    pen.oval(x, y + 0.06 * h, 0.02 * h, 0.014 * h, (236, 140, 150))
    pen.tag("rabbit", "animal_focus")
    return "a rabbit"


def balloons(pen: Pen, rng: Random) -> str:
    """Hot air balloons, the near ones large."""
    number = int(rng.integers(2, 5))
    for i, place in enumerate(rng.permutation(number).tolist()):
        r = rng.uniform(0.08, 0.13) * (1 + i / 2)
        x, y = (
            pen.aspect * (place + rng.uniform(0.2, 0.8)) / number,
            rng.uniform(0.15, 0.6),
        )
        near, far = (CLOTHES[c] for c in rng.permutation(list(CLOTHES))[:2])
        for side in (-1, 1):
            pen.stroke([(x + side * 0.7 * r, y + 0.6 * r), (x + side * 0.2 * r, y + 1.6 * r)], 0.005)
        for width, colour in ((1, near), (0.6, far), (0.2, near)):
            pen.oval(x, y, r * width, 1.1 * r, colour)
        pen.box(x - 0.22 * r, y + 1.55 * r, 0.44 * r, 0.35 * r, (150, 104, 66))
    pen.tag("hot_air_balloon", "flying", "scenery")
    return f"{('two', 'three', 'four')[number - 2]} hot air balloons"


def cottage(pen: Pen, rng: Random) -> str:
    """A house with a garden."""
    h, w = rng.uniform(0.22, 0.42), rng.uniform(0.28, 0.55)
    x, ground = rng.uniform(0.05, max(0.1, pen.aspect - w - 0.05)), rng.uniform(0.7, 0.98)
    roof = pick(rng, ("red", "blue", "green", "purple"))
    hill(pen, rng, ground - 0.05, 0.02, (126, 180, 104))
    pen.box(x + 0.7 * w, ground - 1.6 * h, 0.12 * w, 0.6 * h, (170, 120, 100))
    pen.box(x, ground - h, w, h, pick(rng, ((250, 238, 214), (232, 216, 226), (214, 226, 236))))
    pen.shape(
        [(x - 0.12 * w, ground - h), (x + 0.5 * w, ground - 1.75 * h), (x + 1.12 * w, ground - h)],
        CLOTHES[roof],
    )
    pen.box(x + 0.42 * w, ground - 0.55 * h, 0.17 * w, 0.55 * h, (132, 88, 60))
    for window in (0.12, 0.7):
        pen.box(x + window * w, ground - 0.75 * h, 0.2 * w, 0.3 * h, (170, 212, 236))
        pen.stroke([(x + (window + 0.1) * w, ground - 0.75 * h), (x + (window + 0.1) * w, ground - 0.45 * h)], 0.006)
    for petal in rng.uniform((0, ground, 0), (pen.aspect, 1, 8), (14, 3)):
        pen.oval(petal[0], petal[1], 0.018, 0.018, tuple(CLOTHES.values())[int(petal[2])])
    pen.tag("house", "chimney", "window", "door", "flower", "scenery", "grass")
    return f"a cottage with a {roof} roof"


SUBJECTS = (figures, figures, figures, cat, rabbit, balloons, cottage)
