"""Hugging Face ImageFolder: folders of images, each with a metadata.jsonl."""

import json
from collections.abc import Iterator
from pathlib import Path

from dataset_build.exports.formats import Format, copy_images
from dataset_build.exports.samples import Sample

# The image formats whose extensions Hugging Face's ImageFolder looks for, of those that browsers and trainers open.
PICTURES = frozenset({"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "TGA", "PPM"})


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a folder of images and its metadata.jsonl: file_name, text and details of each."""
    path.mkdir()
    with (path / "metadata.jsonl").open("w", encoding="utf-8", newline="") as file:
        for sample in samples:
            copy_images(path, iter([sample]))
            line = {"file_name": sample.file, "text": sample.text, **sample.details()}
            file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")


FORMAT = Format(
    doc="folders of images, each with a metadata.jsonl: file_name, text, details",
    reader="datasets (imagefolder), diffusers' training scripts",
    modes=("copy",),
    shard=lambda number, _: f"train/{number:05d}",
    write=write,
    pictures=PICTURES,
)
