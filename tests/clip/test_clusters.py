"""Clusters of embeddings: planted ones are found, and the same ones each time."""

import numpy as np

from dataset_build.clip.clusters import clusters


def planted() -> np.ndarray:
    """Three far directions, 40 vectors about each."""
    drawn = np.random.default_rng(0)
    return (np.repeat(np.eye(3, 8), 40, axis=0) + drawn.normal(size=(120, 8)) * 0.05).astype(np.float32)


def test_planted_clusters_are_found() -> None:
    labels = clusters(planted(), 3, seed=0)
    assert [len(set(labels[first : first + 40])) for first in (0, 40, 80)] == [1, 1, 1]
    assert set(labels) == {0, 1, 2}
    assert (clusters(planted(), 3, seed=0) == labels).all()


def test_fewer_images_than_clusters_are_clusters_of_one() -> None:
    assert clusters(planted()[:4], 10, seed=0).tolist() == [0, 1, 2, 3]
