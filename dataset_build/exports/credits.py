"""sources.parquet: where each image of an export came from and under which licence, for formats without room for it."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from dataset_build.exports.files import publishing
from dataset_build.exports.samples import DETAILS, Sample
from dataset_build.exports.tables import write_parquet

CREDITS = "sources.parquet"
NUMBERS = {"width", "height"}
FIELDS = tuple((name, pa.int64() if name in NUMBERS else pa.string()) for name in DETAILS)
SCHEMA = pa.schema([("file", pa.string()), *FIELDS])


def write_credits(path: Path, samples: Iterator[Sample]) -> None:
    """Write one row per sample; file is its name in the export, or where the original lies."""
    with publishing(path) as temporary:
        write_parquet(temporary, samples, SCHEMA, lambda sample: {"file": sample.path, **sample.details()})
