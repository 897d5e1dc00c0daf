import random

import pyarrow as pa
import pytest

from dataset_build import schemas
from dataset_build.dedup.pairs import PAIRS
from dataset_build.dedup.stars import stars


def links_of(*rows):
    """Rows (a, b, distance) or (a, b, distance, method)."""
    rows = [(row[0], row[1], row[3] if len(row) > 3 else "hash", row[2]) for row in rows]
    return pa.table([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 4, schema=PAIRS)


def best_first(names, rejected=""):
    return order_of((name, rank, name not in rejected) for rank, name in enumerate(names))


def order_of(rows):
    schema = pa.schema({"image_id": pa.string(), "keeper_rank": pa.int64(), "survives": pa.bool_()})
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def rows_of(duplicates):
    assert duplicates.schema.equals(schemas.DUPLICATES.schema)
    return [tuple(row.values()) for row in duplicates.to_pylist()]


def test_a_star_is_not_a_chain():
    links = links_of(("a", "b", 40), ("b", "c", 40), ("c", "d", 40))
    assert rows_of(stars(links, best_first("abcd"))) == [
        ("a", "a", "keeper", 0),
        ("b", "a", "hash", 40),
        ("c", "c", "keeper", 0),
        ("d", "c", "hash", 40),
    ]


def test_the_best_image_keeps_whatever_its_id():
    links = links_of(("a", "b", 40, "dihedral"), ("b", "c", 30))
    assert rows_of(stars(links, best_first("bca"))) == [
        ("a", "b", "dihedral", 40),
        ("b", "b", "keeper", 0),
        ("c", "b", "hash", 30),
    ]


def test_images_that_do_not_survive_are_claimed_but_never_claim():
    links = links_of(("a", "b", 10), ("b", "c", 10), ("d", "e", 10))
    assert rows_of(stars(links, best_first("abcde", rejected="ade"))) == [
        ("a", "b", "hash", 10),
        ("b", "b", "keeper", 0),
        ("c", "b", "hash", 10),
    ]


def test_what_is_said_of_one_holds_for_all_of_equal_pixels():
    links = links_of(("b", "c", 0, "pixels"), ("c", "d", 20), ("a", "e", 0, "pixels"), ("a", "b", 7))
    assert rows_of(stars(links, best_first("ecbad"))) == [
        ("a", "e", "pixels", 0),
        ("b", "e", "hash", 7),
        ("c", "e", "hash", 7),
        ("e", "e", "keeper", 0),
    ]


def test_images_at_distance_0_are_no_class():
    links = links_of(("a", "b", 0), ("b", "c", 12))
    assert [row[1] for row in rows_of(stars(links, best_first("abc")))] == ["a", "a"]
    assert [row[1] for row in rows_of(stars(links, best_first("cba")))] == ["c", "c"]


def test_an_image_absent_from_the_order_still_stands_for_its_class():
    links = links_of(("a", "b", 0, "pixels"), ("a", "c", 0, "pixels"), ("a", "d", 9), ("e", "f", 3))
    assert rows_of(stars(links, best_first("bcdf"))) == [
        ("b", "b", "keeper", 0),
        ("c", "b", "pixels", 0),
        ("d", "b", "hash", 9),
    ]


def test_equal_ranks_go_by_id():
    order = order_of([("b", 0, True), ("a", 0, True)])
    assert [row[1] for row in rows_of(stars(links_of(("a", "b", 5)), order))] == ["a", "a"]


def test_no_links_no_stars():
    assert rows_of(stars(links_of(), best_first("ab"))) == []
    assert rows_of(stars(links_of(("a", "b", 0)), best_first(""))) == []


def by_definition(rows, order):
    """Keepers image by image, with classes grown one link at a time."""
    names = sorted({name for row in rows for name in row[:2]})
    group = {name: {name} for name in names}
    for a, b, _, method in rows:
        if method == "pixels":
            merged = group[a] | group[b]
            group.update(dict.fromkeys(merged, merged))
    near = {(x, y): d for a, b, d, method in rows if method != "pixels" for x in group[a] for y in group[b]}
    near |= {(y, x): distance for (x, y), distance in near.items()}
    keeper = {}
    for best in order.sort_by([("keeper_rank", "ascending"), ("image_id", "ascending")]).to_pylist():
        name = best["image_id"]
        if best["survives"] and name in group and name not in keeper:
            for other in names:
                if other not in keeper and (other in group[name] or (name, other) in near):
                    keeper[other] = (name, 0 if other in group[name] else near[name, other])
    kept = [name for name, _ in keeper.values()]
    return {name: star for name, star in keeper.items() if kept.count(star[0]) > 1}


@pytest.mark.parametrize("seed", range(10))
def test_random_stars_match_the_definition_whatever_the_order_of_rows(seed):
    rng = random.Random(seed)
    names = [f"{k:02d}" for k in range(60)]
    twins = [(names[k], names[k + 1], 0, "pixels") for k in range(0, 40, 4)]
    heads = names[0:40:4] + names[2:40:4] + names[40:]
    links = sorted({tuple(sorted(rng.sample(heads, 2))) for _ in range(60)})
    rows = [*twins, *((a, b, rng.choice([0, 10, 40, 64]), rng.choice(["hash", "dihedral"])) for a, b in links)]
    order = order_of((name, rng.randrange(20), rng.random() < 0.7) for name in names)
    result = stars(links_of(*rows), order)
    assert {row[0]: (row[1], row[3]) for row in rows_of(result)} == by_definition(rows, order)
    shuffled = order.take(rng.sample(range(60), 60))
    assert stars(links_of(*rng.sample(rows, len(rows))), shuffled).equals(result)
