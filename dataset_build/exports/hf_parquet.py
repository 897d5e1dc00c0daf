"""Hugging Face Parquet: the images inside, with the features that make `load_dataset` decode them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.exports.credits import FIELDS
from dataset_build.exports.formats import Format, parquet
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import write_parquet

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS = (("image", IMAGE), ("text", pa.string()), *FIELDS)


def _feature(kind: pa.DataType) -> dict[str, Any]:
    return {"_type": "Image"} if kind == IMAGE else {"dtype": str(kind), "_type": "Value"}


FEATURES = {"info": {"features": {name: _feature(kind) for name, kind in COLUMNS}}}
SCHEMA = pa.schema(COLUMNS, metadata={"huggingface": json.dumps(FEATURES)})


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a file of images, texts and details; in reference mode an image is the path where it lies."""
    write_parquet(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    image = {"bytes": sample.data, "path": sample.path or sample.file}
    return {"image": image, "text": sample.text, **sample.details()}


FORMAT = Format(
    doc="Parquet files with an image column (bytes, path), text, details",
    reader="datasets (parquet), anything that reads Parquet",
    modes=("embed", "reference"),
    shard=parquet,
    write=write,
    rows=5_000,
)
