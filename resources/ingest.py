"""Bring the per-drop tables up to date: list a drop's places, read them once."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa

from dataset_build.ingest import Place, facts_of, failed, ingest, occurrences_of, set_up
from dataset_build.parquet_files import open_parquet
from dataset_build.sources.files import check_root
from dataset_build.sources.listing import listing
from resources.drops import Drop
from resources.engine import Engine
from resources.lake import Lake
from resources.pieces import Piece
from resources.work import Progress, run_units


def ingest_drop(lake: Lake, engine: Engine, drop: Drop, progress: Progress) -> tuple[Piece, Piece]:
    """The occurrences and image facts of a drop; a drop never changes, so what is finished stays."""
    occurrences, facts = lake.piece("occurrences", drop.name), lake.piece("image_facts", drop.name)
    if occurrences.version and facts.version:
        return occurrences, facts
    limits, place = lake.config.images, Place(drop.name, drop.source, lake.drops.root_of(drop))
    with lake.writing(occurrences), open_parquet(list_drop(lake, drop)) as places:
        run_units(
            engine,
            partial(ingest, place=place, limits=limits),
            places,
            [(facts, facts_of), (occurrences, occurrences_of)],
            setup=partial(set_up, limits),
            failed=partial(failed, place=place),
            progress=progress,
        )
        facts.finish({}, lake.provenance)
        occurrences.finish({}, lake.provenance)
    return occurrences, facts


def list_drop(lake: Lake, drop: Drop) -> Path:
    """The Parquet file of schemas.LISTING that says where a drop's images lie; kept, to find them again."""
    piece = lake.piece("listing", drop.name)
    if not piece.version:
        piece.replace(_listed(lake.drops.root_of(drop), lake.drops.files(drop.name)), {}, lake.provenance)
    return piece.parts()[0]


def _listed(root: Path, files: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from listing(root, files)
    check_root(root)
