"""Levels of alignment: eight bins of equal width, as scikit-learn's KBinsDiscretizer(strategy="uniform") cuts them."""

import numpy as np
import pytest

from tests.sql.support import run


def levels(*scores: float) -> list[int | None]:
    names = [f"{n:064x}" for n in range(len(scores))]
    rows = run(
        "alignment_levels",
        clip_scores=[{"image_id": name, "score": score} for name, score in zip(names, scores, strict=True)],
        kept=[{"image_id": name} for name in names],
    )
    found = {row["image_id"]: row["level"] for row in rows}
    return [found.get(name) for name in names]


def test_edges_are_those_of_equal_widths_and_belong_to_the_upper_level() -> None:
    assert levels(*np.linspace(0, 1, 9)) == [1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert levels(0.2, 0.2124, 0.2126, 0.29, 0.3) == [1, 1, 2, 8, 8]


@pytest.mark.parametrize("seed", range(3))
def test_higher_scores_never_have_lower_levels(seed: int) -> None:
    scores = np.sort(np.random.default_rng(seed).normal(0.28, 0.05, 200))
    edges = np.linspace(scores[0], scores[-1], 9)
    assert levels(*scores) == list(np.minimum(np.searchsorted(edges, scores, side="right"), 8))


def test_equal_scores_are_of_one_level() -> None:
    assert levels(0.3, 0.3) == [1, 1]


def test_only_the_kept_images_count() -> None:
    rows = run(
        "alignment_levels",
        clip_scores=[{"image_id": name, "score": score} for name, score in (("a", 0.0), ("b", 0.5), ("c", 1.0))],
        kept=[{"image_id": "b"}, {"image_id": "c"}],
    )
    assert [(row["image_id"], row["level"]) for row in rows] == [("b", 1), ("c", 8)]
