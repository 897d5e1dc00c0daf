"""PixelProse's columns: one long caption per image, with the model that wrote it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.exports.formats import Format, parquet
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import write_parquet

TOXICITY = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
SCHEMA = pa.schema([
    *((name, pa.string()) for name in ("uid", "url", "key", "status", "original_caption", "vlm_model", "vlm_caption")),
    *((name, pa.float64()) for name in TOXICITY),
    ("aesthetic_score", pa.float64()), ("watermark_class_id", pa.int64()), ("watermark_class_score", pa.float64()),
    ("original_width", pa.int64()), ("original_height", pa.int64()), ("exif", pa.string()), ("sha256", pa.string()),
])  # fmt: skip


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a file; scores that no release holds are null."""
    write_parquet(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    return {
        "uid": sample.image_id[:32],
        "url": sample.row["url"],
        "key": sample.image_id,
        "status": "success",
        "original_caption": sample.said("alt"),
        "vlm_model": sample.row["model"],
        "vlm_caption": sample.text,
        "original_width": sample.row["width"],
        "original_height": sample.row["height"],
        "sha256": sample.image_id,
    }


FORMAT = Format(
    doc="Parquet: uid, url, original_caption (alt text), vlm_model, vlm_caption (the mix's text), sizes, empty scores",
    reader="what reads PixelProse",
    modes=("reference",),
    shard=parquet,
    write=write,
    rows=100_000,
    local=False,
    credits=True,
)
