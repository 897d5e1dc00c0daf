"""Pictures to encode, damage and measure."""

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image

from dataset_build.config import ImageLimits
from dataset_build.images import facts


@pytest.fixture
def measure():
    """facts.measure with the default limits."""
    return lambda data: facts.measure(data, ImageLimits())


@pytest.fixture
def encode():
    """An image as the bytes of a file."""

    def encode(image, name, **options):
        stream = io.BytesIO()
        image.save(stream, name, **options)
        return stream.getvalue()

    return encode


@pytest.fixture(scope="session")
def scene():
    """A picture with the spectrum of a photograph: scene(width, height, seed)."""

    @cache
    def drawn(width, height, seed):
        random = np.random.default_rng(seed)
        picture = np.full((height, width, 3), 128.0)
        for octave in range(1, 8):
            cells = random.normal(size=(2**octave, 2**octave, 3)) * 45 / 1.4**octave
            for channel in range(3):
                layer = Image.fromarray(cells[:, :, channel].astype(np.float32))
                picture[:, :, channel] += np.asarray(layer.resize((width, height), Image.Resampling.BICUBIC))
        picture += random.normal(scale=4, size=picture.shape)
        return Image.fromarray(picture.clip(0, 255).astype(np.uint8))

    return lambda width=480, height=360, seed=0: drawn(width, height, seed).copy()


@pytest.fixture(scope="session")
def distance():
    """Bits in which two hashes differ."""
    return lambda a, b: (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()
