"""kohya-ss/sd-scripts: folders of images with their captions in .txt files and a metadata file, and settings that name
them."""

import json
from collections.abc import Iterator
from pathlib import Path

from dataset_build.exports.files import write_text
from dataset_build.exports.formats import COMMON, Format, Job, copy_images, folder
from dataset_build.exports.samples import Row, Sample, one_line

METADATA = "metadata.json"
TURNED = 5  # EXIF orientations from 5 on lie on their side
SETTINGS = """\
[general]
caption_extension = ".txt"
enable_bucket = true
min_bucket_reso = 256
max_bucket_reso = 2048
bucket_reso_steps = 64

[[datasets]]
resolution = 1024
"""


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a folder of images, a .txt for each, and metadata.json; in reference mode only the last."""
    path.mkdir()
    entries = {}
    for sample in samples:
        copy_images(path, iter([sample]))
        if sample.data is None:
            entries[sample.path] = _entry(sample)
        else:
            entries[sample.file] = _entry(sample)
            (path / f"{sample.image_id}.txt").write_text(one_line(sample.text) + "\n", "utf-8")
    text = json.dumps(entries, indent=1, ensure_ascii=False)
    (path / METADATA).write_text(text, "utf-8")


def _entry(sample: Sample) -> Row:
    """What the metadata file says of an image. sd-scripts takes files as they are stored and turns none."""
    width, height = sample.row["width"], sample.row["height"]
    turned = (sample.row["orientation"] or 1) >= TURNED
    return {"caption": one_line(sample.text), "image_size": [height, width] if turned else [width, height]}


def finish(job: Job) -> list[str]:
    """Write dataset.toml, for captions from .txt files, and dataset_metadata.toml, for those of the metadata files."""
    folders = [f"{job.root}/{name}" for name in job.filled]
    files = {"dataset_metadata.toml": [_subset(path, f"{path}/{METADATA}") for path in folders]}
    if any(any((job.out / name).glob("*.txt")) for name in job.filled):
        files["dataset.toml"] = [_subset(path) for path in folders]
    for name, subsets in files.items():
        write_text(job.out / name, SETTINGS + "".join(subsets))
    return list(files)


def _subset(image_dir: str, metadata_file: str | None = None) -> str:
    lines = ["", "[[datasets.subsets]]", f"image_dir = {_quoted(image_dir)}"]
    return "\n".join([*lines, *([f"metadata_file = {_quoted(metadata_file)}"] if metadata_file else []), ""])


def _quoted(text: str) -> str:
    """A TOML string: JSON's are that too."""
    return json.dumps(text, ensure_ascii=False)


FORMAT = Format(
    doc="folders of images with .txt captions and metadata.json, and dataset.toml that names them",
    reader="kohya-ss/sd-scripts (--dataset_config)",
    modes=("copy", "reference"),
    shard=folder,
    write=write,
    finish=finish,
    pictures=COMMON,
    credits=True,
)
