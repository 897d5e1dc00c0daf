"""Bring captions up to date: only images whose texts, recipe or model changed are captioned."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa

from dataset_build.captions.recipe import write_captions
from resources.lake import Lake
from resources.pieces import Piece


def update_captions(lake: Lake) -> Piece:
    """Add a caption for each survivor that has none by this fingerprint for the texts it has now."""
    piece, now = lake.piece("captions"), datetime.now(UTC)

    def rows() -> Iterator[pa.RecordBatch]:
        for batch in lake.query("missing_captions"):
            yield write_captions(batch, lake.config.captions, str(piece.fingerprint), now)

    with lake.writing(piece):
        piece.append(rows(), {"caption_inputs": lake.version("caption_inputs")}, lake.provenance)
    return piece
