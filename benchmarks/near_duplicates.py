"""How well near-duplicates are found: planted copies against ImageHash's phash and dhash, and search speed.

    python benchmarks/near_duplicates.py [--bases 240] [--seed 0] [--scale 100000]

Distinct pictures (tiles of the photos in ../shared/data where present, drawn ones for the rest) are copied in
the 34 ways of transforms.py. Recall is the share of copies found to be like their own original; wrong pairs
are copies like another original, and originals like each other. Exit status 1 when the bar is missed.
"""

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import imagehash
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pictures import bases
from PIL import Image, ImageOps
from transforms import GEOMETRIC, TRANSFORMS, encoded

from dataset_build.config import ImageLimits
from dataset_build.dedup.hamming import near_rows
from dataset_build.dedup.pairs import INPUT, near_pairs
from dataset_build.images.facts import measure

OURS, PHASH, DHASH = (31, 48, 60, 72), (4, 8, 10), (4,)  # bits that may differ
BAR = 0.93
VIEWS = ("hash_whole", "hash_trimmed", "hash_centre")
COMPARED = ((0, 0), (1, 1), (1, 2), (2, 1), (2, 2))
NEVER = 256

Words = NDArray[np.uint64]
Bits = NDArray[np.int16]


class Hashes(NamedTuple):
    """Hashes of many pictures, a row each."""

    facts: pa.Table
    phash: Words
    dhash: Words


class Score(NamedTuple):
    """How one hash did at one threshold."""

    recall: dict[str, float]
    wrong_copies: int
    wrong_originals: int

    @property
    def mean(self) -> float:
        """Mean recall over the transforms that aren't geometric."""
        return float(np.mean([recall for name, recall in self.recall.items() if name not in GEOMETRIC]))

    @property
    def wrong(self) -> int:
        """All wrong pairs."""
        return self.wrong_copies + self.wrong_originals


def main() -> int:
    """Print the figures; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bases", type=int, default=240, help="distinct pictures to copy; 0 skips them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=int, default=100_000, help="images in the timed search; 0 skips it")
    options = parser.parse_args()
    met = quality(options.bases, options.seed) if options.bases else True
    if options.scale:
        speed(options.scale, options.seed)
    return 0 if met else 1


def quality(count: int, seed: int) -> bool:
    """Print recall and wrong pairs; whether the bar is met."""
    began = time.perf_counter()
    pictures = bases(count, seed)
    print(f"bases: {dict(Counter(picture.origin for picture in pictures))}; {len(TRANSFORMS)} copies of each")
    with ProcessPoolExecutor() as pool:
        rows = list(
            pool.map(hashed_copies, [picture.image for picture in pictures], range(count), [seed] * count, chunksize=4)
        )
    originals = hashes_of([row[0] for row in rows])
    copies = hashes_of([copy for row in rows for copy in row[1:]])
    print(f"{len(rows) * len(rows[0])} files hashed in {time.perf_counter() - began:.0f} s\n")

    scores = {}
    for name, thresholds, compare in (
        ("ours", OURS, view_bits),
        ("phash", PHASH, lambda a, b: bits(a.phash, b.phash)),
        ("dhash", DHASH, lambda a, b: bits(a.dhash, b.dhash)),
    ):
        distances = compare(copies, originals), compare(originals, originals)
        for most in thresholds:
            scores[f"{name}<={most}"] = score(*(each <= most for each in distances))
    print_scores(scores)
    print_search_recall(pa.concat_tables([originals.facts, copies.facts]))

    ours, theirs = scores["ours<=48"], scores["phash<=4"]
    met = ours.mean >= BAR and ours.wrong <= theirs.wrong
    print(f"bar: ours<=48 has mean recall >= {BAR:.0%} and no more wrong pairs than phash<=4: ", end="")
    print("met\n" if met else "MISSED\n")
    return met


def hashed_copies(base: Image.Image, number: int, seed: int) -> list[dict[str, Any]]:
    """Hashes of a base and of its copies, in the order of TRANSFORMS."""
    files = [encoded(base, quality=95)]
    for k, transform in enumerate(TRANSFORMS.values()):
        files.append(transform(base, np.random.default_rng([seed, number, k])))
    return [hashed(data) for data in files]


def hashed(data: bytes) -> dict[str, Any]:
    """Our hashes, and ImageHash's of the upright full-size picture."""
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened)
        others = {"imagehash_phash": str(imagehash.phash(image)), "imagehash_dhash": str(imagehash.dhash(image))}
    return measure(data, ImageLimits()) | others


def hashes_of(rows: Sequence[dict[str, Any]]) -> Hashes:
    """The hashes of many files as columns."""
    facts = [{column: row[column] for column in INPUT.names if column != "image_id"} for row in rows]
    table = pa.Table.from_pylist([{"image_id": f"{k:08}"} | row for k, row in enumerate(facts)], INPUT)
    words = ([int(row[kind], 16) for row in rows] for kind in ("imagehash_phash", "imagehash_dhash"))
    return Hashes(table, *(np.array(column, np.uint64)[:, None] for column in words))


