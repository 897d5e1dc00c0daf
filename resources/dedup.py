"""Bring pairs and stars of duplicates up to date."""

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.dedup.pairs import near_pairs
from dataset_build.dedup.stars import stars
from dataset_build.schemas import IMAGE_FACTS
from resources.lake import Lake
from resources.pieces import Piece

HASHES = ["image_id", "pixel_hash", "hash_whole", "hash_trimmed", "hash_centre", "hash_informative"]
GROUPED_FROM = ("duplicate_pairs", "current_facts", "image_verdicts", "tags")


def update_pairs(lake: Lake) -> Piece:
    """Search what is new against everything known, and add the pairs.

    The manifest's inputs name the drops that were searched; a drop whose facts changed since starts a new search.
    Removed drops stay known: pairs are facts, and what counts now is decided later.
    """
    piece, searched = lake.piece("duplicate_pairs"), {}
    before = (piece.manifest or {"inputs": {}})["inputs"]
    now = {drop.name: p.version for drop in lake.drops.all() if (p := lake.piece("image_facts", drop.name)).version}
    if all(now.get(drop) == version for drop, version in before.items()):
        searched = before
    news = {drop: version for drop, version in now.items() if drop not in searched}
    if piece.version and not news and searched == before:
        return piece
    known, new = _hashes(lake, searched), _hashes(lake, news)
    pairs = near_pairs(new, known, lake.config.duplicates.widest_radius)
    write = piece.append if searched else piece.replace
    with lake.writing(piece):
        write(pairs.to_batches(), {**searched, **news}, lake.provenance)
    return piece


def update_duplicates(lake: Lake) -> Piece:
    """Regroup, unless pairs, order and verdicts are as they were."""
    return lake.replace("duplicates", lambda: grouped(lake).to_batches(), GROUPED_FROM)


def grouped(lake: Lake) -> pa.Table:
    """The stars of duplicates under the lake's configuration and verdicts."""
    piece = lake.piece("duplicate_pairs")
    pairs = pa.Table.from_batches(piece.batches(), piece.table.schema)
    return stars(pairs, lake.table("keeper_order"), lake.config.duplicates.radius)


def _hashes(lake: Lake, drops: dict[str, str]) -> pa.Table:
    parts = [part for drop in drops for part in lake.piece("image_facts", drop).parts()]
    tables = [pq.read_table(part, columns=HASHES, filters=[("status", "=", "ok")]) for part in parts]
    empty = pa.schema([IMAGE_FACTS.schema.field(name) for name in HASHES]).empty_table()
    return pa.concat_tables([empty, *tables])
