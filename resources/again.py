"""Bring a table up to date that is made by looking at a drop's decoded images again, where the lake says they lie."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.locations import scratch
from dataset_build.queries import load_query
from resources.drops import Drop
from resources.engine import BatchFunction, Engine
from resources.ingest import list_drop
from resources.lake import Lake
from resources.pieces import Piece
from resources.storage import write_parquet
from resources.work import Progress, run_units


def look_again(
    lake: Lake,
    engine: Engine,
    drop: Drop,
    piece: Piece,
    places: str,
    work: BatchFunction,
    *,
    setup: Callable[[], None],
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
    progress: Progress,
) -> Piece:
    """Fill the drop's piece with what `work` says of each row of the query `places`; what is finished stays."""
    if piece.version:
        return piece
    with lake.writing(piece):
        file = _write(lake, drop, places, scratch(piece.folder) / "places.parquet")
        with pq.ParquetFile(file) as rows:
            targets = [(piece, lambda result: result)]
            run_units(engine, work, rows, targets, setup=setup, failed=failed, progress=progress)
        piece.finish({"occurrences": lake.piece("occurrences", drop.name).version or ""}, lake.provenance)
        file.unlink()
    return piece


def _write(lake: Lake, drop: Drop, places: str, file: Path) -> Path:
    """Write where the drop's decoded images lie, one row each."""
    query = load_query(places)
    with lake.connect([]) as connection:
        connection.read_parquet(str(list_drop(lake, drop))).create_view("drop_listing")
        for table in ("occurrences", "text_regions"):
            rows = lake.piece(table, drop.name).parts()
            if rows:
                connection.read_parquet([str(part) for part in rows]).create_view(f"drop_{table}")
            else:
                connection.register(f"drop_{table}", lake.piece(table).table.schema.empty_table())
        found = connection.execute(query.text).to_arrow_reader(10_000)
        write_parquet(file, found, found.schema)
    return file
