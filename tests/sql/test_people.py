"""What is taken down, and what people keep or reject."""

from typing import Any

from tests.sql.support import Rows, run

DROPS = [{"drop": "d", "source": "s", "sequence": 1}]
A, B, C, D, E = (letter * 64 for letter in "abcde")


def found(**places: tuple[str, dict[str, Any]]) -> Rows:
    return [
        {"drop": "d", "uri": uri, "source": "s", "image_id": i, "status": "ok", **v} for uri, (i, v) in places.items()
    ]


def fact(image_id: str, **values: Any) -> dict[str, Any]:
    return {"image_id": image_id, "status": "ok", "width": 500, "height": 400, "sharpness": 50.0, **values}


def pair(a: str, b: str, method: str, distance: int, **values: Any) -> dict[str, Any]:
    return {"image_id_a": a, "image_id_b": b, "method": method, "distance": distance, **values}


def takedown(number: int, kind: str, value: str, **values: Any) -> dict[str, Any]:
    return {"number": number, "kind": kind, "value": value, "reason": f"because {number}", **values}


def taken(takedowns: Rows, **tables: Rows) -> list[tuple[Any, ...]]:
    every = {"occurrences": found(a=(A, {}), b=(B, {}), c=(C, {}), d=(D, {})), **tables}
    rows = run("taken_down", drops=DROPS, takedowns=takedowns, **every)
    return sorted((row["image_id"][0], row["reason"], row["number"], row["words"]) for row in rows)


def test_by_id_post_and_address() -> None:
    places = found(
        a=(A, {"source_id": "7"}),
        b=(B, {"source_url": "https://Example.org/jane/1?x=[1]"}),
        c=(C, {"source_url": "https://example.org/janet", "source_id": "77"}),
        d=(D, {}),
    )
    rows = [takedown(1, "source_id", "7"), takedown(2, "url", "*://example.org/Jane/*"), takedown(3, "image", D)]
    assert taken(rows, occurrences=places) == [
        ("a", "source_id", 1, "because 1"),
        ("b", "url", 2, "because 2"),
        ("d", "image", 3, "because 3"),
    ]


def test_an_image_that_was_never_seen_is_no_row() -> None:
    assert taken([takedown(1, "image", E), takedown(2, "source_id", "7")]) == []


def test_by_phash_within_the_radius_if_it_says_anything() -> None:
    facts = [
        fact(A, phash="00000000000000ff", hash_informative=True),
        fact(B, phash="00000000000000f0", hash_informative=True),
        fact(C, phash="0000000000000000", hash_informative=True),
        fact(D, phash="00000000000000ff", hash_informative=False),
    ]
    rows = [takedown(1, "phash", "00000000000000ff", phash="00000000000000ff", radius=4)]
    assert [(i, reason) for i, reason, *_ in taken(rows, image_facts=facts)] == [("a", "phash"), ("b", "phash")]
    rows = [takedown(1, "image", A, phash="00000000000000ff", radius=4)]
    assert [(i, reason) for i, reason, *_ in taken(rows, image_facts=facts)] == [("a", "image"), ("b", "similar")]


def test_look_alikes_go_too_through_equal_pixels_but_not_their_look_alikes() -> None:
    pairs = [pair(A, B, "pixels", 0), pair(B, C, "hash", 20), pair(C, D, "pixels", 0), pair(D, E, "hash", 20)]
    places = found(a=(A, {}), b=(B, {}), c=(C, {}), d=(D, {}), e=(E, {}))
    gone = taken([takedown(1, "image", A)], duplicate_pairs=pairs, occurrences=places)
    assert [(i, reason) for i, reason, *_ in gone] == [
        ("a", "image"),
        ("b", "similar"),
        ("c", "similar"),
        ("d", "similar"),
    ]


def test_pairs_that_are_unlike_after_all_do_not_count() -> None:
    pairs = [pair(A, B, "hash", 60, correlation=0.1), pair(A, C, "hash", 60, correlation=0.99)]
    assert [i for i, *_ in taken([takedown(1, "image", A)], duplicate_pairs=pairs)] == ["a", "c"]


def test_the_first_that_names_an_image_counts_and_lifted_ones_do_not() -> None:
    rows = [takedown(1, "source_id", "9"), takedown(2, "image", A), takedown(3, "image", A), takedown(4, "lift", "2")]
    assert taken(rows) == [("a", "image", 3, "because 3")]


def verdicts(overrides: Rows, **tables: Rows) -> list[tuple[str, str, str]]:
    places = found(a=(A, {}), b=(B, {}))
    facts = [fact(A, width=10), fact(B, status="truncated")]
    rows = run("image_verdicts", drops=DROPS, occurrences=places, image_facts=facts, overrides=overrides, **tables)
    return [(row["image_id"][0], row["stage"], row["reason"]) for row in rows]


