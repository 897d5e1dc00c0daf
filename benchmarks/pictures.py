"""Distinct pictures to plant copies of: tiles of photos from elsewhere, and drawn ones."""

import warnings
from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dataset_build.config import ImageLimits
from dataset_build.images.facts import measure
from dataset_build.sample.photos import photo
from dataset_build.sample.scenes import scene

SHARED = Path(__file__).parents[2] / "shared" / "data"
FOLDERS = ("skimage_data", "imagehash_tests", "datajuicer_tests", "clip_retrieval_tests", "pillow_tests")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".mpo"}
UNFIT = {"motorcycle_right.png", "linear_gradient.png", "radial_gradient.png"}  # the other eye; no pictures
TILE = 256  # pixels: photos are cut into tiles of at least this side, smaller ones left whole
SMALLEST, LARGEST = 200, 1024  # pixels, sides of a base
LEAST_ENTROPY, LEAST_CONTRAST = 6, 20  # bits of the grey histogram, levels of 255
SAME = 0.8  # correlation of two 32 × 32 thumbnails above which two bases aren't distinct


class Picture(NamedTuple):
    """A picture and where it is from: photo or drawn."""

    origin: str
    image: Image.Image


def bases(count: int, seed: int) -> list[Picture]:
    """Distinct pictures: tiles of photos in random order, then drawn ones."""
    rng = np.random.default_rng(seed)
    tiles = [Picture("photo", tile) for path in photo_files() for tile in tiles_of(path)]
    shuffled = [tiles[k] for k in rng.permutation(len(tiles))]
    return list(islice(distinct(chain(shuffled, drawn(rng))), count))


def distinct(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """Those that aren't flat and not like one before, judged without any hash."""
    thumbs: list[NDArray[np.float64]] = []
    for picture in pictures:
        grey = picture.image.convert("L")
        thumb = np.asarray(grey.resize((32, 32), Image.Resampling.BOX), np.float64)
        thumb = (thumb - thumb.mean()) / (thumb.std() + 1e-9)
        busy = grey.entropy() >= LEAST_ENTROPY and np.asarray(grey).std() >= LEAST_CONTRAST
        if busy and all((thumb * other).mean() < SAME for other in thumbs):
            thumbs.append(thumb)
            yield picture


def photo_files() -> list[Path]:
    """Pictures from elsewhere, where they lie beside the checkout."""
    files = [path for folder in FOLDERS for path in sorted((SHARED / folder).rglob("*"))]
    return [path for path in files if path.suffix.lower() in SUFFIXES and path.name not in UNFIT]


def tiles_of(path: Path) -> Iterator[Image.Image]:
    """Parts of a picture that don't overlap, none when it is broken or small."""
    if measure(path.read_bytes(), ImageLimits())["status"] != "ok":
        return
    with warnings.catch_warnings(action="ignore"), Image.open(path) as opened:
        image = opaque(opened)
    across, down = max(1, image.width // TILE), max(1, image.height // TILE)
    columns = pairwise(round(k * image.width / across) for k in range(across + 1))
    lines = pairwise(round(k * image.height / down) for k in range(down + 1))
    for (x0, x1), (y0, y1) in product(columns, lines):
        if min(x1 - x0, y1 - y0) >= SMALLEST:
            tile = image.crop((x0, y0, x1, y1))
            tile.thumbnail((LARGEST, LARGEST))
            yield tile


def opaque(image: Image.Image) -> Image.Image:
    """The picture upright, over white, as RGB."""
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("RGB")


def drawn(rng: np.random.Generator) -> Iterator[Picture]:
    """Photo-like pictures and drawn scenes by turns, without end."""
    while True:
        for draw in (photo, scene):
            width, height = (16 * rng.integers(20, 41, 2)).tolist()
            yield Picture("drawn", draw(rng, width, height).image)
