"""Recap-DataComp-1B's columns: the new caption beside the one of the web."""

from typing import Any

import pyarrow as pa

from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import table_of_texts

TEXTS = ("url", "re_caption", "org_caption", "sha256", "key")
SCORES = ("re_clip_score", "org_clip_score")
COUNTS = ("re_length", "org_length", "re_gpt4v_score", "org_gpt4v_score")
SCHEMA = pa.schema([
    *((name, pa.string()) for name in TEXTS),
    *((name, pa.float64()) for name in SCORES),
    *((name, pa.int64()) for name in COUNTS),
])  # fmt: skip


def _row(sample: Sample) -> dict[str, Any]:
    """Lengths are in words, scores that no release holds are null."""
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


FORMAT = table_of_texts(
    "Parquet: url, re_caption (the mix's text), org_caption (alt text), sha256, key, lengths, empty scores",
    "what reads Recap-DataComp-1B",
    SCHEMA,
    _row,
)
