"""Damage that still decodes: how much of it is found, how many good pictures are blamed, and Pillow's own test files.

Run it as `python -m benchmarks.damage [FOLDER …] [--photos FOLDER] [--pillow FOLDER]`. JPEG photographs (generated
where no folder is named) are damaged, decoded by a lenient decoder and saved again; all pictures in the other folders
are taken for good. The last folder is Tests/images of Pillow, held against what its tests expect.
"""

import argparse
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image

from dataset_build.config import ImageLimits, Rules
from dataset_build.images import facts
from dataset_build.sample.photos import photo

EXPECTED = Path(__file__).parents[1] / "tests" / "images" / "pillow_tests.csv"
Random = np.random.Generator
Row = dict[str, object]


def cut(data: bytes, random: Random) -> bytes:
    """The first 30 to 95 %."""
    return data[: int(len(data) * random.uniform(0.3, 0.95))]


def flipped(data: bytes, random: Random) -> bytes:
    """Sixteen wrong bits."""
    damaged = bytearray(data)
    for place in random.integers(scan(data), len(data) - 2, 16):
        damaged[place] ^= 1 << int(random.integers(8))
    return bytes(damaged)


def zeroed(data: bytes, random: Random) -> bytes:
    """Four kilobytes of zeros."""
    return overwritten(data, random, bytes(4096))


def garbled(data: bytes, random: Random) -> bytes:
    """Two kilobytes of noise, without markers."""
    return overwritten(data, random, random.integers(0, 255, 2048, np.uint8).tobytes())


def dropped(data: bytes, random: Random) -> bytes:
    """Seven hundred bytes missing."""
    at = place(data, random)
    return data[:at] + data[at + 700 :]


def overwritten(data: bytes, random: Random, middle: bytes) -> bytes:
    """Some bytes in place of as many."""
    at = place(data, random)
    return data[:at] + middle[: len(data) - at - 2] + data[at + len(middle) :]


def scan(data: bytes) -> int:
    """Where the coded pixels begin, roughly."""
    return min(data.rfind(b"\xff\xda") + 14, len(data) - 4)


def place(data: bytes, random: Random) -> int:
    """Somewhere in the coded pixels."""
    first = scan(data)
    return int(random.integers(first, max(first + 1, len(data) - 3000)))


DAMAGE: tuple[Callable[[bytes, Random], bytes], ...] = (cut, flipped, zeroed, garbled, dropped)
COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "PNG": lambda image: encoded(image, "PNG"),
    "JPEG 85": lambda image: encoded(image, "JPEG", quality=85),
    "JPEG, half the size": lambda image: encoded(image.resize((image.width // 2, image.height // 2)), "JPEG"),
}


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    """The image as a file."""
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


def jpegs(folder: Path | None, count: int) -> Iterator[bytes]:
    """Photographs to damage: JPEG files, evenly spread over the folder, or generated ones."""
    if folder is None:
        for seed in range(count):
            yield encoded(photo(np.random.default_rng(seed), 500, 375).image, "JPEG", quality=90)
        return
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg")]
    for path in files[:: max(len(files) // count, 1)]:
        data = path.read_bytes()
        if measured(data)["status"] == "ok" and measured(data)["mode"] == "RGB":
            yield data


def measured(data: bytes) -> Row:
    """The facts."""
    return facts.measure(data, ImageLimits())


def tail(row: Row) -> bool:
    """Whether it is rejected for its tail."""
    return float(str(row["flat_tail"])) > Rules().max_flat_tail


def torn(row: Row, least: int) -> bool:
    """Whether so many rows are torn."""
    return int(str(row["torn_rows"] or 0)) >= least


def print_found(photos: list[bytes]) -> None:
    """The share of damaged files that is found, in their bytes and in copies saved by a lenient program."""
    print(f"{len(photos)} photographs\ndamage   copy                  files  bytes  tail  torn ≥ 2  torn ≥ 1")
    for number, damage in enumerate(DAMAGE):
        random = np.random.default_rng(number)
        files = [damage(data, random) for data in photos]
        noticed = np.mean([measured(data)["status"] != "ok" for data in files])
        for copy, save in COPIES.items():
            rows = [row for row in (measured(save(image)) for image in lenient(files)) if row["status"] == "ok"]
            shares = [np.mean([tail(r) for r in rows]), *(np.mean([torn(r, n) for r in rows]) for n in (2, 1))]
            told = "".join(f"{share:8.1%}" for share in (noticed, *shares))
            print(f"{damage.__name__:8} {copy:20}{len(rows):6}{told}")


def lenient(files: list[bytes]) -> Iterator[Image.Image]:
    """What a decoder that doesn't mind makes of them."""
    for data in files:
        try:
            yield Image.fromarray(simplejpeg.decode_jpeg(data, strict=False))
        except ValueError:
            continue


def print_blamed(folder: Path) -> None:
    """Good pictures that the rules would reject."""
    rows = {path: measured(path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}
    good = {path: row for path, row in rows.items() if row["status"] == "ok"}
    told = ", ".join(
        f"{sum(map(fails, good.values()))} {name}"
        for name, fails in (
            ("with a tail", tail),
            ("with 2 torn rows", lambda row: torn(row, 2)),
            ("with 1", lambda row: torn(row, 1)),
        )
    )
    print(f"{folder}: {len(good)} good pictures, {told}")
    for path, row in good.items():
        if tail(row) or torn(row, 2):
            print(f"  {path.name}: tail {row['flat_tail']:.3f}, torn rows {row['torn_rows']}")


def print_pillow(folder: Path) -> None:
    """Statuses against what Pillow's tests expect, and each difference."""
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {row["file"]: str(measured((folder / row["file"]).read_bytes())["status"]) for row in rows}
    counts = Counter((row["expected"], "ok" if found[row["file"]] == "ok" else "not ok") for row in rows)
    print("expected    ok  not ok")
    for expected in ("loads", "opens", "fails", "untested"):
        print(f"{expected:9}{counts[expected, 'ok']:5}{counts[expected, 'not ok']:8}")
    for row in rows:
        if row["status"]:
            print(f"  {row['file']}: {row['expected']}, here {found[row['file']]}: {row['reason']}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="folders of good pictures")
    parser.add_argument("--photos", type=Path, help="folder of JPEG photographs to damage")
    parser.add_argument("--count", type=int, default=100, help="photographs to damage")
    parser.add_argument("--pillow", type=Path, help="Tests/images of Pillow")
    options = parser.parse_args()
    facts.warm_up()
    print_found(list(jpegs(options.photos, options.count)))
    for folder in options.folders:
        print_blamed(folder)
    if options.pillow:
        print_pillow(options.pillow)


if __name__ == "__main__":
    main()
