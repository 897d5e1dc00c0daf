"""SimpleTuner: folders of images, each with a Parquet file of captions and sizes, and a data loader's settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.exports.credits import FIELDS
from dataset_build.exports.files import write_json
from dataset_build.exports.formats import COMMON, Format, Job, folder
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import METADATA, write_folder

SETTINGS = "multidatabackend.json"
SCHEMA = pa.schema([("filename", pa.string()), ("caption", pa.string()), *FIELDS])


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a folder of images and metadata.parquet: filename with extension, caption, width, height, details."""
    write_folder(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    return {"filename": sample.file, "caption": sample.text, **sample.details()}


def finish(job: Job) -> list[str]:
    """Write multidatabackend.json: a backend per folder, and one for text embeddings."""
    texts = {"id": "text-embeds", "type": "local", "dataset_type": "text_embeds", "default": True}
    backends = [_backend(job, name) for name in job.filled]
    write_json(job.out / SETTINGS, [*backends, {**texts, "cache_dir": f"{job.root}/cache/text"}])
    return [SETTINGS]


def _backend(job: Job, name: str) -> dict[str, Any]:
    return {
        "id": f"release-{job.version}-{name}",
        "type": "local",
        "dataset_type": "image",
        "instance_data_dir": f"{job.root}/{name}",
        "cache_dir_vae": f"{job.root}/cache/vae/{name}",
        "metadata_backend": "parquet",
        "caption_strategy": "parquet",
        "parquet": {
            "path": f"{job.root}/{name}/{METADATA}",
            "filename_column": "filename",
            "caption_column": "caption",
            "width_column": "width",
            "height_column": "height",
            "identifier_includes_extension": True,
        },
        "resolution": 1024,
        "resolution_type": "pixel",
        "crop": False,
    }


FORMAT = Format(
    doc="folders of images, each with metadata.parquet, and multidatabackend.json that names them",
    reader="SimpleTuner",
    modes=("copy",),
    shard=folder,
    write=write,
    finish=finish,
    pictures=COMMON,
)
