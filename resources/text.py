"""Bring the text regions of drops up to date: each decoded image is read once, where the lake says it lies."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.queries import load_query
from dataset_build.text.models import models_of
from dataset_build.text.regions import detect, failed, set_up
from resources.drops import Drop
from resources.engine import Engine
from resources.ingest import list_drop
from resources.lake import Lake
from resources.pieces import Piece
from resources.storage import write_parquet
from resources.work import Progress, run_units


def detect_drop(lake: Lake, engine: Engine, drop: Drop, progress: Progress) -> Piece:
    """The text regions of a drop that has been read; what is finished stays."""
    piece, limits = lake.piece("text_regions", drop.name), lake.config.images
    if piece.version:
        return piece
    with lake.writing(piece):
        places = _places(lake, drop, piece.folder / "places.parquet")
        with pq.ParquetFile(places) as listing:
            run_units(
                engine,
                partial(detect, root=lake.drops.root_of(drop), limits=limits),
                listing,
                [(piece, _as_it_is)],
                setup=partial(set_up, limits, models_of(lake.config.text)),
                failed=failed,
                progress=progress,
            )
        piece.finish({"occurrences": lake.piece("occurrences", drop.name).version or ""}, lake.provenance)
        places.unlink()
    return piece


def _places(lake: Lake, drop: Drop, file: Path) -> Path:
    """Write where the drop's decoded images lie, one row each."""
    query = load_query("text_places")
    occurrences = [str(part) for part in lake.piece("occurrences", drop.name).parts()]
    with lake.connect([]) as connection:
        connection.read_parquet(str(list_drop(lake, drop))).create_view("drop_listing")
        connection.read_parquet(occurrences).create_view("drop_occurrences")
        found = connection.execute(query.text).to_arrow_reader(10_000)
        write_parquet(file, found, found.schema)
    return file


def _as_it_is(result: pa.RecordBatch) -> pa.RecordBatch:
    return result
