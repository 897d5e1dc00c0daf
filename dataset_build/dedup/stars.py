"""Groups of duplicates as stars: each member is a duplicate of its keeper."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dataset_build import schemas

VERSION = "2"  # part of the fingerprint: raise it when any result may come out different
METHODS = ("keeper", "pixels", "hash", "dihedral", "embedding")
KEEPER, PIXELS = 0, 1

Numbers = NDArray[np.int64]
Claims = tuple[Numbers, Numbers, NDArray[np.int16]]  # of each class: who claimed it (-1: nobody), by what, how near


def stars(links: pa.Table, order: pa.Table) -> pa.Table:
    """Give each duplicate its keeper, from the links of all drops; sorted by image id.

    `links` are the rows of `duplicate_pairs` that count (image_id_a, image_id_b, method, distance), read as
    `near_pairs` says: images joined by method pixels are one class. `order` has a row per image: image_id, keeper_rank
    (0 is best, equal ranks go by id) and survives. In that order each surviving image that nobody claimed claims all
    unclaimed images, surviving or not, whose class is linked to its own. The result has the schema of `duplicates`,
    without stars of one image; an image absent from `order` is in no star, but still stands for its class.
    """
    ids = pc.unique(pa.chunked_array(links["image_id_a"].chunks + links["image_id_b"].chunks, pa.string()))
    a, b = (np.asarray(pc.index_in(links[side], ids), dtype=np.int64) for side in ("image_id_a", "image_id_b"))
    method = np.asarray(pc.index_in(links["method"], pa.array(METHODS)), dtype=np.int64)
    pixels = method == PIXELS
    classes = _components(len(ids), a[pixels], b[pixels])

    images, survivors = _ranked(order, ids)
    distance = np.asarray(links["distance"])
    edges = classes[a[~pixels]], classes[b[~pixels]], method[~pixels], distance[~pixels]
    keeper, by, bits = (column[classes[images]] for column in _claim(survivors, classes, *edges))
    starred = (keeper >= 0) & (np.bincount(keeper + 1, minlength=len(ids) + 1)[keeper + 1] > 1)
    by = np.where(images == keeper, KEEPER, by)
    names = pa.array(METHODS).take(pa.array(by[starred]))
    columns = [ids.take(images[starred]), ids.take(keeper[starred]), names, bits[starred]]
    return pa.table(columns, schema=schemas.DUPLICATES.schema).sort_by("image_id")


def _components(count: int, a: Numbers, b: Numbers) -> Numbers:
    """For each of `count` nodes, the least node that the edges (a, b) join it to."""
    root = np.arange(count)
    while (root[a] != root[b]).any():
        np.minimum.at(root, np.maximum(root[a], root[b]), np.minimum(root[a], root[b]))
        while (root != root[root]).any():
            root = root[root]
    return root


def _ranked(order: pa.Table, ids: pa.Array) -> tuple[Numbers, Numbers]:
    """Numbers of the images that are in links, best first: all of them, and those that survive."""
    ranked = order.filter(pc.is_in(order["image_id"], ids))
    ranked = ranked.sort_by([("keeper_rank", "ascending"), ("image_id", "ascending")])
    images = np.asarray(pc.index_in(ranked["image_id"], ids), dtype=np.int64)
    return images, images[np.asarray(ranked["survives"], dtype=bool)]


def _claim(
    survivors: Numbers, classes: Numbers, a: Numbers, b: Numbers, method: Numbers, distance: NDArray[np.int16]
) -> Claims:
    """Who claims each class; edges are pairs of classes."""
    source, target, half = np.append(a, b), np.append(b, a), np.arange(len(a))
    by_source = np.argsort(source, kind="stable")
    target, edge = target[by_source], np.append(half, half)[by_source]
    starts = np.searchsorted(source[by_source], np.arange(len(classes) + 1))

    keeper, claimed_by = np.full(len(classes), -1), np.full(len(classes), -1)
    for image, own in zip(survivors.tolist(), classes[survivors].tolist(), strict=True):
        if keeper[own] >= 0:
            continue
        keeper[own] = image
        reach = slice(starts[own], starts[own + 1])
        free = keeper[target[reach]] < 0
        claimed = target[reach][free]
        keeper[claimed] = image
        claimed_by[claimed] = edge[reach][free]
    linked = claimed_by >= 0
    by = np.where(linked, np.append(method, PIXELS)[claimed_by], PIXELS)
    return keeper, by, np.where(linked, np.append(distance, 0)[claimed_by], 0).astype(np.int16)
