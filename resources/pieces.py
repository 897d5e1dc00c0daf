"""Pieces: the unit in which tables are stored. A folder of Parquet parts, and a manifest that makes them visible."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.fingerprint import Fingerprint, digest
from dataset_build.locations import is_remote, scratch
from dataset_build.parquet_files import open_parquet
from dataset_build.release.copies import copy_of, local_copy
from dataset_build.schemas import Table
from resources.storage import (
    delete_folder,
    publish_file,
    read_json,
    sha256_of,
    stamp_of,
    unpublished,
    write_json,
    write_rows,
)

Provenance = Mapping[str, Any]
MANIFEST = "manifest.json"
COPIED = 32 << 20  # bytes up to which a part of a bucket is read as a whole, and kept in scratch


@dataclass(frozen=True)
class Piece:
    """One drop's share of a table, or a whole one, made under one fingerprint.

    While work proceeds, finished units lie in units/; `finish` merges them in order, so that the parts don't
    depend on interruptions. Rows are visible from the moment the manifest lists their part.
    """

    folder: Path
    table: Table
    fingerprint: Fingerprint

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What is visible: parts with rows, bytes and sha256, fingerprint in clear, inputs. None before that."""
        return read_json(self.folder / MANIFEST)

    @property
    def version(self) -> str | None:
        """Hash of the visible content; None before there is any."""
        return manifest["data_version"] if (manifest := self.manifest) else None

    @property
    def rows(self) -> int:
        """Visible rows."""
        return sum(part["rows"] for part in (self.manifest or {"parts": []})["parts"])

    def parts(self) -> list[Path]:
        """The visible Parquet files, in order; small ones of a bucket as copies on this machine, where they stay."""
        parts = (self.manifest or {"parts": []})["parts"]
        return [
            local_copy(self.folder / part["file"], part) if part["bytes"] <= COPIED else self.folder / part["file"]
            for part in parts
        ]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The visible rows."""
        for part in self.parts():
            yield from _batches(part)

    def unit(self, number: int) -> Path:
        """Where the rows of one unit of work wait until the piece is finished."""
        return self.folder / "units" / f"{number:08d}.parquet"

    def units(self) -> list[Path]:
        """The units that are done, in the order of their numbers."""
        return sorted((self.folder / "units").glob("*.parquet"))

    def finish(self, inputs: Mapping[str, str], provenance: Provenance) -> None:
        """Make the rows of all units visible, in the order of their numbers. A finished piece stays as it is."""
        if not self.version:
            self.replace((batch for unit in self.units() for batch in _batches(unit)), inputs, provenance)
        delete_folder(self.folder / "units")

    def replace(self, batches: Iterable[pa.RecordBatch], inputs: Mapping[str, str], provenance: Provenance) -> None:
        """Make `batches` the piece's only rows."""
        stamp = stamp_of(self.folder / MANIFEST)
        part = self._write(batches, number=0)
        self._publish([part], inputs, provenance, stamp)
        for folder in {self.folder, scratch(self.folder)}:
            for file in folder.glob("part-*.parquet"):
                if file.name != part["file"]:
                    file.unlink()

    def append(self, batches: Iterable[pa.RecordBatch], inputs: Mapping[str, str], provenance: Provenance) -> None:
        """Add rows to those that are visible. No part is written when there are none to add, unless it is the first."""
        stamp = stamp_of(self.folder / MANIFEST)
        before = (self.manifest or {"parts": []})["parts"]
        rows = (batch for batch in batches if batch.num_rows)
        some = list(islice(rows, 1))
        if some or not before:
            before = [*before, self._write(chain(some, rows), number=len(before))]
        self._publish(before, inputs, provenance, stamp)

    def merge(self, least: int) -> int:
        """Write neighbouring parts of fewer than `least` bytes as one. Returns how many parts there are less.

        Rows, their order and the version stay, so that nothing that was made from them is stale.
        """
        stamp, manifest = stamp_of(self.folder / MANIFEST), self.manifest or {"parts": []}
        groups = neighbours(manifest["parts"], least)
        saved = len(manifest["parts"]) - len(groups)
        if saved:
            parts = [self._merged(group, number) for number, group in enumerate(groups)]
            self._publish(parts, manifest["inputs"], manifest["provenance"], stamp)
            for file in {part["file"] for part in manifest["parts"]} - {part["file"] for part in parts}:
                (self.folder / file).unlink()
        return saved

    def adopt(self, old: "Piece", batches: Iterable[pa.RecordBatch]) -> None:
        """Take the rows of another piece over as `batches`, which hold the same under other columns. Its version stays,
        so that nothing that was made from them is stale."""
        stamp = stamp_of(self.folder / MANIFEST)
        manifest = old.manifest or {"parts": [], "inputs": {}, "provenance": {}}
        part = {**self._write(batches, number=0), "merged": _contents(manifest["parts"])}
        self._publish([part], manifest["inputs"], manifest["provenance"], stamp)

    def _merged(self, parts: list[dict[str, Any]], number: int) -> dict[str, Any]:
        if len(parts) == 1:
            return parts[0]
        files = [self.folder / part["file"] for part in parts]
        with open_parquet(files[0]) as first:
            schema = first.schema_arrow
        batches = (batch for file in files for batch in _batches(file))
        return {**self._write(batches, number, schema), "merged": _contents(parts)}

    def _write(self, batches: Iterable[pa.RecordBatch], number: int, schema: pa.Schema | None = None) -> dict[str, Any]:
        with unpublished(self.folder / f"part-{number:05d}.parquet") as new:
            rows = write_rows(new, batches, schema or self.table.schema)
            sha256, size = sha256_of(new), new.stat().st_size
            part = self.folder / f"part-{number:05d}-{sha256[:12]}.parquet"
            publish_file(new, part)
            if is_remote(part) and size <= COPIED:
                new.replace(copy_of(part, sha256))
        return {"file": part.name, "rows": rows, "bytes": size, "sha256": sha256}

    def _publish(
        self, parts: list[dict[str, Any]], inputs: Mapping[str, str], provenance: Provenance, stamp: str | None
    ) -> None:
        manifest = {
            "table": self.table.name,
            "fingerprint": str(self.fingerprint),
            "made_from": self.fingerprint.parts,
            "inputs": dict(inputs),
            "data_version": digest(_contents(parts))[:16],
            "parts": parts,
            "provenance": dict(provenance),
        }
        write_json(self.folder / MANIFEST, manifest, stamp)


def neighbours(parts: Sequence[dict[str, Any]], least: int) -> list[list[dict[str, Any]]]:
    """The parts of a manifest in groups to be merged: each as long as it holds fewer than `least` bytes."""
    groups: list[list[dict[str, Any]]] = []
    for part in parts:
        if groups and max(part["bytes"], sum(each["bytes"] for each in groups[-1])) < least:
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _contents(parts: Iterable[dict[str, Any]]) -> list[str]:
    """Hashes of the parts as they were first written."""
    return [sha256 for part in parts for sha256 in part.get("merged", [part["sha256"]])]


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with open_parquet(path) as file:
        yield from file.iter_batches()
