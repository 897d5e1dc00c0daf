"""Rows of captions, written by the configured recipe."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from dataset_build.captions.compose import compose
from dataset_build.config import Captions
from dataset_build.fingerprint import digest
from dataset_build.schemas import CAPTIONS


def write_captions(texts: pa.RecordBatch, config: Captions, fingerprint: str, now: datetime) -> pa.RecordBatch:
    """A row of schemas.CAPTIONS for each row of (image_id, tags, alt_texts, input_hash)."""
    rows = [_caption(row, config, fingerprint, now) for row in texts.to_pylist()]
    return pa.RecordBatch.from_pylist(rows, CAPTIONS.schema)


def _caption(row: dict[str, Any], config: Captions, fingerprint: str, now: datetime) -> dict[str, Any]:
    tags = [(tag["tag"], tag["category"]) for tag in row["tags"]]
    caption = compose(tags, row["alt_texts"], config.max_tags)
    key = {
        "image_id": row["image_id"],
        "recipe": config.recipe,
        "variant": "caption",
        "fingerprint": fingerprint,
        "input_hash": row["input_hash"],
        "n": 0,
    }
    return {
        **key,
        "caption_id": digest(key),
        "caption": caption,
        "status": "ok" if caption else "empty",
        "model": "compose",
        "params": "{}",
        "attempt": 1,
        "final": True,
        "created_at": now,
    }
