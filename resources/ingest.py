"""Bring the per-drop tables up to date: list a drop's places, read them once."""

from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from dataset_build.ingest import Place, facts_of, failed, ingest, occurrences_of, set_up
from dataset_build.locations import scratch
from dataset_build.parquet_files import open_parquet
from dataset_build.sources.listing import write_listing
from resources.drops import Drop
from resources.engine import Engine, apart
from resources.lake import Lake
from resources.pieces import Piece
from resources.work import Progress, run_units

TABLE_MEMORY = 4 * 2**30  # bytes that a listing may take: records of the largest tables that are read
FILE_MEMORY = 4096  # bytes more for each file of the drop, of which it takes about a third


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
        with lake.writing(piece):
            _list(lake, drop, piece)
    return piece.parts()[0]


def _list(lake: Lake, drop: Drop, piece: Piece) -> None:
    """In a process of its own, for archives and tables may hold anything."""
    root, files = lake.drops.root_of(drop), lake.drops.files(drop.name)
    file = scratch(piece.folder) / "listing.parquet"
    apart(TABLE_MEMORY + FILE_MEMORY * files.num_rows, write_listing, root, files, file)
    with pq.ParquetFile(file) as listed:
        piece.replace(listed.iter_batches(), {}, lake.provenance)
    file.unlink()
