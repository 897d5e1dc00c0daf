"""Bring embeddings, and what is measured on them, up to date."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dataset_build.clip import clusters, neighbours
from dataset_build.clip.embed import embed, failed, set_up
from dataset_build.clip.model import ClipModel
from dataset_build.parquet_files import read_parquet
from dataset_build.schemas import IMAGE_CLUSTERS, TEXT_EMBEDDINGS
from resources.again import look_again
from resources.arrivals import arrivals
from resources.drops import Drop
from resources.engine import Engine
from resources.lake import Lake
from resources.pieces import Piece
from resources.work import Progress

TEXTS = 256  # that the model is given at once
PART = 20_000  # texts after which rows become visible


def embed_drop(lake: Lake, engine: Engine, drop: Drop, progress: Progress) -> Piece:
    """The embeddings of a drop whose text has been looked for; what is finished stays."""
    limits = lake.config.images
    return look_again(
        lake,
        engine,
        drop,
        lake.piece("image_embeddings", drop.name),
        "embedding_places",
        partial(embed, root=lake.drops.root_of(drop), limits=limits),
        setup=partial(set_up, limits, lake.config.clip),
        failed=failed,
        progress=progress,
    )


def update_text_embeddings(lake: Lake, progress: Progress) -> Piece:
    """Embed the alt texts that have no embedding yet."""
    piece, done = lake.piece("text_embeddings"), 0
    with lake.writing(piece):
        texts = lake.table("missing_text_embeddings")["text"].to_pylist()
        if not texts and piece.version:
            return piece
        model = ClipModel(lake.config.clip) if texts else None
        for part in range(0, max(len(texts), 1), PART):
            rows = _embedded(model, texts[part : part + PART])
            piece.append(rows, {"image_texts": lake.version("image_texts")}, lake.provenance)
            done = min(part + PART, len(texts))
            progress(done, len(texts))
    return piece


def _embedded(model: ClipModel | None, texts: list[str]) -> Iterator[pa.RecordBatch]:
    for first in range(0, len(texts), TEXTS):
        assert model
        some = texts[first : first + TEXTS]
        vectors = list(model.texts(some))
        yield pa.RecordBatch.from_pydict({"text": some, "embedding": vectors}, TEXT_EMBEDDINGS.schema)


def update_embedding_pairs(lake: Lake) -> Piece:
    """Compare the embeddings of new drops with all others."""
    piece, least = lake.piece("embedding_pairs"), lake.config.duplicates.widest_embedding
    if arrivals(lake, piece, "image_embeddings") is None:
        return piece
    with lake.writing(piece):
        if (found := arrivals(lake, piece, "image_embeddings")) is None:  # another process has compared meanwhile
            return piece
        searched, news = found
        write = piece.append if searched else piece.replace
        pairs = neighbours.close_pairs(*_vectors(lake, news), *_vectors(lake, searched), least)
        write(pairs.to_batches(), {**searched, **news}, lake.provenance)
    return piece


def _vectors(lake: Lake, drops: dict[str, str]) -> tuple[pa.Array, NDArray[np.float32]]:
    """Ids and embeddings of some drops' images, each image once."""
    parts = [part for drop in drops for part in lake.piece("image_embeddings", drop).parts()]
    tables = [read_parquet(part, columns=["image_id", "embedding"], filters=[("status", "=", "ok")]) for part in parts]
    rows = pa.concat_tables(tables) if tables else None
    if rows is None or not rows.num_rows:
        return pa.array([], pa.string()), np.empty((0, 0), np.float32)
    ids, first = np.unique(rows["image_id"].to_numpy(), return_index=True)
    flat = rows["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return pa.array(ids, pa.string()), flat.reshape(rows.num_rows, -1)[first]


def update_clusters(lake: Lake) -> Piece:
    """Group the images that are left after duplicates by their embeddings."""

    def rows() -> list[pa.RecordBatch]:
        found = lake.table("unclustered")
        if not found.num_rows:
            return []
        vectors = found["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        labels = clusters.clusters(
            vectors.reshape(found.num_rows, -1), lake.config.clip.clusters, lake.config.corpus.seed
        )
        return pa.table([found["image_id"], pa.array(labels)], schema=IMAGE_CLUSTERS.schema).to_batches()

    return lake.replace("image_clusters", rows, ("image_texts", "image_embeddings"))
