"""DataComp: which samples of a pool are in a set, as a sorted array of uids, and the pool's own table of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dataset_build.exports.files import publishing
from dataset_build.exports.formats import Format, Job
from dataset_build.exports.samples import Sample
from dataset_build.exports.tables import write_parquet

UIDS = "uids.npy"
DTYPE = np.dtype("u8,u8")
SCHEMA = pa.schema([
    ("uid", pa.string()), ("url", pa.string()), ("text", pa.string()), ("original_width", pa.int64()),
    ("original_height", pa.int64()), ("sha256", pa.string()),
])  # fmt: skip


def write(path: Path, samples: Iterator[Sample]) -> None:
    """Write a file of the pool's table, with the columns of DataComp's that are known here."""
    write_parquet(path, samples, SCHEMA, _row)


def _row(sample: Sample) -> dict[str, Any]:
    return {
        "uid": uid(sample),
        "url": sample.row["url"],
        "text": sample.text,
        "original_width": sample.row["width"],
        "original_height": sample.row["height"],
        "sha256": sample.image_id,
    }


def uid(sample: Sample) -> str:
    """32 hex digits: the first 128 bits of the image id. WebDataset exports hold the same."""
    return sample.image_id[:32]


def finish(job: Job) -> list[str]:
    """Write uids.npy: each uid as two 64-bit numbers, the higher first, sorted as the image ids are."""
    pairs = ((int(each[:16], 16), int(each[16:], 16)) for each in map(uid, job.samples()))
    with publishing(job.out / UIDS) as temporary, temporary.open("wb") as file:
        np.save(file, np.fromiter(pairs, DTYPE), allow_pickle=False)
    return [UIDS]


FORMAT = Format(
    doc="uids.npy, the sorted 128-bit uids of the set, and the pool's table",
    reader="DataComp's resharder over a webdataset export",
    modes=("reference",),
    shard=lambda number, _: f"metadata/{number:05d}.parquet",
    write=write,
    finish=finish,
    rows=100_000,
    local=False,
    credits=True,
)
