import random
from itertools import pairwise, product

import numpy as np
import pyarrow as pa
import pytest

from dataset_build.dedup import dihedral, hamming
from dataset_build.dedup import pairs as search
from dataset_build.dedup.pairs import PAIRS
from dataset_build.dedup.segments import INPUT, arrive
from dataset_build.dedup.stars import stars


def near_pairs(new, known, radius, turned=False):
    """The pairs that new images bring when the others are known."""
    segments = [arrive(known, [], turned).segment]
    return search.near_pairs(arrive(new, segments, turned), segments, radius, turned)


RNG = np.random.default_rng(0)
WHOLE, INSIDE, TRIMMED, CROP_A, CROP_B, CROP_C, OTHER, ANOTHER, THIRD = (RNG.bytes(32) for _ in range(9))
ALL = (WHOLE, INSIDE, TRIMMED, CROP_A + CROP_B + CROP_C)


def flipped(view, count, first=0):
    """The hash with `count` bits flipped, from bit `first` on."""
    bits = int.from_bytes(view, "little")
    for bit in range(first, first + count):
        bits ^= 1 << bit
    return bits.to_bytes(len(view), "little")


def image(name, pixels=None, views=ALL, informative=True):
    return (name, pixels or f"pixels of {name}", *views, informative)


def plain(name, view, pixels=None):
    """An image without borders, whose crops say nothing."""
    return image(name, pixels, (view, view, view, view * 3))


