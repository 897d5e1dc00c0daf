"""Bring pairs and stars of duplicates up to date."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataset_build.cores import cores
from dataset_build.dedup.pairs import near_pairs
from dataset_build.dedup.second_look import second_looks
from dataset_build.dedup.segments import Segment
from dataset_build.dedup.stars import stars
from dataset_build.locations import scratch
from dataset_build.schemas import DUPLICATE_PAIRS
from resources.arrivals import arrivals
from resources.hash_index import HashIndex
from resources.lake import Lake
from resources.pieces import Piece

GROUPED_FROM = ("duplicate_pairs", "embedding_pairs", "current_facts", "image_verdicts", "tags", "kept_by_hand")
LOOKS_AT_ONCE = 50_000  # pairs whose thumbnails are held in memory, 3 kB each


def update_pairs(lake: Lake) -> Piece:
    """Search what is new against everything known, and add the pairs; then what is new is known too."""
    piece, settings = lake.piece("duplicate_pairs"), lake.config.duplicates
    if arrivals(lake, piece, "image_facts") is None:
        return piece
    with lake.writing(piece):
        if (found := arrivals(lake, piece, "image_facts")) is None:  # another process has searched meanwhile
            return piece
        searched, news = found
        write = piece.append if searched else piece.replace
        index = HashIndex(scratch(piece.folder / "index"), settings.dihedral, searched)
        if index.drops != searched:
            missing = [drop for drop in searched if drop not in index.drops]
            index.keep(index.read(_facts(lake, missing)).segment, searched)
        new = index.read(_facts(lake, news))
        pairs = near_pairs(new, index.segments, settings.widest_radius, settings.dihedral)
        threads = lake.config.engine.workers or cores()
        write(_looked_at(index, new.segment, pairs, threads), {**searched, **news}, lake.provenance)
        index.keep(new.segment, {**searched, **news})
    return piece


def update_duplicates(lake: Lake) -> Piece:
    """Regroup, unless pairs, order and verdicts are as they were."""
    return lake.replace("duplicates", lambda: grouped(lake).to_batches(), GROUPED_FROM)


def grouped(lake: Lake) -> pa.Table:
    """The stars of duplicates under the lake's configuration and verdicts, without the near ones that people keep."""
    every = stars(lake.table("duplicate_links"), lake.table("keeper_order"))
    kept = lake.table("kept_alone")["image_id"]
    is_freed = pc.and_(pc.is_in(every["image_id"], kept), pc.is_in(every["method"], pa.array(["hash", "dihedral"])))
    return every.filter(pc.invert(is_freed))


def _looked_at(index: HashIndex, new: Segment, pairs: pa.Table, threads: int) -> Iterator[pa.RecordBatch]:
    """The pairs as schemas.DUPLICATE_PAIRS, those of method hash after a second look."""
    for first in range(0, pairs.num_rows, LOOKS_AT_ONCE):
        some = pairs.slice(first, LOOKS_AT_ONCE)
        hashed = pc.equal(some["method"], "hash")
        a, b = (some.filter(hashed)[side] for side in ("image_id_a", "image_id_b"))
        looks = index.looks(new, pc.unique(pa.chunked_array(a.chunks + b.chunks, pa.string())))
        seen = second_looks([(looks[x], looks[y]) for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True)], threads)
        measured = np.full((some.num_rows, 3), np.nan, np.float32)
        measured[np.asarray(hashed)] = np.array(seen, np.float32).reshape(-1, 3)
        columns = [pa.array(column, from_pandas=True) for column in measured.T]
        yield from pa.table([*some.columns, *columns], DUPLICATE_PAIRS.schema).to_batches()


def _facts(lake: Lake, drops: Iterable[str]) -> list[Path]:
    return [part for drop in drops for part in lake.piece("image_facts", drop).parts()]