def bits(a: Words, b: Words) -> Bits:
    """Bits that differ, for each row of a (n, words) with each row of b."""
    distance = np.zeros((len(a), len(b)), np.int16)
    for word in range(a.shape[1]):
        distance += np.bitwise_count(a[:, word, None] ^ b[None, :, word])
    return distance


def view_bits(a: Hashes, b: Hashes) -> Bits:
    """Bits between our hashes, the least over the views, as near_pairs compares them."""
    views_a, views_b = ([view_words(hashes.facts[view]) for view in VIEWS] for hashes in (a, b))
    distance = bits(views_a[0], views_b[0])
    for i, j in COMPARED[1:]:
        np.minimum(distance, bits(views_a[i], views_b[j]), out=distance)
    informative_a, informative_b = (np.asarray(hashes.facts["hash_informative"]) for hashes in (a, b))
    distance[~(informative_a[:, None] & informative_b)] = NEVER
    pixels_a, pixels_b = (np.array(hashes.facts["pixel_hash"].to_pylist()) for hashes in (a, b))
    distance[pixels_a[:, None] == pixels_b] = 0
    return distance


def view_words(view: pa.ChunkedArray) -> Words:
    """Hashes of 32 bytes as rows of four words."""
    return np.frombuffer(b"".join(view.to_pylist()), np.uint64).reshape(-1, 4)


def score(alike: NDArray[np.bool_], originals_alike: NDArray[np.bool_]) -> Score:
    """Recall and wrong pairs, from which copies are like which originals, and originals like each other."""
    count = alike.shape[1]
    own = alike[np.arange(len(alike)), np.repeat(np.arange(count), len(TRANSFORMS))]
    recall = own.reshape(count, -1).mean(axis=0)
    wrong_originals = np.triu(originals_alike, 1).sum()
    return Score(dict(zip(TRANSFORMS, recall, strict=True)), int(alike.sum() - own.sum()), int(wrong_originals))


def print_scores(scores: dict[str, Score]) -> None:
    """The table: a line per transform, a column per hash and threshold."""

    def line(name: str, cells: list[str]) -> None:
        print(f"{name:<26}" + "".join(f"{cell:>10}" for cell in cells))

    line("recall, %", list(scores))
    for name in TRANSFORMS:
        line(f"  {name}", [f"{100 * each.recall[name]:.1f}" for each in scores.values()])
    line("mean, non-geometric", [f"{100 * each.mean:.1f}" for each in scores.values()])
    line("wrong: copy, original", [str(each.wrong_copies) for each in scores.values()])
    line("wrong: original, original", [str(each.wrong_originals) for each in scores.values()])
    print()


def print_search_recall(facts: pa.Table) -> None:
    """What the search finds of all near pairs among the distinct hashes of the whole pictures."""
    words = np.unique(view_words(facts["hash_whole"]), axis=0)
    found = np.concatenate([part[2] for part in near_rows(words, np.ones(len(words), bool), OURS[-1])])
    blocks = [bits(words[k : k + 512], words) for k in range(0, len(words), 512)]
    for most in OURS:
        pairs = (sum(int((block <= most).sum()) for block in blocks) - len(words)) // 2
        print(f"search finds {(found <= most).sum()} of {pairs} pairs of whole-picture hashes at <={most}")
    print()


def speed(count: int, seed: int) -> None:
    """Time near_pairs on random hashes, a third of them planted near others, against brute force."""
    rng = np.random.default_rng(seed)
    images = planted(count, rng)
    nothing, hundredth = images.slice(0, 0), count // 100
    near_pairs(planted(3000, rng), nothing, OURS[-1])  # so that compiling isn't timed
    rows = rng.integers(0, 2**64, (2000, 4), np.uint64)
    brute = seconds(lambda: bits(rows, rows)) / len(rows) ** 2 * (count**2 / 2 + (2 * count) ** 2 / 2)
    for radius in OURS:
        took = seconds(lambda radius=radius: near_pairs(images, nothing, radius))
        print(f"near_pairs, {count} images, radius {radius}: {took:.1f} s, {brute / took:.0f} × numpy brute force")
    took = seconds(lambda: near_pairs(images.slice(0, hundredth), images.slice(hundredth), OURS[-1]))
    print(f"near_pairs, {hundredth} new images against the rest, radius {OURS[-1]}: {took:.1f} s")


def planted(count: int, rng: np.random.Generator) -> pa.Table:
    """Facts of images with random hashes, a third of them within 72 random bits of another."""
    distinct = count - count // 3
    source = np.append(np.arange(distinct), rng.integers(0, distinct, count - distinct))
    views = rng.integers(0, 2**64, (distinct, 2, 4), np.uint64)[source]
    share = np.where(np.arange(count) < distinct, 0, rng.uniform(0, 60 / 256, count))
    flips = np.packbits(rng.random((count, 256), np.float32) < share[:, None], axis=1).view(np.uint64)
    whole, centre = ([row.tobytes() for row in views[:, k] ^ flips] for k in (0, 1))
    ids = [f"{k:016x}" for k in rng.permutation(count)]
    return pa.table([ids, ids, whole, whole, centre, [True] * count], schema=INPUT)


def seconds(work: Any) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