def table(*rows):
    return pa.table([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 7, schema=INPUT)


def rows_of(pairs):
    assert pairs.schema.equals(PAIRS)
    return [tuple(row.values()) for row in pairs.to_pylist()]


NOTHING = table()


def test_equal_pixels_are_linked_to_a_representative_and_equal_hashes_are_pairs():
    new = table(image("d"), image("c", "p"), image("b", "p"), image("a", "q"))
    assert rows_of(near_pairs(new, NOTHING, 48)) == [
        ("a", "b", "hash", 0),
        ("a", "d", "hash", 0),
        ("b", "c", "pixels", 0),
        ("b", "d", "hash", 0),
    ]


@pytest.mark.parametrize(
    ("views", "distance"),
    [
        ((flipped(WHOLE, 9), OTHER, ANOTHER, THIRD * 3), 9),
        ((OTHER, flipped(INSIDE, 9), ANOTHER, THIRD * 3), 9),
        ((OTHER, flipped(WHOLE, 9), ANOTHER, THIRD * 3), 9),
        ((OTHER, ANOTHER, flipped(TRIMMED, 8), THIRD * 3), 8),
        ((OTHER, ANOTHER, flipped(CROP_A, 7), THIRD * 3), 7),
        ((OTHER, ANOTHER, flipped(CROP_B, 7), THIRD * 3), 7),
        ((OTHER, OTHER, ANOTHER, THIRD * 2 + flipped(WHOLE, 6)), 6),
        ((OTHER, OTHER, ANOTHER, flipped(TRIMMED, 6) + THIRD * 2), 6),
        ((flipped(WHOLE, 9), OTHER, flipped(TRIMMED, 8), THIRD + flipped(INSIDE, 3) + THIRD), 3),
        ((OTHER, OTHER, ANOTHER, CROP_A + CROP_B + CROP_C), None),
        ((OTHER, OTHER, ANOTHER, THIRD * 3), None),
    ],
)
def test_distance_is_the_least_over_the_views_that_may_be_compared(views, distance):
    expected = [] if distance is None else [("a", "b", "hash", distance)]
    assert rows_of(near_pairs(table(image("a"), image("b", views=views)), NOTHING, 48)) == expected
    assert rows_of(near_pairs(table(image("b", views=views)), table(image("a")), 48)) == expected
    assert rows_of(near_pairs(table(image("a")), table(image("b", views=views)), 48)) == expected


def test_radius_is_inclusive():
    new = table(plain("a", WHOLE), plain("b", flipped(WHOLE, 48)))
    assert rows_of(near_pairs(new, NOTHING, 48)) == [("a", "b", "hash", 48)]
    assert rows_of(near_pairs(new, NOTHING, 47)) == []


def test_flat_images_are_compared_by_pixels_only():
    new = table(
        image("a", "white", informative=False), image("b", "white", informative=False),
        image("c", "black", informative=False), image("d", "photo"),
    )  # fmt: skip
    assert rows_of(near_pairs(new, NOTHING, 48)) == [("a", "b", "pixels", 0)]


def test_images_without_facts_are_in_no_pair():
    unread = [(name, *[None] * 6) for name in "abc"]
    half = ("f", "p", WHOLE, INSIDE, None, CROP_A * 3, True)
    new = table(unread[0], half, image("d"), image("e"))
    assert rows_of(near_pairs(new, table(*unread[1:]), 48)) == [("d", "e", "hash", 0)]


def test_views_of_one_image_are_not_held_against_each_other():
    views = (WHOLE, TRIMMED, flipped(TRIMMED, 3), flipped(WHOLE, 3) * 3)
    assert rows_of(near_pairs(table(image("a", views=views)), NOTHING, 48)) == []


def test_pairs_among_known_images_are_not_repeated():
    known = table(plain("b", WHOLE), plain("c", WHOLE), plain("d", flipped(WHOLE, 4)))
    new = table(plain("a", WHOLE), plain("e", flipped(WHOLE, 6, first=100)))
    assert rows_of(near_pairs(new, known, 48)) == [
        ("a", "b", "hash", 0),
        ("a", "c", "hash", 0),
        ("a", "d", "hash", 4),
        ("a", "e", "hash", 6),
        ("b", "e", "hash", 6),
        ("c", "e", "hash", 6),
        ("d", "e", "hash", 10),
    ]


def test_known_images_that_come_again_bring_nothing():
    known = table(image("a"), image("b"))
    assert rows_of(near_pairs(known, known, 48)) == []


def test_empty_input():
    assert rows_of(near_pairs(NOTHING, NOTHING, 72)) == []
    assert rows_of(near_pairs(NOTHING, table(image("a"), image("b")), 72)) == []
    assert rows_of(near_pairs(NOTHING, NOTHING, 72, turned=True)) == []


def test_hashes_as_duckdb_returns_them_are_welcome():
    loose = pa.schema(
        {f.name: pa.binary() if f.name.startswith("hash_") and f.type != pa.bool_() else f.type for f in INPUT}
    )
    new = table(image("a"), image("b")).cast(loose)
    assert rows_of(near_pairs(new, NOTHING.cast(loose), 48)) == [("a", "b", "hash", 0)]


@pytest.mark.parametrize("turn", dihedral.TURNS)
@pytest.mark.parametrize("first", ["a", "b"])
def test_turned_copies_are_found_when_asked_for(turn, first):
    turned = dihedral.turned(np.frombuffer(WHOLE, np.uint64)[None], turn).tobytes()
    copy, base = plain("b", flipped(turned, 5)), plain("a", WHOLE)
    for new, known in ((table(base, copy), NOTHING), (table(base), table(copy)), (table(copy), table(base))):
        assert rows_of(near_pairs(new, known, 48)) == []
        assert rows_of(near_pairs(new, known, 48, turned=True)) == [("a", "b", "dihedral", 5)]


def test_a_copy_that_needs_no_turn_is_no_turned_one():
    even = dihedral.turned(np.zeros((1, 4), np.uint64), (0, 1, 0)).tobytes()
    symmetric = bytes(a & b for a, b in zip(WHOLE, bytes(255 - x for x in even), strict=True))
    new = table(plain("a", symmetric), plain("b", symmetric))
    assert rows_of(near_pairs(new, NOTHING, 72, turned=True)) == [("a", "b", "hash", 0)]


def crowd(seed, count):
    """Images in clusters: twins, equal hashes, near hashes, borrowed views, turned ones and flat ones."""
    rng = random.Random(seed)
    rows = [image(f"{rng.getrandbits(64):016x}", views=fresh(rng))]
    for _ in range(count - 1):
        name, (_, pixels, *views, informative) = f"{rng.getrandbits(64):016x}", rng.choice(rows)
        kind = rng.choice(["new", "twin", "equal", "near", "near", "borrowed", "turned", "turned", "flat"])
        if kind == "new":
            views = fresh(rng)
        elif kind == "near":
            views = [flipped(view, rng.randint(0, 50), rng.randint(0, 200)) for view in views]
        elif kind == "borrowed":
            views = [rng.randbytes(32), rng.randbytes(32), views[3][:32], rng.randbytes(64) + views[0]]
        elif kind == "turned":
            views[2] = dihedral.turned(np.frombuffer(views[2], np.uint64)[None], rng.choice(dihedral.TURNS)).tobytes()
        pixels = {"twin": pixels, "flat": "flat"}.get(kind)
        rows.append(image(name, pixels, tuple(views), informative and kind != "flat"))
    return rows


def fresh(rng):
    """Views of a picture; every other one has no borders."""
    views = [rng.randbytes(32) for _ in range(3)] if rng.random() < 0.5 else [rng.randbytes(32)] * 3
    return (*views, rng.randbytes(96))


def meaning(pairs, present):
    """What the pairs say of the images present: groups of equal pixels, and method and distance between groups."""
    twins = {name: name for row in rows_of(pairs) for name in row[:2]} | {name: name for name in present}
    for a, b, method, _ in rows_of(pairs):
        if method == "pixels":
            merge(twins, a, b)
    members = {group: sorted(name for name in present if twins[name] == group) for group in twins.values()}
    between = {}
    for a, b, method, distance in rows_of(pairs):
        for one, other in product(members[twins[a]], members[twins[b]]):
            key = min(one, other), max(one, other)
            if twins[a] != twins[b]:
                assert between.setdefault(key, (method, distance)) == (method, distance)
    return sorted(group for group in members.values() if len(group) > 1), between


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
    return pa.concat_tables([near_pairs(new, known, radius, turned=True) for new, known in drops])


def by_definition(rows, radius):
    """Every pair of equal pixels or near views, straight from the definition."""
    pairs = []
    for k, (a, pixels_a, *views_a, informative_a) in enumerate(rows):
        for b, pixels_b, *views_b, informative_b in rows[:k]:
            if pixels_a == pixels_b:
                pairs.append((min(a, b), max(a, b), "pixels", 0))
            elif informative_a and informative_b:
                plain, turned = plain_distance(views_a, views_b), turned_distance(views_a[2], views_b[2])
                if min(plain, turned) <= radius:
                    method = "hash" if plain <= turned else "dihedral"
                    pairs.append((min(a, b), max(a, b), method, min(plain, turned)))
    columns = [list(column) for column in zip(*pairs, strict=True)]
    return pa.table(columns, schema=PAIRS)


def plain_distance(a, b):
    wholes_a, wholes_b = a[:3], b[:3]
    crops_a, crops_b = ([views[3][k : k + 32] for k in (0, 32, 64)] for views in (a, b))
    allowed = [*product(wholes_a, wholes_b), *product(crops_a, wholes_b), *product(wholes_a, crops_b)]
    return min(apart(one, other) for one, other in allowed)


def turned_distance(a, b):
    words = np.frombuffer(a, np.uint64)[None]
    return min(apart(dihedral.turned(words, turn).tobytes(), b) for turn in dihedral.TURNS)


def apart(a, b):
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()


@pytest.mark.parametrize("seed", range(4))
def test_pairs_say_what_the_definition_says_however_the_images_come_and_go(seed, monkeypatch):
    if seed % 2:
        monkeypatch.setattr(hamming, "BRUTE_FORCE_PAIRS", 500)
    rows = crowd(seed, 56)
    names = [row[0] for row in rows]
    groups, between = expected = meaning(by_definition(rows, 47), names)
    assert between
    assert groups
    assert meaning(near_pairs(table(*rows), NOTHING, 47, turned=True), names) == expected
    for order in range(3):
        pairs = in_drops(rows, order, 47)
        assert meaning(pairs, names) == expected
        left = random.Random(order).sample(rows, 40)
        assert meaning(pairs, [row[0] for row in left]) == meaning(by_definition(left, 47), [row[0] for row in left])


@pytest.mark.parametrize("seed", range(3))
def test_no_pair_comes_from_two_drops_and_stars_are_those_of_a_full_search(seed):
    rows = crowd(seed, 100)
    ranks = random.Random(seed).sample(range(100), 100)
    columns = [[row[0] for row in rows], ranks, [rank % 5 > 0 for rank in ranks]]
    order = pa.table(columns, names=["image_id", "keeper_rank", "survives"])
    for shuffle in range(3):
        pairs = in_drops(rows, shuffle, 64)
        keys = [(a, b) for a, b, _, _ in rows_of(pairs)]
        assert len(set(keys)) == len(keys)
        left = np.sort(np.random.default_rng(shuffle).choice(100, 70, replace=False))
        at_once = near_pairs(table(*(rows[k] for k in left)), NOTHING, 64, turned=True)
        assert stars(pairs, order.take(left)).equals(stars(at_once, order.take(left)))


def test_result_is_sorted_and_independent_of_the_order_of_rows():
    rows = crowd(1, 100)
    pairs = near_pairs(table(*rows), NOTHING, 72)
    keys = [(a, b) for a, b, _, _ in rows_of(pairs)]
    assert keys == sorted(keys)
    assert all(a < b for a, b in keys)
    assert near_pairs(table(*rows[::-1]), NOTHING, 72).equals(pairs)
