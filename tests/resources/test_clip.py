"""Embeddings of texts, by a stand-in for the model: which are made, and that none is made twice."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_build.config import Config
from dataset_build.schemas import IMAGE_TEXTS
from resources import clip
from resources.clip import update_text_embeddings
from resources.lake import Lake
from resources.pieces import Piece
from tests.bucket import lake_at


class Lengths:
    """Embeds a text as its length."""

    def __init__(self, settings: object) -> None: ...

    def texts(self, texts: Sequence[str]) -> Iterator[list[float]]:
        return ([float(len(text))] for text in texts)


def test_texts_that_another_process_has_embedded_meanwhile_are_not_embedded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip, "ClipModel", Lengths)
    lake, writing = Lake(lake_at(tmp_path / "lake"), Config()), Lake.writing
    rows = [{"image_id": "a", "alt_texts": ["one", "three"]}]
    lake.piece("image_texts").replace([pa.RecordBatch.from_pylist(rows, IMAGE_TEXTS.schema)], {}, {})

    @contextmanager
    def after_another(self: Lake, piece: Piece) -> Iterator[None]:
        monkeypatch.setattr(Lake, "writing", writing)
        assert update_text_embeddings(Lake(lake.root, Config()), lambda done, total: None).rows == 2
        with writing(self, piece):
            yield

    monkeypatch.setattr(Lake, "writing", after_another)
    piece = update_text_embeddings(lake, lambda done, total: None)
    found = [(row["text"], row["embedding"]) for batch in piece.batches() for row in batch.to_pylist()]
    assert found == [("one", [3.0]), ("three", [5.0])]
