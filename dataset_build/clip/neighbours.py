"""Pairs of embeddings that are close to each other, all of them: every vector is compared with every other."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dataset_build.schemas import EMBEDDING_PAIRS

VERSION = "1"  # part of the fingerprint: raise it when any pair may come out different

BLOCK = 4096  # vectors on each side of one product
ROUNDING = 1e-4  # what the order of sums may cost

Vectors = NDArray[np.float32]  # one row each


def close_pairs(new_ids: pa.Array, new: Vectors, known_ids: pa.Array, known: Vectors, least: float) -> pa.Table:
    """Pairs with a cosine of at least `least`, among the new and between new and known: schemas.EMBEDDING_PAIRS.

    Sorted, and the same for every division into new and known. An id in both counts as known. Takes time in proportion
    to new × all; on a GPU, where torch sees one.
    """
    fresh = ~np.isin(np.asarray(new_ids, str), np.asarray(known_ids, str))
    if not (count := int(fresh.sum())):
        return EMBEDDING_PAIRS.schema.empty_table()
    ids = np.concatenate([np.asarray(new_ids, str)[fresh], np.asarray(known_ids, str)])
    every = np.concatenate([new[fresh], known.reshape(len(known), new.shape[1])])
    found = [
        _block(every, a, b, count, least) for a in range(0, count, BLOCK) for b in range(a, len(every), BLOCK)
    ]  # fmt: skip
    a, b = (np.concatenate([np.empty(0, np.int64), *(pair[side] for pair in found)]) for side in (0, 1))
    cosine = np.round(np.einsum("ij,ij->i", every[a].astype(np.float64), every[b].astype(np.float64)), 6)
    close = cosine >= least
    left, right = ids[a[close]], ids[b[close]]
    ordered = left < right
    columns = [np.where(ordered, left, right), np.where(ordered, right, left), cosine[close].astype(np.float32)]
    rows = pa.table([pa.array(column) for column in columns], schema=EMBEDDING_PAIRS.schema)
    return rows.sort_by([("image_id_a", "ascending"), ("image_id_b", "ascending")])


def _block(every: Vectors, a: int, b: int, count: int, least: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the pairs in one block that may be close enough."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    left, right = (
        torch.from_numpy(part.astype(np.float32)).to(device)
        for part in (every[a : min(a + BLOCK, count)], every[b : b + BLOCK])
    )
    rows, columns = torch.nonzero(left @ right.T >= least - ROUNDING, as_tuple=True)
    first, second = rows.cpu().numpy() + a, columns.cpu().numpy() + b
    ordered = first < second
    return first[ordered], second[ordered]
