"""CAPTURE (Dong et al. 2024, arXiv 2405.19092): how well two scene graphs agree. Parsing texts is not done here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEIGHTS = (0.5, 0.5, 0.2)  # objects, attributes, relations
Same = Callable[[str, str], bool]
Alike = Callable[[Sequence[str], Sequence[str]], NDArray[np.float64]]


@dataclass(frozen=True)
class Graph:
    """What a text says is there; an attribute such as `red ball`, a relation such as `ball on grass`."""

    objects: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def combined(objects: float, attributes: float, relations: float) -> float:
    """The score of three F1, 0 to 1."""
    parts = zip(WEIGHTS, (objects, attributes, relations), strict=True)
    return sum(weight * part for weight, part in parts) / sum(WEIGHTS)


def capture(candidate: Graph, reference: Graph, same: Same | None = None, alike: Alike | None = None) -> float:
    """The score of a caption's graph against a reference's, 0 to 1; two empty lists agree.

    Matches are exact, then by `same` (synonyms), one to one; what is left is matched by `alike`, which gives
    similarities 0 to 1 as (candidate, reference), of which each side takes its best.
    """
    pairs = ((getattr(candidate, kind), getattr(reference, kind)) for kind in ("objects", "attributes", "relations"))
    return combined(*(_agreement(tuple(dict.fromkeys(a)), tuple(dict.fromkeys(b)), same, alike) for a, b in pairs))


def _agreement(mine: Sequence[str], theirs: Sequence[str], same: Same | None, alike: Alike | None) -> float:
    if not mine or not theirs:
        return float(not mine and not theirs)
    left, open_ = [each for each in mine if each not in theirs], [each for each in theirs if each not in mine]
    for each in list(left):
        if same and (match := next((other for other in open_ if same(each, other)), None)) is not None:
            left.remove(each)
            open_.remove(match)
    found_mine, found_theirs = float(len(mine) - len(left)), float(len(theirs) - len(open_))
    if alike and left and open_:
        likeness = alike(left, open_)
        found_mine += float(likeness.max(axis=1).sum())
        found_theirs += float(likeness.max(axis=0).sum())
    return f1(found_mine / len(mine), found_theirs / len(theirs))
