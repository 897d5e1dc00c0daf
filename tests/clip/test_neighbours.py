"""Close pairs: all that were planted, no others, whatever is new and whatever is known."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from dataset_build.clip import neighbours
from dataset_build.clip.neighbours import close_pairs

LEAST = 0.9


def planted() -> tuple[np.ndarray, np.ndarray]:
    """300 vectors at random, of which ids 10k and 10k + 1 are close for k below 20."""
    drawn = np.random.default_rng(0)
    vectors = drawn.normal(size=(300, 64))
    for k in range(20):
        vectors[10 * k + 1] = vectors[10 * k] + drawn.normal(size=64) * 0.2
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.array([f"{number:03d}" for number in range(300)]), vectors.astype(np.float32)


def found(new: np.ndarray, known: np.ndarray) -> list[dict[str, object]]:
    ids, vectors = planted()
    pairs = close_pairs(pa.array(ids[new]), vectors[new], pa.array(ids[known]), vectors[known], LEAST)
    return pairs.to_pylist()


def test_the_planted_pairs_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", 64)
    everything = found(np.arange(300), np.arange(0))
    close = [(10 * k, 10 * k + 1) for k in range(20)]
    assert [(p["image_id_a"], p["image_id_b"]) for p in everything] == [(f"{a:03d}", f"{b:03d}") for a, b in close]
    vectors = planted()[1].astype(float)
    assert [p["cosine"] for p in everything] == pytest.approx([vectors[a] @ vectors[b] for a, b in close], abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_drop_by_drop_gives_the_same_as_all_at_once(seed: int) -> None:
    order = np.random.default_rng(seed).permutation(300)
    drops = np.split(order, [50, 51, 200])
    pairs = []
    for number, drop in enumerate(drops):
        pairs += found(drop, np.concatenate([np.arange(0), *drops[:number]]).astype(int))
    everything = found(np.arange(300), np.arange(0))
    assert sorted(pairs, key=lambda p: (p["image_id_a"], p["image_id_b"])) == everything


def test_an_image_that_is_new_and_known_is_known() -> None:
    assert found(np.arange(2), np.arange(2)) == []


def test_nothing_new_or_nothing_at_all() -> None:
    none = np.arange(0)
    assert found(none, np.arange(300)) == found(none, none) == []


def test_ids_are_ordered_within_a_pair() -> None:
    for new, known in itertools.permutations(([0], [1])):
        (pair,) = found(np.array(new), np.array(known))
        assert (pair["image_id_a"], pair["image_id_b"]) == ("000", "001")
