"""PixelProse's columns: one long caption per image, with the model that wrote it."""

from typing import Any

import pyarrow as pa

from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import table_of_texts

TOXICITY = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
SCHEMA = pa.schema([
    *((name, pa.string()) for name in ("uid", "url", "key", "status", "original_caption", "vlm_model", "vlm_caption")),
    *((name, pa.float64()) for name in TOXICITY),
    ("aesthetic_score", pa.float64()), ("watermark_class_id", pa.int64()), ("watermark_class_score", pa.float64()),
    ("original_width", pa.int64()), ("original_height", pa.int64()), ("exif", pa.string()), ("sha256", pa.string()),
])  # fmt: skip


def _row(sample: Sample) -> dict[str, Any]:
    """Scores that no release holds are null."""
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


FORMAT = table_of_texts(
    "Parquet: uid, url, original_caption (alt text), vlm_model, vlm_caption (the mix's text), sizes, empty scores",
    "what reads PixelProse",
    SCHEMA,
    _row,
)
