"""A scrape of small synthetic pictures, quick to draw and really to be decoded, with sidecars in two dialects."""

import json
from pathlib import Path

import numpy as np
import simplejpeg
from numpy.typing import NDArray

SIDES = (64, 128)  # pixels, of both sides; the scrape's shorter sides are spread evenly between
TAGS = (
    *(
        f"{colour}_{thing}"
        for colour in ("red", "blue", "green", "black")
        for thing in ("hat", "coat", "boat", "house")
    ),
    *("1girl", "solo", "outdoors", "smile", "rain", "night", "snow", "tree"),
)


def write_folder(folder: Path, count: int, seed: int) -> None:
    """`count` JPEG files of 2 to 4 kB, every second with tags in a text file, the others with a booru's JSON."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        path = folder / f"{number:06}.jpg"
        path.write_bytes(simplejpeg.encode_jpeg(_picture(rng), quality=85))
        tags = [TAGS[index] for index in rng.choice(len(TAGS), 4, replace=False)]
        if number % 2:
            path.with_suffix(".txt").write_text(", ".join(tags), "utf-8")
        else:
            post = {"id": seed * 1_000_000 + number, "tag_string": " ".join(tags), "rating": "g"}
            path.with_name(f"{path.name}.json").write_text(json.dumps(post), "utf-8")


def _picture(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blocks of random colours, sharp at their edges, no two pictures alike."""
    width, height = rng.integers(*SIDES, 2, endpoint=True)
    blocks = rng.integers(0, 256, (16, 16, 3), np.uint8)
    return np.ascontiguousarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8))[:height, :width])
