"""How well near-duplicates are found and how fast: planted copies against other hashes, and a timed search.

    python -m benchmarks.near_duplicates [--bases 400] [--seed 0] [--scale 100000 300000 1000000] [--plot growth.png]

Distinct pictures (tiles of the photos in ../shared/data where present, drawn ones for the rest) are copied in the 34
ways of transforms.py and changed in the ways of variants.py. Recall is the share of copies found to be duplicates of
their own original; wrong pairs are copies of another original, originals of each other, and pages of different prose
of each other. Exit status 1 when a bar is missed.
"""

import argparse
import io
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import fastdup
from benchmarks.pages import text_pages
from benchmarks.peers import THRESHOLDS, imagededup, peers
from benchmarks.pictures import bases
from benchmarks.scale import grow, plot
from benchmarks.transforms import GEOMETRIC, TRANSFORMS, encoded
from benchmarks.variants import VARIANTS
from dataset_build.config import Duplicates, ImageLimits
from dataset_build.dedup import dihedral
from dataset_build.dedup.second_look import second_looks
from dataset_build.images.facts import measure, warm_up

PAGES = 200
MEAN_BAR, CROP_BARS, TURN_BAR = 0.96, {"crop05": 0.80, "crop10": 0.45}, 0.99
WHOLES = ("hash_whole", "hash_inside", "hash_trimmed")
NEVER = 256
DEFAULTS = Duplicates()

Words = NDArray[np.uint64]
Bits = NDArray[np.int16]
Alike = NDArray[np.bool_]


class Hashes(NamedTuple):
    """Hashes of many pictures, a row each; `views` is (n, 6, 4), whole, inside, trimmed and the three crops.

    `peers` are those of other libraries by name, (n, 1) each, and `names` those of the files as fastdup sees them.
    """

    views: Words
    informative: Alike
    looks: list[bytes]
    peers: dict[str, Words]
    names: list[str]


def main() -> int:
    """Print the figures; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bases", type=int, default=400, help="distinct pictures to copy; 0 skips them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=int, nargs="*", default=[100_000], help="images in the timed searches")
    parser.add_argument("--plot", type=Path, help="draw the growth into this file; needs matplotlib")
    options = parser.parse_args()
    met = quality(options.bases, options.seed) if options.bases else True
    runs = [grow(count, options.seed) for count in options.scale]
    if options.plot:
        plot(runs, options.plot)
    return 0 if met else 1


def quality(count: int, seed: int) -> bool:
    """Print recall and wrong pairs; whether every bar is met."""
    warm_up()  # before the workers fork: OpenCV must have no threads by then
    pictures = bases(count, seed)
    print("imagededup: " + ("compared" if imagededup() else "left out, for it is not installed or does not load"))
    print("fastdup: " + ("compared" if fastdup.PYTHON.exists() else "left out, for `make fastdup-env` was not run"))
    print(f"bases: {dict(Counter(picture.origin for picture in pictures))}; {len(TRANSFORMS)} copies of each")
    with TemporaryDirectory() as scratch, ProcessPoolExecutor() as pool:
        files = Path(scratch) / "images"
        files.mkdir()
        made = pool.map(
            partial(hashed_copies, files), [p.image for p in pictures], range(count), [seed] * count, chunksize=4
        )
        rows = list(made)
        drawn = [encoded(page) for page in text_pages(PAGES, seed)]
        pages = hashes_of(list(pool.map(partial(hashed, files), drawn, [f"page-{k}" for k in range(PAGES)])))
        found = fastdup.similarities(files, Path(scratch) / "work") if fastdup.PYTHON.exists() else None
    copies = len(TRANSFORMS)
    originals = hashes_of([row[0] for row in rows])
    planted = hashes_of([copy for row in rows for copy in row[1 : copies + 1]])
    changed = hashes_of([copy for row in rows for copy in row[copies + 1 :]])

    judges = judges_of() | fastdup_judges(found)
    columns = {name: recalls(alike(planted, originals)) for name, alike in judges.items()}
    wrong = {name: wrong_pairs(alike, planted, originals, pages) for name, alike in judges.items()}
    print_table(columns, wrong, count)
    print_variants(planted, changed, originals)

    ours, turned = columns["ours"], columns["ours, dihedral"]
    bars = {f"mean >= {MEAN_BAR:.0%}": mean(ours) >= MEAN_BAR}
    bars |= {f"{name} >= {bar:.0%}": ours[name] >= bar for name, bar in CROP_BARS.items()}
    bars |= {f"{name} >= {TURN_BAR:.0%} with dihedral": turned[name] >= TURN_BAR for name in GEOMETRIC}
    bars |= {"no wrong pair": sum(wrong["ours"]) == 0}
    print("\n".join(f"bar: {name}: {'met' if met else 'MISSED'}" for name, met in bars.items()))
    return all(bars.values())


def hashed_copies(folder: Path, base: Image.Image, number: int, seed: int) -> list[dict[str, Any]]:
    """Hashes of a base, of its copies in the order of TRANSFORMS, and of its VARIANTS."""
    files = [encoded(base, quality=95)]
    for k, change in enumerate((*TRANSFORMS.values(), *VARIANTS.values())):
        files.append(change(base, np.random.default_rng([seed, number, k])))
    return [hashed(folder, data, f"{number}-{k}") for k, data in enumerate(files)]


def hashed(folder: Path, data: bytes, name: str) -> dict[str, Any]:
    """Our hashes and the peers'. For fastdup the file is laid out as it is, or as PNG where it can't read it."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        if fastdup.PYTHON.exists() and image.format in ("JPEG", "PNG"):
            (folder / f"{name}.{image.format.lower()}").write_bytes(data)
        elif fastdup.PYTHON.exists():
            image.save(folder / f"{name}.png")
        others = {name: np.uint64(of(image)) for name, of in peers().items()}
    return measure(data, ImageLimits()) | {"peers": others, "name": name}


