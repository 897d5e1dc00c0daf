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


def test_images_that_cannot_be_decoded_are_not_in_the_order() -> None:
    assert order(facts("a"), facts("b", status="truncated")) == ["a"]


def test_images_without_a_pair_are_not_in_the_order() -> None:
    assert run("keeper_order", current_facts=[facts("a")]) == []


def test_members_are_rejected_and_keepers_are_not() -> None:
    stars = [
        {"image_id": "k", "keeper": "k", "method": "keeper", "distance": 0},
        {"image_id": "p", "keeper": "k", "method": "pixels", "distance": 0},
        {"image_id": "n", "keeper": "k", "method": "hash", "distance": 12},
    ]
    rows = run("corpus_verdicts", {"radius": 48}, duplicates=stars)
    assert [(row["image_id"], row["reason"], row["value"], row["threshold"]) for row in rows] == [
        ("n", "near_duplicate", 12.0, 48.0),
        ("p", "same_pixels", 0.0, 48.0),
    ]
