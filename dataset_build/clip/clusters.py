"""Images grouped by what they show: k-means over embeddings."""

import numpy as np
from numpy.typing import NDArray

VERSION = "1"  # part of the fingerprint: raise it when any cluster may come out different


def clusters(vectors: NDArray[np.float32], count: int, seed: int) -> NDArray[np.int32]:
    """The number of each vector's cluster, of `count` at the most; by mini-batches (Sculley 2010)."""
    from sklearn.cluster import MiniBatchKMeans

    if len(vectors) <= count:
        return np.arange(len(vectors), dtype=np.int32)
    means = MiniBatchKMeans(count, random_state=seed, n_init=1)
    labels: NDArray[np.int32] = means.fit_predict(vectors.astype(np.float32)).astype(np.int32)
    return labels
