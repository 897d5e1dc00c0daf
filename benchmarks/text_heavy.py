"""How many text-heavy images are found and how many others are taken for them; how fast, against the bare detector.

Labels of real images are in text_labels.csv: heavy, free (incidental text allowed) or left_out, with the reason.
Run it as `python -m benchmarks.text_heavy`.
"""

import argparse
import csv
import hashlib
import io
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from PIL import Image, ImageOps

from benchmarks.pictures import opaque
from benchmarks.text_pictures import FREE, HEAVY, drawn
from dataset_build.config import ImageLimits, Text
from dataset_build.sample.photos import photo
from dataset_build.schemas import LISTING
from dataset_build.text import regions
from dataset_build.text.lines import detector_input
from dataset_build.text.models import models_of, why_off

SHARED = Path(__file__).parents[2] / "shared" / "data"
LABELS = Path(__file__).with_name("text_labels.csv")
LIMITS = ImageLimits()
GOALS = {"precision": 0.95, "recall": 0.93, "images/s": 9.0, "ratio": 0.90}


class Sample(NamedTuple):
    """One labelled image file."""

    group: str
    name: str
    heavy: bool
    data: bytes


def real() -> Iterator[Sample]:
    """The labelled files that are there."""
    with LABELS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = SHARED / row["file"]
            if row["label"] != "left_out" and path.exists():
                yield Sample(row["file"].split("/")[0], row["file"], row["label"] == "heavy", path.read_bytes())


def made(count: int, seed: int) -> Iterator[Sample]:
    """Drawn pictures, as JPEG."""
    for heavy, kinds in ((True, HEAVY), (False, FREE)):
        for number, (group, image) in enumerate(drawn(kinds, count, seed)):
            yield Sample(group, f"{group} {number % count}", heavy, jpeg(image))


def jpeg(image: Image.Image) -> bytes:
    """As a file of quality 90."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def rows_of(folder: Path, files: list[bytes]) -> list[pa.RecordBatch]:
    """The files put into a folder, and a batch of one place for each."""
    batches = []
    for number, data in enumerate(files):
        (folder / f"{number}").write_bytes(data)
        row = {"uri": f"{number}", "image_id": hashlib.sha256(data).hexdigest()}
        batches.append(pa.RecordBatch.from_pylist([row], LISTING.schema.append(pa.field("image_id", pa.string()))))
    return batches


def accuracy(samples: list[Sample], max_area: float) -> tuple[float, float]:
    """Print what was found by group and what was mistaken; gives precision and recall."""
    counts: dict[str, Counter[tuple[bool, bool]]] = defaultdict(Counter)
    mistaken = []
    with tempfile.TemporaryDirectory() as folder:
        for sample, rows in zip(samples, rows_of(Path(folder), [s.data for s in samples]), strict=True):
            area = regions.detect(rows, Path(folder), LIMITS).column("text_area")[0].as_py()
            flagged = area is not None and area > max_area
            counts[sample.group][sample.heavy, flagged] += 1
            if flagged != sample.heavy:
                mistaken.append(f"{'missed' if sample.heavy else 'wrong'}: {sample.name} (text_area {area:.3f})")
    print(f"{'group':<22} heavy found | free flagged")
    for group, count in counts.items():
        heavy, free = (count[kind, True] + count[kind, False] for kind in (True, False))
        print(f"{group:<22} {count[True, True]:>5} of {heavy:<3} | {count[False, True]:>4} of {free}")
    print("\n".join(mistaken))
    total = sum(counts.values(), Counter())
    flagged = total[True, True] + total[False, True]
    return total[True, True] / max(flagged, 1), total[True, True] / max(total[True, True] + total[True, False], 1)


def speed(files: list[bytes], rounds: int) -> tuple[float, float]:
    """Images per second from file to row, and of the bare detector on the same prepared inputs.

    The two take turns, and each image's best round counts, so that noise does not.
    """
    detector = regions._detector
    assert detector
    session, ours, bare = detector.detector, [], []
    with tempfile.TemporaryDirectory() as folder:
        for data, rows in zip(files, rows_of(Path(folder), files), strict=True):
            picture = detector_input(regions._pixels(data, LIMITS))
            pairs = [
                (
                    seconds(lambda: regions.detect(rows, Path(folder), LIMITS)),  # noqa: B023
                    seconds(lambda: session.run(None, {"x": picture})),  # noqa: B023
                )
                for _ in range(rounds)
            ]
            ours.append(min(a for a, _ in pairs))
            bare.append(min(b for _, b in pairs))
    return len(files) / sum(ours), len(files) / sum(bare)


def seconds(work: Callable[[], object]) -> float:
    """Processor time that it takes once: other processes on the machine don't count."""
    start = time.process_time()
    work()
    return time.process_time() - start


def text_free(samples: list[Sample]) -> dict[str, list[bytes]]:
    """Images without text, to be timed: drawn photos and real ones with 640 pixels on the longer side."""
    photos = [jpeg(photo(np.random.default_rng([9, n]), 640, 480).image) for n in range(16)]
    files = [s.data for s in samples if not s.heavy and not s.group.startswith("drawn")]
    large = [data for data in files if max(Image.open(io.BytesIO(data)).size) >= 500]
    return {
        "drawn photos, 640 px, JPEG": photos,
        "real images, 640 px, JPEG": [jpeg(_at_640(data)) for data in large],
        "the same as they are, most PNG": large,
    }


def _at_640(data: bytes) -> Image.Image:
    image = opaque(Image.open(io.BytesIO(data)))
    return ImageOps.contain(image, (640, 640))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20, help="drawn pictures of each kind")
    parser.add_argument("--rounds", type=int, default=5, help="times each image is timed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    text = Text()
    if why := why_off(text):
        raise SystemExit(f"text detection is off: {why}")
    regions.set_up(ImageLimits(timeout=600), models_of(text))
    samples = [*real(), *made(options.images, options.seed)]
    precision, recall = accuracy(samples, text.max_area)
    print(f"precision {precision:.3f} (goal {GOALS['precision']}), recall {recall:.3f} (goal {GOALS['recall']})")
    for name, files in text_free(samples).items():
        if files:
            ours, bare = speed(files, options.rounds)
            print(
                f"{name}, {len(files)} images: {ours:.1f} images/s per core (goal {GOALS['images/s']:.0f}), "
                f"bare detector {bare:.1f}/s, ratio {ours / bare:.1%} (goal {GOALS['ratio']:.0%})"
            )


if __name__ == "__main__":
    main()
