"""Whole builds with embeddings: near-duplicates by content, T-MARS, and only what is new embedded again."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from dataset_build.build import build
from dataset_build.config import Clip, Config
from dataset_build.errors import UserError
from resources.engine import LocalEngine
from resources.lake import Lake
from tests.pictures import put
from tests.test_text_build import put_page


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two folders of four drawings, each with a description; one file is broken."""
    root = tmp_path / "scrape"
    for number in range(8):
        put(root / ("one", "two")[number // 4] / f"{number}.png", seed=number, text=f"drawing number {number}")
    (root / "one" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


def built(root: Path, source: Path, clip: Clip, **sections: Any) -> Lake:
    config = Config.model_validate({"clip": clip.model_dump(), **sections})
    build(root, config, [source], engine=LocalEngine(1))
    return Lake(root, config)


def rows(lake: Lake, query: str, *tables: str) -> list[tuple[Any, ...]]:
    with lake.connect(tables) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.usefixtures("text_detection")
def test_tmars_drops_half_and_says_why(tmp_path: Path, source: Path, clip: Clip) -> None:
    put_page(source / "one" / "page.png", seed=9)
    (source / "one" / "page.txt").write_text("a page full of words")
    lake = built(tmp_path / "lake", source, clip, corpus={"rules": ["tmars"]}, text={"max_area": 0})
    lengths = "select len(embedding), len(masked), count(*) from image_embeddings group by all order by all"
    assert rows(lake, lengths, "image_embeddings") == [(16, 0, 8), (16, 16, 1)]
    assert rows(lake, "select count(*) from text_embeddings", "text_embeddings") == [(9,)]
    scores = rows(lake, "select image_id from clip_scores order by masked_score, image_id", "clip_scores")
    gone = rows(lake, "select image_id from corpus_verdicts where reason = 'tmars'", "corpus_verdicts")
    assert len(scores) == 9
    assert sorted(gone) == sorted(scores[:4])
    with duckdb.connect(str(tmp_path / "lake" / "releases" / "1" / "release.duckdb"), read_only=True) as release:
        assert release.sql("select count(*) from images").fetchone() == (5,)
        levels = "select min(alignment_level), max(alignment_level), count(clip_score) from images"
        assert release.sql(levels).fetchone() == (1, 8, 5)
        below = "select count(*) from rejects where reason = 'tmars' and value <= threshold"
        assert release.sql(below).fetchone() == (4,)


def test_tmars_without_text_detection_stops_and_says_why(tmp_path: Path, source: Path, clip: Clip) -> None:
    with pytest.raises(UserError, match="rule tmars: text that isn't found can't be painted over: onnxruntime"):
        built(tmp_path / "lake", source, clip, corpus={"rules": ["tmars"]})


def test_a_second_drop_is_compared_with_the_first(tmp_path: Path, source: Path, clip: Clip) -> None:
    """Everything is close to everything in a model that has learnt nothing: one image is left, whatever the order."""
    close = {"duplicates": {"embedding": 0.3, "widest_embedding": 0.3}}
    later = source / "three" / "8.png"
    lake = built(tmp_path / "lake", source, clip, **close)
    before = rows(lake, "select count(*) from embedding_pairs", "embedding_pairs")
    put(later, seed=8, text="one more")
    built(tmp_path / "lake", source, clip, **close)
    pairs = "select * from embedding_pairs order by all"
    incremental = rows(lake, pairs, "embedding_pairs")
    assert before == [(28,)]
    assert len(incremental) == 36
    assert incremental == rows(built(tmp_path / "other", source, clip, **close), pairs, "embedding_pairs")
    stars = "select count(*), count(distinct keeper) from duplicates"
    assert rows(lake, stars, "duplicates") == [(9, 1)]
    reasons = "select reason, count(*), bool_and(value >= threshold) from corpus_verdicts group by all"
    assert rows(lake, reasons, "corpus_verdicts") == [("like_content", 8, True)]
    with duckdb.connect(str(tmp_path / "lake" / "releases" / "2" / "release.duckdb"), read_only=True) as release:
        bits = "select count(*), count(duplicate_distance) from lineage where duplicate_of is not null"
        assert release.sql(bits).fetchone() == (8, 0)


def test_without_a_model_nothing_is_embedded(tmp_path: Path, source: Path) -> None:
    lake = built(tmp_path / "lake", source, Clip())
    assert lake.off("image_embeddings") == "no model is named by clip.model"
    assert not (tmp_path / "lake" / "tables" / "image_embeddings").exists()
    assert rows(lake, "select count(*) from image_embeddings", "image_embeddings") == [(0,)]
