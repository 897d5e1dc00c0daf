import random

import pyarrow as pa
import pytest

from dataset_build import schemas
from dataset_build.dedup.stars import stars


def pairs_of(*rows):
    """Rows (a, b, distance) or (a, b, distance, method)."""
    rows = [(row[0], row[1], row[3] if len(row) > 3 else "hash", row[2]) for row in rows]
    schema = schemas.DUPLICATE_PAIRS.schema
    return pa.table([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 4, schema=schema)


def best_first(names, rejected=""):
    return order_of((name, rank, name not in rejected) for rank, name in enumerate(names))


def order_of(rows):
    schema = pa.schema({"image_id": pa.string(), "keeper_rank": pa.int64(), "survives": pa.bool_()})
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def rows_of(duplicates):
    assert duplicates.schema.equals(schemas.DUPLICATES.schema)
    return [tuple(row.values()) for row in duplicates.to_pylist()]


def test_a_star_is_not_a_chain():
    pairs = pairs_of(("a", "b", 40), ("b", "c", 40), ("c", "d", 40))
    assert rows_of(stars(pairs, best_first("abcd"), 48)) == [
        ("a", "a", "keeper", 0),
        ("b", "a", "hash", 40),
        ("c", "c", "keeper", 0),
        ("d", "c", "hash", 40),
    ]


def test_the_best_image_keeps_whatever_its_id():
    pairs = pairs_of(("a", "b", 40), ("b", "c", 30))
    assert rows_of(stars(pairs, best_first("bca"), 48)) == [
        ("a", "b", "hash", 40),
        ("b", "b", "keeper", 0),
        ("c", "b", "hash", 30),
    ]


@pytest.mark.parametrize(("radius", "members"), [(29, ""), (30, "ab"), (48, "abc")])
def test_radius_is_inclusive_and_stars_of_one_are_left_out(radius, members):
    pairs = pairs_of(("a", "b", 30), ("a", "c", 48))
    assert [row[0] for row in rows_of(stars(pairs, best_first("abc"), radius))] == list(members)


def test_images_that_do_not_survive_are_claimed_but_never_claim():
    pairs = pairs_of(("a", "b", 10), ("b", "c", 10), ("d", "e", 10))
    assert rows_of(stars(pairs, best_first("abcde", rejected="ade"), 48)) == [
        ("a", "b", "hash", 10),
        ("b", "b", "keeper", 0),
        ("c", "b", "hash", 10),
    ]


def test_members_of_a_class_are_as_near_as_their_class():
    pairs = pairs_of(("a", "b", 0), ("b", "c", 0, "pixels"), ("c", "d", 20), ("a", "e", 0, "pixels"))
    assert rows_of(stars(pairs, best_first("ecbad"), 48)) == [
        ("a", "e", "pixels", 0),
        ("b", "e", "hash", 0),
        ("c", "e", "hash", 0),
        ("d", "e", "hash", 20),
        ("e", "e", "keeper", 0),
    ]


def test_the_least_distance_between_two_classes_counts():
    pairs = pairs_of(("a", "b", 0), ("a", "c", 30), ("b", "c", 12), ("a", "d", 40), ("c", "d", 0))
    assert rows_of(stars(pairs, best_first("abcd"), 12)) == [
        ("a", "a", "keeper", 0),
        ("b", "a", "hash", 0),
        ("c", "a", "hash", 12),
        ("d", "a", "hash", 12),
    ]


def test_an_image_absent_from_the_order_only_joins_its_class():
    pairs = pairs_of(("a", "b", 0), ("a", "c", 0), ("a", "d", 9), ("e", "f", 3))
    assert rows_of(stars(pairs, best_first("bcdf"), 48)) == [
        ("b", "b", "keeper", 0),
        ("c", "b", "hash", 0),
        ("d", "b", "hash", 9),
    ]


def test_equal_ranks_go_by_id():
    order = order_of([("b", 0, True), ("a", 0, True)])
    assert [row[1] for row in rows_of(stars(pairs_of(("a", "b", 5)), order, 48))] == ["a", "a"]


def test_no_pairs_no_stars():
    assert rows_of(stars(pairs_of(), best_first("ab"), 48)) == []
    assert rows_of(stars(pairs_of(("a", "b", 0)), best_first(""), 48)) == []


def by_definition(pairs, order, radius):
    """Keepers image by image, with classes grown one pair at a time."""
    names = sorted({*pairs["image_id_a"].to_pylist(), *pairs["image_id_b"].to_pylist()})
    group = {name: {name} for name in names}
    rows = [(p["image_id_a"], p["image_id_b"], p["distance"]) for p in pairs.to_pylist()]
    for a, b, distance in rows:
        if distance == 0:
            merged = group[a] | group[b]
            group.update(dict.fromkeys(merged, merged))
    least = {}
    for a, b, distance in rows:
        for x in group[a]:
            for y in group[b]:
                least[x, y] = least[y, x] = min(distance, least.get((x, y), distance))
    keeper = {}
    for best in order.sort_by([("keeper_rank", "ascending"), ("image_id", "ascending")]).to_pylist():
        name = best["image_id"]
        if best["survives"] and name in group and name not in keeper:
            for other in names:
                near = other in group[name] or least.get((name, other), radius + 1) <= radius
                if other not in keeper and near:
                    keeper[other] = (name, 0 if other in group[name] else least[name, other])
    kept = [name for name, _ in keeper.values()]
    return {name: star for name, star in keeper.items() if kept.count(star[0]) > 1}


@pytest.mark.parametrize("seed", range(10))
def test_random_stars_match_the_definition_whatever_the_order_of_rows(seed):
    rng = random.Random(seed)
    names = [f"{k:02d}" for k in range(60)]
    links = {tuple(sorted(rng.sample(names, 2))) for _ in range(70)}
    rows = [(a, b, rng.choice([0, 0, 10, 40, 48, 49, 72])) for a, b in sorted(links)]
    order = order_of((name, rng.randrange(20), rng.random() < 0.7) for name in names)
    result = stars(pairs_of(*rows), order, 48)
    assert {row[0]: (row[1], row[3]) for row in rows_of(result)} == by_definition(pairs_of(*rows), order, 48)
    shuffled = order.take(rng.sample(range(60), 60))
    assert stars(pairs_of(*rng.sample(rows, len(rows))), shuffled, 48).equals(result)
