"""What a second look says of copies, of other pictures and of variants."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from dataset_build.config import Duplicates, ImageLimits
from dataset_build.dedup.second_look import second_look, second_looks
from dataset_build.images.facts import measure
from dataset_build.sample.scenes import scene

DEFAULTS = Duplicates()


def look(image, quality=90):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return measure(buffer.getvalue(), ImageLimits())["look"]


def picture(seed):
    return scene(np.random.default_rng(seed), 480, 360).image


def cropped(image, share):
    """A share of width and height gone, at the left and the top."""
    return image.crop((round(image.width * share), round(image.height * share), *image.size))


COPIES = {
    "jpeg": lambda image: image,
    "small": lambda image: image.resize((240, 180)),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "bright": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "pale": lambda image: ImageEnhance.Color(image).enhance(0.6),
    "cropped": lambda image: cropped(image, 0.08),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_agree(seed, copy):
    image = picture(seed)
    correlation, recoloured, redrawn = second_look(look(image), look(copy(image), quality=60))
    assert correlation >= DEFAULTS.confirm
    assert recoloured <= DEFAULTS.recoloured
    assert redrawn <= DEFAULTS.redrawn


def test_other_pictures_do_not_correlate():
    looks = [look(picture(seed)) for seed in range(6)]
    seen = [second_look(looks[a], looks[b]).correlation for a in range(6) for b in range(a)]
    assert max(seen) < DEFAULTS.confirm - 0.1


def test_another_hue_is_a_recolouring():
    image = Image.new("RGB", (300, 300), (200, 60, 60))
    ImageDraw.Draw(image).ellipse((80, 60, 220, 240), fill=(40, 60, 180))
    red, green, blue = image.split()
    found = second_look(look(image), look(Image.merge("RGB", (green, red, blue))))
    assert found.recoloured > 2 * DEFAULTS.recoloured
    assert second_look(look(image), look(image.convert("L").convert("RGB"))).recoloured == 0


def test_a_changed_patch_is_redrawn_but_not_at_the_rim():
    image, other, marked = (picture(0) for _ in range(3))
    ImageDraw.Draw(other).ellipse((200, 140, 290, 230), fill="black")
    ImageDraw.Draw(other).ellipse((230, 150, 260, 180), fill="white")
    ImageDraw.Draw(marked).rectangle((0, 320, 480, 360), fill="black")
    assert second_look(look(image), look(other)).redrawn > DEFAULTS.redrawn
    assert second_look(look(image), look(marked)).redrawn <= DEFAULTS.redrawn


def test_which_image_comes_first_plays_no_part():
    a, b = look(picture(0)), look(cropped(picture(0), 0.05))
    assert second_looks([(a, b)], 1) == second_looks([(b, a)], 2)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_looks_are_no_error(level):
    flat = bytes([level]) * 1536
    for other in (flat, look(picture(0))):
        assert all(np.isfinite(second_look(flat, other)))