def hashes_of(rows: Sequence[dict[str, Any]]) -> Hashes:
    """The hashes of many files as columns."""
    views = b"".join(row[view] for row in rows for view in (*WHOLES, "hash_crops"))
    informative = np.array([row["hash_informative"] for row in rows])
    looks = [row["look"] for row in rows]
    others = {name: np.array([row["peers"][name] for row in rows])[:, None] for name in peers()}
    views_of = np.frombuffer(views, np.uint64).reshape(len(rows), -1, 4)
    return Hashes(views_of, informative, looks, others, [row["name"] for row in rows])


def judges_of() -> dict[str, Any]:
    """Who says which rows of one set are duplicates of which of another, by name: functions of two Hashes."""
    by_bits = {f"ours<={most}": lambda a, b, most=most: view_bits(a, b) <= most for most in (48, 64)}
    others = {
        f"{name}<={most}": lambda a, b, name=name, most=most: bits(a.peers[name], b.peers[name]) <= most
        for name in peers()
        for most in THRESHOLDS[name]
    }
    return {"ours": confirmed, "ours, dihedral": turned_too, **by_bits, **others}


def fastdup_judges(found: dict[tuple[str, str], float] | None) -> dict[str, Any]:
    """fastdup at its two thresholds; none where it did not run."""
    if found is None:
        return {}
    return {
        f"fastdup>={least}": lambda a, b, least=least: fastdup.matrix(found, a.names, b.names) >= least
        for least in fastdup.THRESHOLDS
    }


def confirmed(a: Hashes, b: Hashes) -> Alike:
    """What the defaults call duplicates, variants included: near, or doubtful and alike at a second look."""
    distance = view_bits(a, b)
    near = distance <= DEFAULTS.radius
    i, j = np.nonzero(~near & (distance <= DEFAULTS.widest_radius))
    seen = second_looks([(a.looks[x], b.looks[y]) for x, y in zip(i.tolist(), j.tolist(), strict=True)], 2)
    near[i, j] = [look.correlation >= DEFAULTS.confirm for look in seen]
    return near


def turned_too(a: Hashes, b: Hashes) -> Alike:
    """The same with mirrored and turned copies."""
    near = confirmed(a, b)
    for turn in dihedral.TURNS:
        near |= bits(dihedral.turned(a.views[:, 2].copy(), turn), b.views[:, 2]) <= DEFAULTS.radius
    return near


