import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from dataset_build import schemas
from dataset_build.dedup import hamming
from dataset_build.dedup.pairs import INPUT, near_pairs
from dataset_build.dedup.stars import stars

RNG = np.random.default_rng(0)
VIEWS = ("hash_whole", "hash_trimmed", "hash_centre")
WHOLE, TRIMMED, CENTRE, OTHER = (RNG.bytes(32) for _ in range(4))


def flipped(view, count, first=0):
    """The hash with `count` bits flipped, from bit `first` on."""
    bits = int.from_bytes(view, "little")
    for bit in range(first, first + count):
        bits ^= 1 << bit
    return bits.to_bytes(32, "little")


def image(name, pixels=None, views=(WHOLE, TRIMMED, CENTRE), informative=True):
    return (name, pixels or f"pixels of {name}", *views, informative)


def table(*rows):
    return pa.table([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 6, schema=INPUT)


def rows_of(pairs):
    assert pairs.schema.equals(schemas.DUPLICATE_PAIRS.schema)
    return [tuple(row.values()) for row in pairs.to_pylist()]


NOTHING = table()


def test_equal_pixels_and_equal_hashes_are_linked_to_a_representative_each():
    new = table(image("d"), image("c", "p"), image("b", "p"), image("a", "q"))
    assert rows_of(near_pairs(new, NOTHING, 48)) == [
        ("a", "b", "hash", 0),
        ("a", "d", "hash", 0),
        ("b", "c", "pixels", 0),
    ]


@pytest.mark.parametrize(
    ("views", "distance"),
    [
        ((flipped(WHOLE, 9), OTHER, OTHER[::-1]), 9),
        ((OTHER, flipped(TRIMMED, 8), OTHER[::-1]), 8),
        ((OTHER, flipped(CENTRE, 7), OTHER[::-1]), 7),
        ((OTHER, OTHER[::-1], flipped(TRIMMED, 6)), 6),
        ((OTHER, OTHER[::-1], flipped(CENTRE, 5)), 5),
        ((OTHER, flipped(TRIMMED, 8), flipped(CENTRE, 3)), 3),
        ((flipped(TRIMMED, 1), OTHER, OTHER[::-1]), None),
        ((OTHER, flipped(WHOLE, 1), flipped(WHOLE, 1)), None),
    ],
)
def test_distance_is_the_least_over_the_views_that_may_be_compared(views, distance):
    found = rows_of(near_pairs(table(image("a"), image("b", views=views)), NOTHING, 48))
    assert found == ([] if distance is None else [("a", "b", "hash", distance)])


def test_radius_is_inclusive():
    a, b = image("a", views=(WHOLE, OTHER, OTHER)), image("b", views=(flipped(WHOLE, 48), CENTRE, CENTRE))
    new = table(a, b)
    assert rows_of(near_pairs(new, NOTHING, 48)) == [("a", "b", "hash", 48)]
    assert rows_of(near_pairs(new, NOTHING, 47)) == []


def test_flat_images_are_compared_by_pixels_only():
    new = table(
        image("a", "white", informative=False), image("b", "white", informative=False),
        image("c", "black", informative=False), image("d", "photo"),
    )  # fmt: skip
    assert rows_of(near_pairs(new, NOTHING, 48)) == [("a", "b", "pixels", 0)]


def test_images_without_facts_are_in_no_pair():
    unread = [(name, None, None, None, None, None) for name in "abc"]
    half = ("f", "p", WHOLE, None, CENTRE, True)
    new = table(unread[0], half, image("d"), image("e"))
    assert rows_of(near_pairs(new, table(*unread[1:]), 48)) == [("d", "e", "hash", 0)]


def test_views_of_one_image_are_not_held_against_each_other():
    assert rows_of(near_pairs(table(image("a", views=(WHOLE, TRIMMED, flipped(TRIMMED, 3)))), NOTHING, 48)) == []


def test_pairs_among_known_images_are_not_repeated():
    known = table(image("b"), image("c"), image("d", views=(flipped(WHOLE, 4), OTHER, OTHER)))
    new = table(image("a"), image("e", views=(flipped(WHOLE, 6, first=100), OTHER[::-1], OTHER[::-1])))
    assert rows_of(near_pairs(new, known, 48)) == [
        ("a", "b", "hash", 0),
        ("b", "e", "hash", 6),
        ("d", "e", "hash", 10),
    ]


def test_known_images_that_come_again_bring_nothing():
    known = table(image("a"), image("b"))
    assert rows_of(near_pairs(known, known, 48)) == []


def test_empty_input():
    assert rows_of(near_pairs(NOTHING, NOTHING, 72)) == []
    assert rows_of(near_pairs(NOTHING, table(image("a"), image("b")), 72)) == []


def test_hashes_as_duckdb_returns_them_are_welcome():
    plain = pa.schema({f.name: pa.binary() if f.name in VIEWS else f.type for f in INPUT})
    new = table(image("a"), image("b")).cast(plain)
    assert rows_of(near_pairs(new, NOTHING.cast(plain), 48)) == [("a", "b", "hash", 0)]


def crowd(seed, count):
    """Images in clusters: twins, equal hashes, near hashes, borrowed views and flat ones."""
    rng = random.Random(seed)
    rows = [image(f"{rng.getrandbits(64):016x}", views=tuple(rng.randbytes(32) for _ in range(3)))]
    for _ in range(count - 1):
        name, (_, pixels, *views, informative) = f"{rng.getrandbits(64):016x}", rng.choice(rows)
        kind = rng.choice(["new", "twin", "equal", "near", "near", "borrowed", "flat"])
        if kind == "new":
            views = [rng.randbytes(32) for _ in range(3)]
        elif kind == "near":
            views = [flipped(view, rng.randint(0, 50), rng.randint(0, 200)) for view in views]
        elif kind == "borrowed":
            views = [rng.randbytes(32), rng.randbytes(32), views[1]]
        pixels = {"twin": pixels, "flat": "flat"}.get(kind)
        rows.append(image(name, pixels, tuple(views), informative and kind != "flat"))
    return rows


def meaning(pairs, names):
    """What the pairs say: classes, groups of equal pixels, and the least distance between classes."""
    classes, twins = {name: name for name in names}, {name: name for name in names}
    for a, b, method, distance in rows_of(pairs):
        if distance == 0:
            merge(classes, a, b)
        if method == "pixels":
            merge(twins, a, b)
    between = {}
    for a, b, _, distance in rows_of(pairs):
        key = tuple(sorted((classes[a], classes[b])))
        between[key] = min(distance, between.get(key, distance))
    return classes, twins, {key: distance for key, distance in between.items() if key[0] != key[1]}


def merge(groups, a, b):
    """Unite two groups under the smaller of their names."""
    old, new = max(groups[a], groups[b]), min(groups[a], groups[b])
    for name, group in groups.items():
        if group == old:
            groups[name] = new


def in_drops(rows, seed, radius):
    """The pairs of all drops, when the images come in random drops."""
    rng = random.Random(seed)
    rows = rng.sample(rows, len(rows))
    cuts = sorted({0, len(rows), *rng.sample(range(len(rows)), 5)})
    drops = [(table(*rows[a:b]), table(*rows[:a])) for a, b in pairwise(cuts)]
    return pa.concat_tables([near_pairs(new, known, radius) for new, known in drops])


def by_definition(rows, radius):
    """Every pair of equal pixels or near views, straight from the definition."""
    pairs = []
    for k, (a, pixels_a, *views_a, informative_a) in enumerate(rows):
        for b, pixels_b, *views_b, informative_b in rows[:k]:
            allowed = [(0, 0), (1, 1), (1, 2), (2, 1), (2, 2)] if informative_a and informative_b else []
            distances = [(int.from_bytes(views_a[i]) ^ int.from_bytes(views_b[j])).bit_count() for i, j in allowed]
            if pixels_a == pixels_b:
                pairs.append((min(a, b), max(a, b), "pixels", 0))
            elif min(distances, default=radius + 1) <= radius:
                pairs.append((min(a, b), max(a, b), "hash", min(distances)))
    columns = [list(column) for column in zip(*pairs, strict=True)]
    return pa.table(columns, schema=schemas.DUPLICATE_PAIRS.schema)


@pytest.mark.parametrize("seed", range(8))
def test_pairs_say_what_the_definition_says_however_the_images_come(seed, monkeypatch):
    if seed % 2:
        monkeypatch.setattr(hamming, "BRUTE_FORCE_PAIRS", 500)
    rows = crowd(seed, 70)
    names = [row[0] for row in rows]
    expected = meaning(by_definition(rows, 47), names)
    assert len(expected[2]) > 20
    assert len(set(expected[0].values())) < len(set(expected[1].values())) < len(rows)
    assert meaning(near_pairs(table(*rows), NOTHING, 47), names) == expected
    for order in range(4):
        assert meaning(in_drops(rows, order, 47), names) == expected


@pytest.mark.parametrize("seed", range(4))
def test_no_pair_comes_from_two_drops_and_stars_are_the_same(seed):
    rows = crowd(seed, 120)
    ranks = random.Random(seed).sample(range(120), 120)
    columns = [[row[0] for row in rows], ranks, [rank % 5 > 0 for rank in ranks]]
    order = pa.table(columns, names=["image_id", "keeper_rank", "survives"])
    at_once = near_pairs(table(*rows), NOTHING, 72)
    for shuffle in range(3):
        pairs = in_drops(rows, shuffle, 72)
        keys = [(a, b) for a, b, _, _ in rows_of(pairs)]
        assert len(set(keys)) == len(keys)
        assert stars(pairs, order, 48).equals(stars(at_once, order, 48))


def test_result_is_sorted_and_independent_of_the_order_of_rows():
    rows = crowd(1, 100)
    pairs = near_pairs(table(*rows), NOTHING, 72)
    keys = [(a, b) for a, b, _, _ in rows_of(pairs)]
    assert keys == sorted(keys)
    assert all(a < b for a, b in keys)
    assert near_pairs(table(*rows[::-1]), NOTHING, 72).equals(pairs)
