"""How fast one image is measured, against decoding it alone, and how near phash comes to ImageHash's.

Run it as `python -m benchmarks.decode_once [FOLDER …]`; the images of the folders join the phash comparison.
"""

import argparse
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import imagehash
import numpy as np
import simplejpeg
from PIL import Image, ImageOps

from dataset_build.config import ImageLimits
from dataset_build.images import facts

LIMITS = ImageLimits()
MODES = ("L", "P", "RGB", "CMYK")  # ImageHash cuts deeper levels off, and has transparent pixels in any colour
SIZES = (("0.2 MP", 500, 400, 93, 13.0, 0.40), ("6 MP", 3000, 2000, 90, 9.0, 1.10))  # quality, noise, goal


def photo(width: int, height: int, quality: int, noise: float, seed: int) -> bytes:
    """A JPEG with the spectrum of a photograph: cloudy octaves, hard edges and sensor noise."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.float32)
    for octave in range(1, 9):
        shape = (2**octave * height // width + 2, 2**octave + 2, 3)
        cells = random.normal(size=shape).astype(np.float32)
        picture += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC) * 70 / 1.5**octave
    for _ in range(30):
        centre = (int(random.integers(width)), int(random.integers(height)))
        colour = random.normal(scale=40, size=3)
        shape = np.zeros((height, width), np.uint8)
        cv2.circle(shape, centre, int(random.integers(width // 40, width // 8)), 1, -1)
        picture[shape > 0] += colour
    picture += random.normal(size=picture.shape) * noise
    stream = io.BytesIO()
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def speed(files: list[bytes], rounds: int) -> tuple[float, float]:
    """Images per second, measured and decoded alone; each image's best round counts, so that noise does not."""
    measured, decoded = [], []
    for data in files:
        pairs = [
            (seconds(lambda: facts.measure(data, LIMITS)), seconds(lambda: simplejpeg.decode_jpeg(data)))  # noqa: B023
            for _ in range(rounds)
        ]
        measured.append(min(m for m, _ in pairs))
        decoded.append(min(d for _, d in pairs))
    return len(files) / sum(measured), len(files) / sum(decoded)


def phash_differences(files: Iterator[bytes]) -> list[int]:
    """Bits in which `measure` and ImageHash on the full image disagree, for all images whose grey is not in doubt."""
    bits = []
    for data in files:
        row = facts.measure(data, LIMITS)
        if row["status"] != "ok" or row["has_alpha"] or row["mode"] not in MODES or not row["hash_informative"]:
            continue
        full = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        bits.append(imagehash.hex_to_hash(str(row["phash"])) - imagehash.phash(full.convert("RGB")))
    return bits


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="folders of images for the phash comparison")
    parser.add_argument("--images", type=int, default=8, help="generated images of each size")
    parser.add_argument("--rounds", type=int, default=15, help="times each image is measured")
    options = parser.parse_args()
    facts.warm_up()
    generated: list[bytes] = []
    for name, width, height, quality, noise, goal in SIZES:
        files = [photo(width, height, quality, noise, seed) for seed in range(options.images)]
        generated += files
        measured, decoded = speed(files, options.rounds)
        print(
            f"{name:>7}, {sum(map(len, files)) / len(files) / 1000:5.0f} kB: measure {measured:6.1f}/s, "
            f"simplejpeg {decoded:6.1f}/s, ratio {measured / decoded:5.1%} (goal {goal:.0%})"
        )
    found = {str(folder): [p for p in sorted(folder.rglob("*")) if p.is_file()] for folder in options.folders}
    sources = {"generated": iter(generated)} | {name: (p.read_bytes() for p in found[name]) for name in found}
    for name, source in sources.items():
        if bits := phash_differences(source):
            near = sum(b <= 2 for b in bits) / len(bits)
            print(f"phash, {len(bits)} images {name}: {near:.1%} within 2 bits, {max(bits)} at most (goal 99%)")


if __name__ == "__main__":
    main()