def bits(a: Words, b: Words) -> Bits:
    """Bits that differ, for each row of a (n, words) with each row of b."""
    distance = np.zeros((len(a), len(b)), np.int16)
    for word in range(a.shape[1]):
        distance += np.bitwise_count(a[:, word, None] ^ b[None, :, word])
    return distance


def view_bits(a: Hashes, b: Hashes) -> Bits:
    """Bits between our hashes, the least over the views, as near_pairs compares them."""
    distance = np.full((len(a.views), len(b.views)), NEVER, np.int16)
    for i in range(a.views.shape[1]):
        for j in range(b.views.shape[1]):
            if min(i, j) < len(WHOLES):
                np.minimum(distance, bits(a.views[:, i], b.views[:, j]), out=distance)
    distance[~(a.informative[:, None] & b.informative)] = NEVER
    return distance


def recalls(alike: Alike) -> dict[str, float]:
    """Share of the copies, by transform, that are like their own original."""
    own = alike[np.arange(len(alike)), np.repeat(np.arange(alike.shape[1]), len(TRANSFORMS))]
    return dict(zip(TRANSFORMS, own.reshape(-1, len(TRANSFORMS)).mean(axis=0).tolist(), strict=True))


def mean(recall: dict[str, float]) -> float:
    """Mean recall over the transforms that aren't geometric."""
    return float(np.mean([share for name, share in recall.items() if name not in GEOMETRIC]))


def wrong_pairs(judge: Any, planted: Hashes, originals: Hashes, pages: Hashes) -> tuple[int, int, int]:
    """Wrong pairs: copy with another's original, original with original, page with page."""
    alike = judge(planted, originals)
    alike[np.arange(len(alike)), np.repeat(np.arange(alike.shape[1]), len(TRANSFORMS))] = False
    among = (int(np.triu(judge(each, each), 1).sum()) for each in (originals, pages))
    return int(alike.sum()), *among


def print_table(columns: dict[str, dict[str, float]], wrong: dict[str, tuple[int, int, int]], count: int) -> None:
    """A line per transform, a column per judge, as Markdown; `count` originals."""

    def line(name: str, cells: list[str]) -> None:
        print(f"| {name} | " + " | ".join(cells) + " |")

    line("recall, %", list(columns))
    line("---", ["---"] * len(columns))
    for name in TRANSFORMS:
        line(name, [f"{100 * recall[name]:.1f}" for recall in columns.values()])
    line("mean, non-geometric", [f"{100 * mean(recall):.2f}" for recall in columns.values()])
    for k, name in enumerate(("copy, another original", "original, original", "page, page")):
        line(f"wrong: {name}", [str(counts[k]) for counts in wrong.values()])
    copies, originals = len(TRANSFORMS) * count, count - 1
    shares = [counts[0] / copies / originals for counts in wrong.values()]
    line("wrong per million: copy, another original", [f"{1e6 * share:.2f}" for share in shares])
    print()


def print_variants(planted: Hashes, changed: Hashes, originals: Hashes) -> None:
    """How many of the pairs found are told to be variants, of real variants and of plain copies."""
    plain = [name for name in TRANSFORMS if name not in GEOMETRIC]
    for names, copies in ((tuple(VARIANTS), changed), (tuple(TRANSFORMS), planted)):
        own = np.repeat(np.arange(len(originals.looks)), len(names))
        found = confirmed(copies, originals)[np.arange(len(own)), own]
        looks = second_looks([(copy, originals.looks[base]) for copy, base in zip(copies.looks, own, strict=True)], 2)
        told = (
            np.array([look.recoloured > DEFAULTS.recoloured or look.redrawn > DEFAULTS.redrawn for look in looks])
            & found
        )
        shown = {name: np.tile(np.array(names) == name, len(originals.looks)) for name in names}
        if names == tuple(TRANSFORMS):
            shown = {"all plain copies": np.isin(np.tile(names, len(originals.looks)), plain)}
        for name, rows in shown.items():
            share = told[rows].sum() / max(1, found[rows].sum())
            print(f"{name}: {found[rows].mean():.1%} found alike, of these {share:.2%} told to be variants")
    print()


if __name__ == "__main__":
    sys.exit(main())
