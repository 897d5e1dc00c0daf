"""CapsFusion's four columns: the text of the web, a short synthetic caption, and what was made of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.exports.formats import Format, parquet
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import write_parquet

SCHEMA = pa.schema([(name, pa.string()) for name in ("image_url", "laion_2b", "laion_coco", "capsfusion")])
SYNTHETIC = ("short", "ssc", "single_pass", "caption")  # kinds of text that stand for LAION-COCO's, best first


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a file: the address, the alt text, the shortest synthetic caption there is, and the mix's choice."""
    write_parquet(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    synthetic = next(filter(None, map(sample.said, SYNTHETIC)), None)
    return {
        "image_url": sample.row["url"],
        "laion_2b": sample.said("alt"),
        "laion_coco": synthetic,
        "capsfusion": sample.text,
    }


FORMAT = Format(
    doc="Parquet: image_url, laion_2b (alt text), laion_coco (short caption), capsfusion (the mix's text)",
    reader="what reads CapsFusion-120M",
    modes=("reference",),
    shard=parquet,
    write=write,
    rows=100_000,
    local=False,
    credits=True,
)
