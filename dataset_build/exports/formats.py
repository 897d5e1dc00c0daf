"""What a format says about itself, so that run.py can write it."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataset_build.exports.samples import Mode, Sample

COMMON = frozenset({"JPEG", "MPO", "PNG", "WEBP", "BMP"})  # image formats that every trainer opens


@dataclass(frozen=True)
class Shard:
    """A run of rows, written: its file or folder, how many are in it, which were left out, and why."""

    name: str
    rows: int
    skipped: Mapping[str, tuple[str, str]]  # image id: reason, detail
    written: Mapping[str, Any] | None  # see files.describe; null when the format writes nothing by shards
    texts: Sequence[Mapping[str, Any]]  # kind, recipe, how many rows of them, how many that aren't what the mix wanted


@dataclass(frozen=True)
class Job:
    """What a format sees once all its shards are written; `samples()` goes through all that is in them."""

    out: Path
    root: str  # where the folder will lie for its consumer
    version: str  # of the release
    shards: list[Shard]
    samples: Callable[[], Iterator[Sample]] = field(repr=False)

    def place(self, sample: Sample) -> str:
        """Where the consumer will find the image: under the root, or where the original lies."""
        return posixpath.join(self.root, sample.path or "")

    @property
    def filled(self) -> list[str]:
        """The names of the shards that hold anything."""
        return [shard.name for shard in self.shards if shard.rows]


@dataclass(frozen=True)
class Format:
    """How to write one format: shard by shard, then what spans them.

    `write` makes a file or a folder of a path that isn't there yet, or nothing; it goes through all samples.
    """

    doc: str
    reader: str
    modes: tuple[Mode, ...]  # how it may hold images, the default first
    shard: Callable[[int, int], str]  # name of a shard, from its number and that of all shards
    write: Callable[[Path, Iterator[Sample]], None]
    finish: Callable[[Job], list[str]] | None = None  # names of the files it wrote
    rows: int = 10_000  # in a shard
    pictures: frozenset[str] | None = None  # image formats that its readers open; null for all
    local: bool = True  # in reference mode it names files of this machine; false: an address or the id is enough
    credits: bool = False  # it has no room for source and licence: they are written beside it


def folder(number: int, _: int) -> str:
    """Names of shards that are folders."""
    return f"{number:05d}"


def parquet(number: int, shards: int) -> str:
    """Names by which Hugging Face's libraries find the files of a split."""
    return f"data/train-{number:05d}-of-{shards:05d}.parquet"


def copy_images(path: Path, samples: Iterator[Sample]) -> None:
    """Write a folder of images; nothing when they are only named."""
    for sample in samples:
        if sample.data is not None:
            path.mkdir(exist_ok=True)
            (path / sample.file).write_bytes(sample.data)
