"""What fastdup wrote becomes pairs; what makes no sense does not."""

from dataset_build.dedup.fastdup import as_pairs
from dataset_build.schemas import FASTDUP_PAIRS


def row(a: str, b: str, similarity: str) -> dict[str, str]:
    return {"image_id_a": a, "image_id_b": b, "similarity": similarity}


def test_each_pair_stands_once_in_order_with_its_best_similarity() -> None:
    rows = [row("c", "a", "0.91"), row("b", "a", "0.95"), row("a", "c", "0.93"), row("a", "b", "0.95")]
    pairs = as_pairs(rows, {"a", "b", "c"})
    assert pairs.schema == FASTDUP_PAIRS.schema
    assert [(p["image_id_a"], p["image_id_b"], round(p["correlation"], 4)) for p in pairs.to_pylist()] == [
        ("a", "b", 0.95),
        ("a", "c", 0.93),
    ]
    assert {(p["method"], p["distance"]) for p in pairs.to_pylist()} == {("fastdup", None)}


def test_rows_without_sense_are_left_out() -> None:
    rows = [
        row("a", "a", "1.0"),
        row("a", "unknown", "1.0"),
        row("a", "b", "nan"),
        row("a", "b", "7"),
        row("a", "b", ""),
        {"image_id_a": "a"},
    ]
    assert as_pairs(rows, {"a", "b"}).num_rows == 0


def test_a_rounding_error_is_one() -> None:
    assert as_pairs([row("a", "b", "1.00001")], {"a", "b"}).to_pylist()[0]["correlation"] == 1
