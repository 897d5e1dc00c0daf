"""The hashes of all images that were searched, on disk and ready to be searched again. What is lost is read anew."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataset_build.dedup.segments import ARRAYS, INPUT, Arrival, Segment, arrive, from_arrays, merged, places, to_arrays
from dataset_build.parquet_files import open_parquet
from dataset_build.schemas import IMAGE_FACTS
from resources.storage import publishing, read_json, write_json

LOOK = IMAGE_FACTS.schema.field("look").type.byte_width
FANOUT = 4  # a segment stays apart as long as the next one has less than a fourth of its images


class HashIndex:
    """Segments as memory-mapped arrays, and the thumbnails of their images in files to which nothing is added.

    `drops` are those whose images are in it, with the versions of their facts. What the manifest doesn't list does
    not count and is deleted with the next change; an index that can't be read or holds other drops is as none.
    """

    def __init__(self, folder: Path, turned: bool, searched: Mapping[str, str]) -> None:
        self.folder, self.turned = folder, turned
        self.drops: dict[str, str] = {}
        self.segments: list[Segment] = []
        self._folders: list[str] = []
        self._looks: list[tuple[str, int]] = []
        self._open(searched)

    def read(self, parts: Iterable[Path]) -> Arrival:
        """The images of some parts of image_facts that are new to the index; their thumbnails are copied."""
        tables, name, rows = [INPUT.empty_table()], self._unused("looks"), 0
        with publishing(self.folder / name) as temporary, temporary.open("wb") as file:
            for batch in _decoded(parts):
                tables.append(pa.Table.from_batches([batch.select(INPUT.names)]).cast(INPUT))
                file.write(_bytes_of(batch["look"]))
                rows += batch.num_rows
        first = sum(count for _, count in self._looks)
        self._looks.append((name, rows))
        return arrive(pa.concat_tables(tables), self.segments, self.turned, first)

    def looks(self, new: Segment, images: pa.Array) -> dict[str, bytes]:
        """The thumbnails of images that are in the index or in a segment that was read."""
        names, position = np.array(images.to_pylist(), "S"), np.full(len(images), -1)
        for segment in (*self.segments, new):
            place = places(segment.ids, names)
            position[place >= 0] = segment.look[place[place >= 0]]
        found: dict[str, bytes] = {}
        start = 0
        for name, count in self._looks:
            here = (position >= start) & (position < start + count)
            if here.any():
                file = np.memmap(self.folder / name, np.uint8, "r", shape=(count, LOOK))
                looks = file[position[here] - start]
                found |= {image: look.tobytes() for image, look in zip(names[here].astype(str), looks, strict=True)}
            start += count
        return found

    def keep(self, new: Segment, drops: Mapping[str, str]) -> None:
        """Add a segment that was read: `drops` are in the index from then on."""
        if len(new.ids):
            self._add(new)
        write_json(
            self.folder / "manifest.json", {"drops": dict(drops), "segments": self._folders, "looks": self._looks}
        )
        self._clear()
        self.drops = dict(drops)

    def _add(self, new: Segment) -> None:
        """Write a segment, merged with those before it that are not much larger."""
        last = [new]
        while self.segments and len(self.segments[-1].ids) <= FANOUT * sum(len(each.ids) for each in last):
            last.insert(0, self.segments.pop())
            self._folders.pop()
        name = self._unused("segment")
        for key, array in to_arrays(merged(last) if len(last) > 1 else new).items():
            with publishing(self.folder / name / f"{key}.npy") as temporary, temporary.open("wb") as file:
                np.save(file, array, allow_pickle=False)
        self._folders.append(name)
        self.segments.append(_segment(self.folder / name))

    def _open(self, searched: Mapping[str, str]) -> None:
        manifest = read_json(self.folder / "manifest.json")
        if manifest and manifest["drops"].items() <= searched.items():
            try:
                segments = [_segment(self.folder / name) for name in manifest["segments"]]
                sizes = [(self.folder / name).stat().st_size == rows * LOOK for name, rows in manifest["looks"]]
            except (OSError, ValueError):
                return
            if all(sizes):
                self.segments, self.drops = segments, manifest["drops"]
                self._folders = list(manifest["segments"])  # changed by _add; what read_json gives is not to be
                self._looks = [tuple(each) for each in manifest["looks"]]

    def _unused(self, kind: str) -> str:
        numbers = (int(path.name.split("-")[1]) for path in self.folder.glob(f"{kind}-*"))
        return f"{kind}-{max(numbers, default=0) + 1:05d}"

    def _clear(self) -> None:
        """Delete what the manifest doesn't list."""
        for path in self.folder.glob("segment-*"):
            if path.name not in self._folders:
                shutil.rmtree(path)
        for path in self.folder.glob("looks-*"):
            if path.name not in dict(self._looks):
                path.unlink()


def _segment(folder: Path) -> Segment:
    return from_arrays({name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS})


def _decoded(parts: Iterable[Path]) -> Iterable[pa.RecordBatch]:
    """The rows of parts of image_facts that have pixels."""
    for part in parts:
        with open_parquet(part) as file:
            for batch in file.iter_batches(columns=["status", *INPUT.names, "look"], batch_size=8192):
                yield batch.filter(pc.equal(batch["status"], "ok"))


def _bytes_of(looks: Any) -> bytes:
    return b"".join(look or bytes(LOOK) for look in looks.to_pylist())
