"""Hugging Face ImageFolder: folders of images, each with a metadata.parquet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.exports.credits import FIELDS
from dataset_build.exports.formats import Format
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import write_folder

# The image formats whose extensions Hugging Face's ImageFolder looks for, of those that browsers and trainers open.
PICTURES = frozenset({"JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "TGA", "PPM"})
SCHEMA = pa.schema([("file_name", pa.string()), ("text", pa.string()), *FIELDS])


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a folder of images and its metadata.parquet: file_name, text and details of each."""
    write_folder(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    return {"file_name": sample.file, "text": sample.text, **sample.details()}


FORMAT = Format(
    doc="folders of images, each with a metadata.parquet: file_name, text, details",
    reader="datasets (imagefolder), diffusers' training scripts",
    modes=("copy",),
    shard=lambda number, _: f"train/{number:05d}",
    write=write,
    pictures=PICTURES,
)
