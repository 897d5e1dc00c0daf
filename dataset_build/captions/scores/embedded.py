"""Scores of captions from embeddings that are given: CLIPScore and self-retrieval."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating]


def clipscore(images: Vectors, texts: Vectors) -> NDArray[np.float64]:
    """2.5 × cosine of each image (n, d) with its text (n, d), 0 at the least (Hessel et al. 2021)."""
    return np.asarray(2.5 * np.maximum((_unit(images) * _unit(texts)).sum(axis=1), 0))


def ref_clipscore(images: Vectors, texts: Vectors, references: Vectors) -> NDArray[np.float64]:
    """Harmonic mean of CLIPScore and the cosine of each text with its reference text, all (n, d)."""
    seen = clipscore(images, texts)
    said = np.maximum((_unit(texts) * _unit(references)).sum(axis=1), 0)
    total = seen + said
    return np.asarray(np.divide(2 * seen * said, total, out=np.zeros_like(total), where=total > 0))


def self_retrieval(images: Vectors, texts: Vectors, bags: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """For each text the chance that it finds its own image, the first of its bag, among the images of the bag.

    Ties are shared: equal texts in a bag of n equal images find 1 / n. With bags of near-duplicates this is TrueMatch.
    """
    pictures, words = _unit(images), _unit(texts)
    found = []
    for text, bag in enumerate(bags):
        likeness = pictures[list(bag)] @ words[text]
        best = likeness >= likeness.max() - 1e-6  # rounding
        found.append(best[0] / best.sum())
    return np.array(found, np.float64)


def _unit(vectors: Vectors) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)