def said(number: int, image_id: str, verdict: str) -> dict[str, Any]:
    return {"number": number, "image_id": image_id, "verdict": verdict, "reason": "r"}


SMALL = [("a", "aspect", "too_elongated"), ("a", "size", "too_small")]
BROKEN = ("b", "broken", "truncated")


def test_what_people_keep_passes_all_but_broken_and_taken_down() -> None:
    assert verdicts([]) == [*SMALL, BROKEN]
    assert verdicts([said(1, A, "keep"), said(2, B, "keep")]) == [BROKEN]
    gone = ("a", "takedown", "image")
    assert verdicts([said(1, A, "keep")], takedowns=[takedown(1, "image", A)]) == [gone, BROKEN]


def test_the_latest_word_counts() -> None:
    rejected = ("a", "override", "rejected_by_hand")
    words = [said(1, A, "keep"), said(3, A, "reject"), said(2, A, "keep")]
    assert verdicts(words) == [SMALL[0], rejected, SMALL[1], BROKEN]
    assert verdicts([*words, said(4, A, "clear")]) == [*SMALL, BROKEN]
    assert verdicts([said(1, E, "reject")]) == [*SMALL, BROKEN]


def test_of_equal_pixels_one_stands_alone() -> None:
    facts = [fact(A, pixel_hash="p"), fact(B, pixel_hash="p"), fact(C)]
    places = found(a=(A, {}), b=(B, {}), c=(C, {}))
    words = [said(n, image_id, "keep") for n, image_id in enumerate((A, B, C), 1)]
    rows = run("kept_alone", drops=DROPS, occurrences=places, image_facts=facts, overrides=words)
    assert sorted(row["image_id"] for row in rows) == [A, C]


def test_corpus_and_caption_rules_do_not_judge_what_people_keep() -> None:
    planted = {"drops": DROPS, "occurrences": found(a=(A, {}), b=(B, {})), "image_facts": [fact(A), fact(B)]}
    failures = [{"image_id": i, "reason": "capped", "value": 1.0, "threshold": 2.0} for i in (A, B)]
    rows = run("corpus_verdicts", rule_failures=failures, overrides=[said(1, A, "keep")], **planted)
    assert [row["image_id"] for row in rows] == [B]
    short = [{"image_id": i, "caption_id": i.upper(), "caption": "x"} for i in (A, B)]
    fails = [
        {"image_id": i, "caption_id": i.upper(), "reason": "too_short", "value": 1, "threshold": 3} for i in (A, B)
    ]
    inputs = [{"image_id": i} for i in (A, B, C)]
    words = [said(1, A, "keep"), said(2, C, "keep")]
    given = {"chosen_captions": short, "caption_failures": fails, "caption_texts": inputs}
    rows = run("caption_verdicts", overrides=words, **given, **planted)
    assert [(row["image_id"], row["reason"]) for row in rows] == [(B, "too_short"), (C, "no_caption")]


def test_lineage_has_the_verdict_of_every_stage() -> None:
    places = found(a=(A, {}), b=(B, {}), c=(C, {}))
    gone = [{"drop": "d0", "uri": "a", "source": "s", "image_id": D, "status": "ok"}]  # replaced by a of drop d
    verdict = {"value": 1.0, "threshold": 2.0}
    rows = run(
        "release_lineage",
        drops=[{"drop": "d0", "source": "s", "sequence": 0}, *DROPS],
        occurrences=[*gone, *places],
        image_facts=[fact(A), fact(B), fact(C)],
        text_regions=[{"image_id": A, "status": "ok", "text_area": 0.0}],
        image_verdicts=[{"image_id": B, "stage": "broken", "reason": "truncated"}],
        corpus_verdicts=[{"image_id": C, "stage": "corpus", "reason": "capped", **verdict}],
        caption_verdicts=[{"image_id": A, "stage": "caption", "reason": "no_caption"}],
    )
    told = {
        row["image_id"]: {
            verdict: [each["stage"] for each in row["verdicts"] if each["verdict"] == verdict]
            for verdict in ("rejected", "not_judged")
        }
        for row in rows
    }
    judged_later = ["content", "size", "aspect", "blur", "text", "duplicate", "corpus", "caption"]
    assert told == {
        A: {"rejected": ["caption"], "not_judged": []},
        B: {"rejected": ["broken"], "not_judged": judged_later},
        C: {"rejected": ["corpus"], "not_judged": ["text", "caption"]},
        D: {"rejected": ["source"], "not_judged": ["takedown", "broken", "override", *judged_later]},
    }
