"""The order in which keepers are chosen, and the verdict on the others."""

from tests.sql.support import run


def facts(
    image_id: str, width: int = 100, height: int = 100, file_bytes: int = 1000, status: str = "ok"
) -> dict[str, object]:
    return {"image_id": image_id, "width": width, "height": height, "file_bytes": file_bytes, "status": status}


def order(*rows: dict[str, object], **tables: list[dict[str, object]]) -> list[str]:
    pairs = [{"image_id_a": row["image_id"], "image_id_b": "z"} for row in rows]
    found = run("keeper_order", current_facts=list(rows), duplicate_pairs=pairs, **tables)
    assert [row["keeper_rank"] for row in found] == list(range(len(found)))
    return [row["image_id"] for row in found]


def test_most_pixels_come_first() -> None:
    assert order(facts("a"), facts("b", width=101)) == ["b", "a"]


def test_then_the_least_compressed() -> None:
    assert order(facts("a"), facts("b", file_bytes=1001)) == ["b", "a"]


def test_then_most_tags_each_counted_once() -> None:
    tags = [
        {"image_id": "b", "tag": "x"},
        {"image_id": "a", "tag": "x"},
        {"image_id": "b", "tag": "y"},
        {"image_id": "a", "tag": "x"},
    ]
    assert order(facts("a"), facts("b"), tags=tags) == ["b", "a"]


def test_then_the_smallest_id() -> None:
    assert order(facts("b"), facts("a")) == ["a", "b"]


def test_images_that_fail_stay_in_the_order_but_do_not_survive() -> None:
    rows = run(
        "keeper_order",
        current_facts=[facts("a"), facts("b")],
        duplicate_pairs=[{"image_id_a": "a", "image_id_b": "b"}],
        image_verdicts=[{"image_id": "a", "reason": "blurred"}, {"image_id": "a", "reason": "too_small"}],
    )
    assert [(row["image_id"], row["survives"]) for row in rows] == [("a", False), ("b", True)]


def test_placeholders_are_in_no_star() -> None:
    verdict = {"image_id": "a", "reason": "placeholder"}
    assert order(facts("a"), facts("b"), image_verdicts=[verdict]) == ["b"]


def test_images_that_cannot_be_decoded_are_not_in_the_order() -> None:
    assert order(facts("a"), facts("b", status="truncated")) == ["a"]


def test_images_without_a_pair_are_not_in_the_order() -> None:
    assert run("keeper_order", current_facts=[facts("a")]) == []


def test_members_are_rejected_and_keepers_are_not() -> None:
    stars = [
        {"image_id": "k", "keeper": "k", "method": "keeper", "distance": 0},
        {"image_id": "p", "keeper": "k", "method": "pixels", "distance": 0},
        {"image_id": "n", "keeper": "k", "method": "hash", "distance": 12},
        {"image_id": "o", "keeper": "k", "method": "hash", "distance": 60},
        {"image_id": "t", "keeper": "k", "method": "dihedral", "distance": 9},
    ]
    rows = run("corpus_verdicts", {"radius": 48, "widest_radius": 64}, duplicates=stars)
    assert [(row["image_id"], row["reason"], row["value"], row["threshold"]) for row in rows] == [
        ("n", "near_duplicate", 12.0, 48.0),
        ("o", "near_duplicate", 60.0, 64.0),
        ("p", "same_pixels", 0.0, 48.0),
        ("t", "turned_duplicate", 9.0, 48.0),
    ]


RULES = {"radius": 48, "confirm": 0.9, "variants": "keep", "recoloured": 12, "redrawn": 40}


def relations(rules: dict[str, object], *pairs: tuple[str, int, float | None, float | None, float | None]) -> list[str]:
    columns = ("method", "distance", "correlation", "recoloured", "redrawn")
    planted = [
        {"image_id_a": f"{k}", "image_id_b": "x", **dict(zip(columns, pair, strict=True))}
        for k, pair in enumerate(pairs)
    ]
    return [row["relation"] for row in run("judged_pairs", RULES | rules, duplicate_pairs=planted)]


def test_pairs_in_the_doubtful_band_need_a_second_look() -> None:
    pairs = [
        ("hash", 48, 0.1, 0, 0),
        ("hash", 49, 0.901, 0, 0),
        ("hash", 49, 0.89, 0, 0),
        ("dihedral", 49, None, None, None),
    ]
    assert relations({}, *pairs) == ["duplicate", "duplicate", "unlike", "unlike"]
    assert relations({"confirm": 2}, *pairs) == ["duplicate", "unlike", "unlike", "unlike"]
    assert relations({"radius": 49}, *pairs) == ["duplicate"] * 4


