"""Hashes of copies are near each other, those of other pictures are not."""

import io

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from dataset_build.dedup import dihedral
from dataset_build.images import hashes
from dataset_build.images.measures import Box, inside_border

WHOLES = ("hash_whole", "hash_inside", "hash_trimmed")


@pytest.fixture
def nearest(measure, encode, distance):
    """The least distance between the views of two images that are stored as JPEG."""

    def views(image, *how, **options):
        row = measure(encode(image, *how, **options))
        return [row[view] for view in WHOLES], [row["hash_crops"][k : k + 32] for k in (0, 32, 64)]

    def nearest(a, b, quality=90):
        (wholes_a, crops_a), (wholes_b, crops_b) = views(a, "PNG"), views(b, "JPEG", quality=quality)
        sides = (wholes_a, wholes_b), (crops_a, wholes_b), (wholes_a, crops_b)
        return min(distance(one, other) for here, there in sides for one in here for other in there)

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
    assert nearest(image, image.crop((9, 7, 470, 350))) <= 48


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


def test_a_frame_around_an_even_margin_is_taken_off_alone(nearest):
    """Trimmed of all, little but a small part of a drawing would be left, and a line more or less would matter."""
    drawing = Image.new("RGB", (400, 300), "#d8d0c0")
    ImageDraw.Draw(drawing).ellipse((150, 90, 260, 220), "#407050")
    ImageDraw.Draw(drawing).rectangle((170, 120, 235, 150), "#d03020")
    assert nearest(drawing, ImageOps.expand(drawing, 20, "white"), quality=60) <= 8


@pytest.mark.parametrize(
    ("turn", "method"),
    [
        ((0, 0, 1), Image.Transpose.FLIP_LEFT_RIGHT), ((0, 1, 0), Image.Transpose.FLIP_TOP_BOTTOM),
        ((0, 1, 1), Image.Transpose.ROTATE_180), ((1, 0, 0), Image.Transpose.TRANSPOSE),
        ((1, 1, 0), Image.Transpose.ROTATE_90), ((1, 0, 1), Image.Transpose.ROTATE_270),
        ((1, 1, 1), Image.Transpose.TRANSVERSE),
    ],
)  # fmt: skip
def test_hashes_of_turned_pictures_follow_from_the_hash(measure, scene, encode, distance, turn, method):
    image = scene(seed=3)
    upright = np.frombuffer(measure(encode(image, "PNG"))["hash_whole"], np.uint64)[None]
    turned = measure(encode(image.transpose(method), "PNG"))["hash_whole"]
    assert distance(dihedral.turned(upright, turn).tobytes(), turned) <= 4


def test_a_look_leaves_the_frame_out(measure, scene, encode):
    framed = ImageOps.expand(scene(), 16, "white")
    looks = [np.frombuffer(measure(encode(image, "PNG"))["look"], np.uint8).astype(int) for image in (scene(), framed)]
    assert np.abs(looks[0] - looks[1]).mean() < 8


def test_a_look_holds_grey_levels_and_colours(measure, encode):
    picture = Image.new("RGB", (200, 100), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 50, 200, 100))
    look = np.frombuffer(measure(encode(picture, "PNG"))["look"], np.uint8)
    grey, blue, red = look[:1024].reshape(32, 32), look[1024:1280].reshape(16, 16), look[1280:].reshape(16, 16)
    assert grey[[0, 15, 16, 31]].tolist() == [[76] * 32] * 2 + [[29] * 32] * 2
    assert (blue[0, 0], red[0, 0]) == (85, 255)
    assert (blue[15, 15], red[15, 15]) == (255, 107)


def test_bits_are_the_signs_of_frequencies():
    wave = 128 + 100 * np.cos(np.pi * 3 * (2 * np.arange(64) + 1) / 128)
    bits = np.unpackbits(np.frombuffer(hashes.dct_hash(np.tile(wave, (64, 1)).astype(np.uint8)), np.uint8))
    assert bits.reshape(16, 16)[0, [0, 3]].tolist() == [1, 1]
    inverse = np.frombuffer(hashes.dct_hash(np.tile(255 - wave, (64, 1)).astype(np.uint8)), np.uint8)
    assert np.unpackbits(inverse).reshape(16, 16)[0, [0, 3]].tolist() == [1, 0]


def test_a_flat_or_small_inside_is_stood_in_for_by_the_whole():
    grey = np.full((200, 200), 255, np.uint8)
    grey[60:140, 60:140] = 90
    inside = inside_border(grey)
    whole, *others, crops = hashes.views(grey, inside, inside)
    assert [*others, crops] == [whole, whole, whole * 3]
    grey[60:140, 60:140] = np.random.default_rng(0).integers(0, 256, (80, 80))
    whole, first, trimmed, crops = hashes.views(grey, inside, inside)
    assert first == trimmed
    assert len({whole, first, *(crops[k : k + 32] for k in (0, 32, 64))}) == 5
    assert hashes.views(grey, inside, Box(60, 60, 75, 140)).trimmed == first


@pytest.mark.parametrize(("spread", "informative"), [(12, False), (13, True)])
def test_flat_images_are_uninformative(spread, informative):
    grey = np.full((64, 64), 100, np.uint8)
    grey[::2] = 100 + 2 * spread  # standard deviation: spread
    assert hashes.informative(grey) is informative


def test_tiny_images_are_uninformative():
    noise = np.random.default_rng(0).integers(0, 256, (16, 300), np.uint8)
    assert hashes.informative(noise)
    assert not hashes.informative(noise[:15])
