"""Bring the vocabulary that a configuration makes, the tags of a drop and the texts of survivors up to date."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

from dataset_build.parquet_files import read_parquet
from dataset_build.queries import load_query
from dataset_build.tags.merge import merged
from dataset_build.tags.normalise import Named, image_tags, normalise
from dataset_build.tags.order import closeness, ordered, ordered_texts
from resources.lake import Lake
from resources.pieces import Piece
from resources.vocabularies import Vocabularies

SHARE = 1_000_000  # images, of which the texts are merged at once, in about 4 GB


def update_vocabulary(lake: Lake) -> Piece:
    """What becomes of each spelling. Its fingerprint holds all it is made from, so once made it stays."""
    piece = lake.piece("tag_vocabulary")
    if not piece.version:
        held, rules = Vocabularies(lake.root), lake.config.tags
        named = [(pin.partition("@")[0], held.statements(pin)) for pin in rules.vocabularies]
        with lake.writing(piece):
            piece.replace(merged(named, rules).to_batches(), {}, lake.provenance)
    return piece


def tag_drop(lake: Lake, drop: str) -> Piece:
    """The tags of a drop's images."""
    vocabulary = update_vocabulary(lake)
    piece, occurrences = lake.piece("tags", drop), lake.piece("occurrences", drop)
    inputs = {"occurrences": occurrences.version or "", "tag_vocabulary": vocabulary.version or ""}
    if (piece.manifest or {}).get("inputs") != inputs:
        with lake.writing(piece), lake.connect([]) as connection:
            found = connection.read_parquet([str(part) for part in occurrences.parts()])
            known = connection.read_parquet([str(part) for part in vocabulary.parts()])
            piece.replace(image_tags(found, known, connection, lake.config.tags), inputs, lake.provenance)
    return piece


def update_texts(lake: Lake) -> Piece:
    """The texts of survivors, their tags in the configured order."""
    inputs = load_query("image_texts").inputs
    if lake.config.tags.order == "given":
        return lake.replace("image_texts", lambda: _texts(lake), inputs)

    def rows() -> Iterator[pa.RecordBatch]:
        close = closeness(lake.piece("tag_pairs").batches())
        for batch in _texts(lake):
            yield ordered_texts(batch, close)

    return lake.replace("image_texts", rows, [*inputs, "tag_pairs"])


def _texts(lake: Lake) -> Iterator[pa.RecordBatch]:
    """The rows of image_texts, SHARE images at a time: lists, of which they are made, can't spill to disk."""
    images, query = sum(piece.rows for piece in lake.pieces("image_facts").values()), load_query("image_texts")
    for first, end in pairwise(_bounds(max(1, -(-images // SHARE)))):
        with lake.connect(query.inputs, first_id=first, end_id=end) as connection:
            yield from connection.execute(query.text).to_arrow_reader(10_000)


def _bounds(shares: int) -> list[str]:
    """What divides image ids, which are hashes in hex, into shares of about the same size."""
    return [f"{number * 16**8 // shares:08x}" for number in range(shares)] + ["g"]


def tag_counts(lake: Lake, piece: Piece) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Rows of a piece of tags by origin, and its unknown tags with the images that have them, most frequent first."""
    with lake.connect([]) as connection:
        connection.read_parquet([str(part) for part in piece.parts()]).create_view("tags")
        origins = connection.sql("select origin, count(*) from tags group by origin order by origin").fetchall()
        unknown = connection.sql(load_query("unknown_tags").text).to_arrow_table().to_pylist()
    return dict(origins), unknown


def normalised(lake: Lake, tags: Sequence[tuple[str, str]]) -> list[Named]:
    """What a build would make of the (tag, category) pairs of one image."""
    piece = update_vocabulary(lake)
    vocabulary = pa.Table.from_batches(piece.batches(), piece.table.schema)
    (named,) = normalise([tags], vocabulary, lake.config.tags)
    if lake.config.tags.order == "given":
        return named
    return ordered(named, closeness(lake.piece("tag_pairs").batches()))


def meaning(lake: Lake, spelling: str) -> dict[str, Any] | None:
    """The row of schemas.TAG_VOCABULARY of a folded spelling; None when it is unknown."""
    wanted = [("spelling", "=", spelling)]
    rows = [row for part in update_vocabulary(lake).parts() for row in read_parquet(part, filters=wanted).to_pylist()]
    return rows[0] if rows else None


def statements_about(lake: Lake, tag: str) -> list[dict[str, Any]]:
    """The statements of every vocabulary in the lake, used or not, in which a folded tag stands."""
    held, rows = Vocabularies(lake.root), []
    for each in held.all():
        for part in held.piece(f"{each['name']}@{each['fingerprint']}").parts():
            found = read_parquet(part, filters=[[("tag", "=", tag)], [("target", "=", tag)]]).to_pylist()
            rows += [{"vocabulary": each["name"], **row} for row in found]
    return rows