def test_recoloured_and_redrawn_pairs_are_variants_unless_merged() -> None:
    pairs = [
        ("hash", 0, 1, 12, 40), ("hash", 0, 1, 13, 0), ("hash", 0, 1, 0, 41), ("hash", 50, 0.95, 13, 0),
        ("hash", 50, 0.5, 13, 41), ("pixels", 0, None, None, None), ("dihedral", 5, None, None, None),
    ]  # fmt: skip
    told = ["duplicate", "variant", "variant", "variant", "unlike", "duplicate", "duplicate"]
    assert relations({}, *pairs) == told
    assert relations({"variants": "merge"}, *pairs) == [each.replace("variant", "duplicate") for each in told]
    off = relations({"recoloured": 0, "redrawn": 0}, *pairs)
    assert off == [each.replace("variant", "duplicate") for each in told]


def test_variants_are_listed_while_both_survive_and_no_better_copy_stands_for_them() -> None:
    pair = {"method": "hash", "distance": 0, "correlation": 1, "recoloured": 13, "redrawn": 0}
    planted = [{"image_id_a": "a", "image_id_b": b, **pair} for b in "bcd"]
    survivors = [{"image_id": name} for name in "abd"]
    duplicates = [{"image_id": "d", "keeper": "b"}, {"image_id": "b", "keeper": "b"}]
    found = run("variants", RULES, duplicate_pairs=planted, survivors=survivors, duplicates=duplicates)
    assert [(row["image_id_a"], row["image_id_b"]) for row in found] == [("a", "b")]


def test_variants_are_shown_with_their_places_and_what_tells_them_apart() -> None:
    names = ("image_id_a", "image_id_b", "distance", "recoloured", "redrawn")
    rows = [("a", "b", 3, 13.0, 1.0), ("a", "c", 4, 1.0, 41.0)]
    found = run(
        "variant_places",
        RULES,
        variants=[dict(zip(names, row, strict=True)) for row in rows],
        homes=[{"image_id": name, "uri": f"{name}.png"} for name in "abc"],
    )
    shown = ("uri_a", "uri_b", "distance", "is_recoloured", "is_redrawn")
    assert [tuple(row[key] for key in shown) for row in found] == [
        ("a.png", "b.png", 3, True, False),
        ("a.png", "c.png", 4, False, True),
    ]


def test_two_methods_are_compared_pair_by_pair() -> None:
    def pair(a: str, b: str, **values: object) -> dict[str, object]:
        return {"image_id_a": a, "image_id_b": b, **values}

    rows = run(
        "compare_duplicate_methods",
        current_facts=[
            {"image_id": name, "pixel_hash": "d" if name in "de" else name, "decode_scale": 1} for name in "abcdefg"
        ],
        survivors=[{"image_id": name} for name in "abcdef"],
        judged_pairs=[
            pair("a", "b", relation="duplicate"),
            pair("a", "c", relation="variant"),
            pair("c", "e", relation="duplicate"),
            pair("d", "e", relation="duplicate"),
            pair("a", "g", relation="duplicate"),
            pair("b", "f", relation="unlike"),
        ],
        fastdup_pairs=[
            pair("a", "b", correlation=0.99),
            pair("a", "c", correlation=0.95),
            pair("a", "f", correlation=0.91),
            pair("a", "d", correlation=0.92),
            pair("a", "e", correlation=0.93),
            pair("d", "e", correlation=1.0),
        ],
    )
    told = [(r["found_by"], r["relation"], r["pairs"], r["example_a"], r["example_b"]) for r in rows]
    assert told == [
        ("both", "duplicate", 1, "a", "b"),
        ("fastdup", "no pair", 2, "a", "f"),
        ("fastdup", "variant", 1, "a", "c"),
        ("ours", "duplicate", 1, "c", "d"),
    ]
    assert round(rows[1]["most_similarity"], 2) == 0.93


def test_histograms_show_the_distance_of_all_and_the_likeness_of_doubtful_pairs() -> None:
    pairs = [("hash", 48, 0.5), ("hash", 49, 0.75), ("dihedral", 60, None), ("pixels", 0, None)]
    planted = [
        {"image_id_a": "a", "image_id_b": f"{k}", "method": method, "distance": distance, "correlation": correlation}
        for k, (method, distance, correlation) in enumerate(pairs)
    ]
    found = run("pair_measures", RULES, duplicate_pairs=planted)
    assert [(row["distance"], row["correlation"]) for row in found] == [(48, None), (49, 0.75), (60, None)]
