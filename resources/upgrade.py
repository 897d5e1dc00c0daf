"""Tables that were written before a column was added: carried over with nulls in it, not made again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.errors import UserError
from dataset_build.fingerprint import Fingerprint
from resources.lake import EVERY_FINGERPRINT, PER_DROP, TABLES, Lake
from resources.pieces import Piece
from resources.storage import lock, read_json

Older = tuple[Piece, Piece]  # the piece as it would be now, and as it was written


class OlderLake(UserError):
    """Tables of the lake lack columns that they have now; the message says what to run."""


def refuse_older(lake: Lake) -> None:
    """Raise OlderLake when a build would make again what `upgrade` carries over."""
    if names := sorted({new.table.name for new, _ in older(lake)}):
        raise OlderLake(
            f"{', '.join(names)}: written before columns were added; `dataset-build lake upgrade` carries them over"
        )


def upgrade(lake: Lake) -> Iterator[Older]:
    """Carry every older piece over. What was interrupted is finished by the same call."""
    with lock(lake.root / ".lock", "upgrading"):
        for new, old in older(lake):
            with lake.writing(new):
                if not new.version:
                    new.adopt(old, (_completed(batch, new) for batch in old.batches()))
                if new.table.name == "captions":  # of which every fingerprint counts: no caption may stand twice
                    (old.folder / "manifest.json").unlink()
            yield new, old


def older(lake: Lake) -> Iterator[Older]:
    """The pieces that are not there yet, but under older columns and otherwise made from the same."""
    for piece in _wanted(lake):
        if not piece.version or piece.table.name == "captions":
            found = [file for file in _siblings(lake, piece) if _is_older(read_json(file), piece)]
            if found:
                last = max(found, key=lambda file: file.stat().st_mtime_ns)
                old = Fingerprint(read_json(last)["made_from"])
                yield piece, replace(piece, folder=last.parent, fingerprint=old)


def _wanted(lake: Lake) -> Iterator[Piece]:
    """The pieces that the present configuration reads or makes."""
    yield from (lake.captions(name) for name in lake.config.captions.recipes)
    for name in sorted(TABLES.keys() - EVERY_FINGERPRINT):
        if name in PER_DROP:
            yield from (lake.piece(name, drop.name) for drop in lake.drops.all())
        else:
            yield lake.piece(name)


def _siblings(lake: Lake, piece: Piece) -> list[Path]:
    """Manifests of the same share of a table under other fingerprints."""
    table = lake.root / "tables" / piece.table.name
    _, *drop = piece.folder.relative_to(table).parts
    found = table.glob("/".join(["*", *drop, "manifest.json"]))
    return [file for file in found if file.parent != piece.folder]


def _is_older(manifest: dict[str, Any], piece: Piece) -> bool:
    """Whether only columns were added since."""
    before, now = dict(manifest["made_from"]), dict(piece.fingerprint.parts)
    had, has = before.pop("columns", {}), now.pop("columns", {})
    return str(Fingerprint(before)) == str(Fingerprint(now)) and had.items() < has.items()


def _completed(batch: pa.RecordBatch, new: Piece) -> pa.RecordBatch:
    """The rows with every column of now, null where they had none. Captions name what they are made from."""
    count, schema = batch.num_rows, new.table.schema
    columns = {name: batch.column(name) for name in batch.schema.names}
    if new.table.name == "captions":
        columns["fingerprint"] = pa.repeat(str(new.fingerprint), count)
    full = [columns[field.name] if field.name in columns else pa.nulls(count, field.type) for field in schema]
    return pa.RecordBatch.from_arrays(full, schema=schema)
