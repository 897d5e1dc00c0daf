"""WebDataset: tar shards with an image, its text and its details side by side. Read by webdataset, open_clip, Hugging
Face datasets, DataComp."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

from dataset_build.exports.formats import Format
from dataset_build.exports.samples import Sample

# Every image's extension, whatever its format. Loaders pair files by extension and go by content when they decode, and
# Hugging Face's loses the images of a shard whose extension isn't that of the first.
IMAGE = "jpg"


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a shard: <image id>.jpg, .json and .txt for each sample, in this order."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for sample in samples:
            details = {"uid": sample.image_id[:32], **sample.details(), "caption": sample.text}
            _add(tar, f"{sample.image_id}.{IMAGE}", sample.data or b"")
            _add(tar, f"{sample.image_id}.json", json.dumps(details, ensure_ascii=False, allow_nan=False).encode())
            _add(tar, f"{sample.image_id}.txt", sample.text.encode())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member whose header depends on nothing else."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


FORMAT = Format(
    doc="tar shards: <id>.jpg (the untouched bytes, of any image format), <id>.txt, <id>.json",
    reader="webdataset, open_clip (--dataset-type webdataset), datasets (webdataset)",
    modes=("embed",),
    shard=lambda number, _: f"{number:05d}.tar",
    write=write,
)
