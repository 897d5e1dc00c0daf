"""Hashes of copies are near each other, those of other pictures are not."""

import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps

from dataset_build.images import hashes
from dataset_build.images.measures import Box, inside_border

VIEWS = ("hash_whole", "hash_trimmed", "hash_centre")
PAIRS = ((0, 0), (1, 1), (1, 2), (2, 1), (2, 2))


@pytest.fixture
def nearest(measure, encode, distance):
    """The least distance between the views of two images that are stored as JPEG."""

    def nearest(a, b, quality=90):
        first, second = measure(encode(a, "PNG")), measure(encode(b, "JPEG", quality=quality))
        return min(distance(first[VIEWS[i]], second[VIEWS[j]]) for i, j in PAIRS)

    return nearest


@pytest.mark.parametrize("seed", range(4))
def test_copies_are_near(nearest, scene, seed):
    image = scene(seed=seed)
    assert nearest(image, image, quality=30) <= 12
    assert nearest(image, image.resize((240, 180), Image.Resampling.LANCZOS)) <= 12
    assert nearest(image, image.resize((960, 720), Image.Resampling.LANCZOS)) <= 12
    assert nearest(image, ImageOps.expand(image, 24, "white")) <= 31
    assert nearest(image, ImageOps.pad(image, (480, 480), color="black")) <= 31
    assert nearest(image, image.convert("L")) <= 12


def test_other_pictures_are_far(nearest, scene):
    assert min(nearest(scene(seed=a), scene(seed=b)) for a in range(4) for b in range(a)) > 72


@pytest.mark.parametrize("size", [(300, 200), (480, 360), (1500, 1100), (640, 2200)])
@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_phash_is_that_of_imagehash(measure, scene, encode, size, name):
    data = encode(scene(*size), name)
    full = imagehash.phash(Image.open(io.BytesIO(data)))
    assert imagehash.hex_to_hash(measure(data)["phash"]) - full <= 2


def test_phash_of_real_photographs(measure, shared_data):
    files = [f for folder in ("skimage_data", "datajuicer_tests") for f in sorted((shared_data / folder).glob("*.jpg"))]
    rows = [(measure(f.read_bytes()), imagehash.phash(Image.open(f))) for f in files if f.name != "truncated.jpg"]
    assert len(rows) >= 15
    assert max(imagehash.hex_to_hash(row["phash"]) - full for row, full in rows) <= 2


def test_a_hash_has_half_its_bits_set():
    grey = np.random.default_rng(0).integers(0, 256, (100, 100), np.uint8)
    assert int.from_bytes(hashes.dct_hash(grey), "big").bit_count() == 128


def test_bits_are_the_signs_of_frequencies():
    wave = 128 + 100 * np.cos(np.pi * 3 * (2 * np.arange(64) + 1) / 128)
    bits = np.unpackbits(np.frombuffer(hashes.dct_hash(np.tile(wave, (64, 1)).astype(np.uint8)), np.uint8))
    assert bits.reshape(16, 16)[0, [0, 3]].tolist() == [1, 1]


def test_a_flat_or_small_inside_is_stood_in_for_by_the_whole():
    grey = np.full((200, 200), 255, np.uint8)
    grey[60:140, 60:140] = 90
    whole, trimmed, centre = hashes.three_views(grey, inside_border(grey))
    assert whole == trimmed == centre
    grey[60:140, 60:140] = np.random.default_rng(0).integers(0, 256, (80, 80))
    whole, trimmed, centre = hashes.three_views(grey, inside_border(grey))
    assert len({whole, trimmed, centre}) == 3
    assert hashes.three_views(grey, Box(60, 60, 75, 140))[1] == whole


@pytest.mark.parametrize(("spread", "informative"), [(12, False), (13, True)])
def test_flat_images_are_uninformative(spread, informative):
    grey = np.full((64, 64), 100, np.uint8)
    grey[::2] = 100 + 2 * spread  # standard deviation: spread
    assert hashes.informative(grey) is informative


def test_tiny_images_are_uninformative():
    noise = np.random.default_rng(0).integers(0, 256, (16, 300), np.uint8)
    assert hashes.informative(noise)
    assert not hashes.informative(noise[:15])
