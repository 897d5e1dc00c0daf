"""Annotation files as caption-synthesize has them: beside each image the model's answer, and the tags it was given."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dataset_build.exports.formats import Format, copy_images, folder
from dataset_build.exports.samples import Sample
from dataset_build.tags.tagtext import render

RATINGS = {"general": "SAFE", "sensitive": "SAFE", "questionable": "QUESTIONABLE", "explicit": "EXPLICIT"}
UNKNOWN = "EXPLICIT"  # as it takes an image that the model refuses to rate


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a folder: <id>.json (RESPONSE, RATING, ADDITIONAL_TAGS), <id>.txt (tag text) and, if copied, the image."""
    path.mkdir()
    for sample in samples:
        copy_images(path, iter([sample]))
        text = json.dumps(_annotation(sample), indent=2, ensure_ascii=False)
        (path / f"{sample.image_id}.json").write_text(text + "\n", "utf-8")
        tags = [(each["tag"], each["category"]) for each in sample.row["merged_tags"] or ()]
        (path / f"{sample.image_id}.txt").write_text(render(tags, sample.row["rating"]) + "\n", "utf-8")


def _annotation(sample: Sample) -> dict[str, Any]:
    more = sample.said("extra_tags") or ""
    return {
        "RESPONSE": sample.text,
        "RATING": RATINGS.get(sample.row["rating"], UNKNOWN),
        "ADDITIONAL_TAGS": [tag.strip() for tag in more.split(",") if tag.strip()],
    }


FORMAT = Format(
    doc="per image <id>.json (RESPONSE, RATING, ADDITIONAL_TAGS), <id>.txt (tag text) and the image",
    reader="caption-synthesize",
    modes=("copy", "reference"),
    shard=folder,
    write=write,
    local=False,
    credits=True,
)
