"""What fastdup found, as pairs of images like any other's; it runs elsewhere, and nothing of it is imported."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from dataset_build.schemas import FASTDUP_PAIRS

PINNED = "2.54"  # the version that `make fastdup-env` installs
VERSION = "1"  # part of the fingerprint: raise it when any result may come out different


def as_pairs(rows: Iterable[Mapping[str, str]], known: set[str]) -> pa.RecordBatch:
    """Rows of image_id_a, image_id_b and similarity as schemas.FASTDUP_PAIRS, each pair once, in order.

    fastdup names pairs in both directions, and its output is not to be trusted: rows of other images, of an image with
    itself, or without a similarity from -1 to 1 are left out.
    """
    pairs: dict[tuple[str, str], float] = {}
    for a, b, similarity in _sound(rows, known):
        key = (min(a, b), max(a, b))
        pairs[key] = max(similarity, pairs.get(key, -1.0))
    found = [
        {"image_id_a": a, "image_id_b": b, "method": "fastdup", "correlation": similarity}
        for (a, b), similarity in sorted(pairs.items())
    ]
    return pa.RecordBatch.from_pylist(found, FASTDUP_PAIRS.schema)


def _sound(rows: Iterable[Mapping[str, str]], known: set[str]) -> Iterator[tuple[str, str, float]]:
    for row in rows:
        try:
            a, b, similarity = row["image_id_a"], row["image_id_b"], float(row["similarity"])
        except (KeyError, TypeError, ValueError):
            continue
        if a != b and a in known and b in known and -1 <= similarity <= 1.0001:
            yield a, b, min(similarity, 1.0)
