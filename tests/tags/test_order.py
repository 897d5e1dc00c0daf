"""Co-occurrence: the table by hand, and orders that depend on the set alone."""

import random
from math import log

import pytest

from dataset_build.tags.order import Named, adjacency, ordered, side_by_side
from tests.sql.support import run

FIVE = ["ab", "ab", "abc", "c", "d"]  # images, each letter a tag


def test_pairs_equal_a_hand_computation() -> None:
    tags = [{"image_id": str(n), "tag": tag} for n, image in enumerate(FIVE) for tag in image]
    facts = [{"image_id": str(n)} for n in range(len(FIVE))]
    rows = run("tag_pairs", {"min_pair_images": 1}, tags=[*tags, *tags], unique_survivors=facts)
    found = {(r["tag_a"], r["tag_b"]): (r["images"], r["images_a"], r["images_b"], r["npmi"]) for r in rows}
    expected = {
        ("a", "b"): (3, 3, 3, 1.0),
        ("a", "c"): (1, 3, 2, log((1 / 5) / (3 / 5 * 2 / 5)) / -log(1 / 5)),
        ("b", "c"): (1, 3, 2, log((1 / 5) / (3 / 5 * 2 / 5)) / -log(1 / 5)),
    }
    assert found.keys() == expected.keys()
    for pair, figures in expected.items():
        assert found[pair] == pytest.approx(figures), pair
    (often,) = run("tag_pairs", {"min_pair_images": 2}, tags=tags, unique_survivors=facts)
    assert (often["tag_a"], often["tag_b"]) == ("a", "b")


def test_pairs_on_every_image_and_of_rejected_ones() -> None:
    tags = [{"image_id": i, "tag": t} for i in "12x" for t in ("a", "b" if i != "x" else "z")]
    rows = run("tag_pairs", {"min_pair_images": 1}, tags=tags, unique_survivors=[{"image_id": "1"}, {"image_id": "2"}])
    assert [(r["tag_a"], r["tag_b"], r["npmi"]) for r in rows] == [("a", "b", 1.0)]


BLOCKS = ["beach", "sea", "sand"], ["desk", "lamp", "pen"]
CLOSE = {a: {b: 0.9 for b in block if b != a} for block in BLOCKS for a in block}


def test_tags_of_a_block_stand_together_whatever_the_order_they_came_in() -> None:
    tags = [tag for block in BLOCKS for tag in block]
    rng = random.Random(0)
    results = {tuple(side_by_side(rng.sample(tags, len(tags)), CLOSE)) for _ in range(50)}
    assert results == {("beach", "sand", "sea", "desk", "lamp", "pen")}
    (order,) = results
    assert adjacency(order, CLOSE) > adjacency(["beach", "desk", "sea", "lamp", "sand", "pen"], CLOSE)


def test_the_order_is_never_worse_than_by_name() -> None:
    rng = random.Random(0)
    tags = [f"t{n}" for n in range(8)]
    for _ in range(200):
        close: dict[str, dict[str, float]] = {tag: {} for tag in tags}
        for a in tags:
            for b in tags:
                if a < b:
                    close[a][b] = close[b][a] = rng.uniform(-1, 1)
        order = side_by_side(tags, close)
        assert sorted(order) == tags
        assert adjacency(order, close) >= adjacency(tags, close)
        assert side_by_side(order, close) == order


def test_without_pairs_the_order_is_by_name() -> None:
    assert side_by_side(["c", "a", "b"], {}) == ["a", "b", "c"]
    assert side_by_side([], {}) == []


def test_categories_stay_where_they_stand() -> None:
    tags = [Named("z", "character"), Named("sea", "general"), Named("desk", "general"), Named("beach", "general")]
    assert [tag.tag for tag in ordered(tags, CLOSE)] == ["z", "beach", "sea", "desk"]
