"""Recap-DataComp-1B's columns: the new caption beside the one of the web."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.exports.formats import Format, parquet
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import write_parquet

TEXTS = ("url", "re_caption", "org_caption", "sha256", "key")
SCORES = ("re_clip_score", "org_clip_score")
COUNTS = ("re_length", "org_length", "re_gpt4v_score", "org_gpt4v_score")
SCHEMA = pa.schema([
    *((name, pa.string()) for name in TEXTS),
    *((name, pa.float64()) for name in SCORES),
    *((name, pa.int64()) for name in COUNTS),
])  # fmt: skip


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a file; lengths are in words, scores that no release holds are null."""
    write_parquet(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    alt = sample.said("alt")
    return {
        "url": sample.row["url"],
        "re_caption": sample.text,
        "org_caption": alt,
        "sha256": sample.image_id,
        "key": sample.image_id[:32],
        "re_length": len(sample.text.split()),
        "org_length": None if alt is None else len(alt.split()),
    }


FORMAT = Format(
    doc="Parquet: url, re_caption (the mix's text), org_caption (alt text), sha256, key, lengths, empty scores",
    reader="what reads Recap-DataComp-1B",
    modes=("reference",),
    shard=parquet,
    write=write,
    rows=100_000,
    local=False,
    credits=True,
)
