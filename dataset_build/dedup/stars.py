"""Groups of duplicates as stars: each member lies within the radius of its keeper."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dataset_build import schemas

VERSION = "1"  # part of the fingerprint: raise it when any result may come out different
Numbers = NDArray[np.int64]
Distances = NDArray[np.int16]


def stars(pairs: pa.Table, order: pa.Table, radius: int) -> pa.Table:
    """Give each duplicate its keeper, from the pairs of all drops; sorted by image id.

    `pairs` has the schema of `duplicate_pairs` and is read as `near_pairs` says: images joined at distance 0
    are one class. `order` has a row per image: image_id, keeper_rank (0 is best, equal ranks go by id) and
    survives. In that order each surviving image that nobody claimed claims all unclaimed images, surviving or
    not, whose class is at most `radius` bits from its own. The result has the schema of `duplicates`, without
    stars of one image; an image absent from `order` is in no star, but still joins its class.
    """
    ids = pc.unique(pa.chunked_array(pairs["image_id_a"].chunks + pairs["image_id_b"].chunks, pa.string()))
    a, b = (np.asarray(pc.index_in(pairs[side], ids)) for side in ("image_id_a", "image_id_b"))
    distance = np.asarray(pairs["distance"])
    pixels = np.asarray(pc.equal(pairs["method"], "pixels"))
    twins = _components(len(ids), a[pixels], b[pixels])
    classes = _components(len(ids), a[distance == 0], b[distance == 0])

    images, survivors = _ranked(order, ids)
    near = distance <= radius
    keeper, bits = _claim(survivors, classes, classes[a[near]], classes[b[near]], distance[near])
    keeper, bits = keeper[classes[images]], bits[classes[images]]
    starred = (keeper >= 0) & (np.bincount(keeper + 1, minlength=len(ids) + 1)[keeper + 1] > 1)
    return _members(ids, twins, images[starred], keeper[starred], bits[starred])


def _components(count: int, a: Numbers, b: Numbers) -> Numbers:
    """For each of `count` nodes, the least node that the edges (a, b) join it to."""
    root = np.arange(count)
    while (root[a] != root[b]).any():
        np.minimum.at(root, np.maximum(root[a], root[b]), np.minimum(root[a], root[b]))
        while (root != root[root]).any():
            root = root[root]
    return root


def _ranked(order: pa.Table, ids: pa.Array) -> tuple[Numbers, Numbers]:
    """Numbers of the images that are in pairs, best first: all of them, and those that survive."""
    ranked = order.filter(pc.is_in(order["image_id"], ids))
    ranked = ranked.sort_by([("keeper_rank", "ascending"), ("image_id", "ascending")])
    images = np.asarray(pc.index_in(ranked["image_id"], ids), dtype=np.int64)
    return images, images[np.asarray(ranked["survives"], dtype=bool)]


def _claim(
    survivors: Numbers, classes: Numbers, a: Numbers, b: Numbers, distance: Distances
) -> tuple[Numbers, Distances]:
    """For each class, the image that claims it (-1: none) and its distance; edges are pairs of classes."""
    source, target, distance = np.append(a, b), np.append(b, a), np.append(distance, distance)
    by_source = np.lexsort((-distance, source))  # the least distance last, because the last assignment stays
    target, distance = target[by_source], distance[by_source]
    edges = np.searchsorted(source[by_source], np.arange(len(classes) + 1))

    keeper = np.full(len(classes), -1)
    bits = np.zeros(len(classes), np.int16)
    for image, own in zip(survivors.tolist(), classes[survivors].tolist(), strict=True):
        if keeper[own] >= 0:
            continue
        keeper[own] = image
        reach = slice(edges[own], edges[own + 1])
        free = keeper[target[reach]] < 0
        claimed = target[reach][free]
        keeper[claimed] = image
        bits[claimed] = distance[reach][free]
    return keeper, bits


def _members(ids: pa.Array, twins: Numbers, image: Numbers, keeper: Numbers, bits: Distances) -> pa.Table:
    """The members of the stars, as duplicates."""
    method = np.where(image == keeper, "keeper", np.where(twins[image] == twins[keeper], "pixels", "hash"))
    columns = [ids.take(image), ids.take(keeper), pa.array(method, pa.string()), bits]
    return pa.table(columns, schema=schemas.DUPLICATES.schema).sort_by("image_id")
