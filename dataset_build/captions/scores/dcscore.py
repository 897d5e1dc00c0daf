"""DCScore (Ye et al. 2025, DeCapBench): how many of a caption's statements are right, and how many of all it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from dataset_build.captions.scores.capture import f1


@dataclass(frozen=True)
class Unit:
    """One statement of a caption: whether it is right, whether it describes, and which oracle statement it is."""

    correct: bool
    descriptive: bool = True
    oracle: int | None = None


def precision(units: Sequence[Unit]) -> float:
    """Share of right statements; 0 without any."""
    return sum(unit.correct for unit in units) / len(units) if units else 0.0


def recall(units: Sequence[Unit], oracle: int) -> float:
    """Share said of what there is to say: `oracle` known statements, and the right ones of the caption beyond them.

    Several statements that are one oracle statement count as one.
    """
    matched = {unit.oracle for unit in units if unit.correct and unit.oracle is not None}
    beyond = sum(unit.correct and unit.oracle is None for unit in units)
    return (len(matched) + beyond) / (oracle + beyond) if oracle + beyond else 0.0


def dcscore(units: Sequence[Unit], oracle: int, descriptive_oracle: int) -> float:
    """100 × the mean of F1 over all statements and F1 over those that describe, 0 to 100."""
    describing = [unit for unit in units if unit.descriptive]
    both = (
        f1(precision(units), recall(units, oracle)),
        f1(precision(describing), recall(describing, descriptive_oracle)),
    )
    return 100 * sum(both) / 2
