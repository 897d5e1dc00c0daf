"""Texts merged from duplicates, and which captions are missing or chosen."""

from typing import Any

from tests.sql.support import run

DROPS = [{"drop": "d", "source": "s", "sequence": 1}]


def place(image_id: str, **texts: Any) -> dict[str, Any]:
    return {"drop": "d", "source": "s", "uri": image_id, "status": "ok", "image_id": image_id, **texts}


def tag(image_id: str, name: str, category: str = "general", rank: int = 0) -> dict[str, Any]:
    return {"image_id": image_id, "tag": name, "category": category, "origin": "given", "rank": rank}


def test_a_keeper_inherits_the_texts_of_those_it_stands_for() -> None:
    star = [{"image_id": "k", "keeper": "k"}, {"image_id": "m", "keeper": "k"}]
    (row,) = run(
        "image_texts",
        drops=DROPS,
        current_facts=[{"image_id": "k"}, {"image_id": "m"}],
        corpus_verdicts=[{"image_id": "m", "reason": "near_duplicate"}],
        duplicates=star,
        occurrences=[
            place("k", alt_text="short", rating="general", source_url="u2"),
            place("m", alt_text="longer text", rating="explicit", source_url="u1"),
        ],
        tags=[tag("k", "hat", rank=1), tag("k", "red", rank=0), tag("m", "hat"), tag("m", "alice", "character", 5)],
    )
    assert row["image_id"] == "k"
    assert [(t["tag"], t["category"]) for t in row["tags"]] == [
        ("alice", "character"),
        ("hat", "general"),
        ("red", "general"),
    ]
    assert row["alt_texts"] == ["longer text", "short"]
    assert row["source_urls"] == ["u1", "u2"]
    assert row["ratings"] == ["explicit", "general"]
    assert row["merged_from"] == ["k", "m"]


def test_an_image_without_any_text_has_empty_lists() -> None:
    (row,) = run("image_texts", drops=DROPS, current_facts=[{"image_id": "a"}], occurrences=[place("a")])
    assert (row["tags"], row["alt_texts"], row["source_urls"], row["ratings"]) == ([], [], [], [])


def test_rejected_images_have_no_texts() -> None:
    rejected = [{"image_id": "a", "reason": "blurred"}]
    assert (
        run(
            "image_texts",
            drops=DROPS,
            current_facts=[{"image_id": "a"}],
            occurrences=[place("a")],
            image_verdicts=rejected,
        )
        == []
    )


INPUTS = [
    {"image_id": "a", "fingerprint": "f", "preference": 0, "input_hash": "h1"},
    {"image_id": "a", "fingerprint": "g", "preference": 1, "input_hash": "h2"},
]
RECIPES = [
    {"fingerprint": "f", "preference": 0, "needs": ["tags"], "variants": ["long", "short"]},
    {"fingerprint": "g", "preference": 1, "needs": ["text_boxes"], "variants": ["caption"]},
]


def caption(**fields: Any) -> dict[str, Any]:
    row = {
        "caption_id": "c",
        "image_id": "a",
        "input_hash": "h1",
        "fingerprint": "f",
        "status": "ok",
        "variant": "long",
    }
    return {**row, "final": True, "n": 0, "attempt": 1, "caption": "x", **fields}


def missing(*captions: dict[str, Any]) -> dict[str, int]:
    rows = run("missing_captions", caption_inputs=INPUTS, captions=[*captions])
    return {row["fingerprint"]: row["attempts"] for row in rows}


def test_a_caption_is_missing_when_texts_or_fingerprint_changed_or_it_is_to_be_tried_again() -> None:
    other = caption(fingerprint="g", input_hash="h2")
    timeout = caption(final=False, status="timeout")
    assert missing() == {"f": 0, "g": 0}
    assert missing(other, caption()) == {}
    assert missing(other, caption(input_hash="h0")) == {"f": 0}
    assert missing(caption()) == {"g": 0}
    assert missing(other, timeout) == {"f": 1}
    assert missing(other, timeout, caption(final=False, status="timeout", attempt=2)) == {"f": 2}
    assert missing(other, timeout, caption(attempt=2)) == {}
    assert missing(other, caption(status="empty", caption=None)) == {}


def chosen(*captions: dict[str, Any]) -> list[str]:
    values = {"caption_recipes": RECIPES}
    rows = run("chosen_captions", values, caption_inputs=INPUTS, captions=[*captions])
    return [row["caption_id"] for row in rows]


def test_the_chosen_caption_is_the_first_good_one_from_these_texts_by_recipe_then_variant() -> None:
    worse = [
        caption(caption_id="stale", input_hash="h0"),
        caption(caption_id="other", fingerprint="e"),
        caption(caption_id="empty", status="empty"),
        caption(caption_id="unshown", variant="draft"),
    ]
    assert chosen(*worse) == []
    worse.append(caption(caption_id="fallback", fingerprint="g", input_hash="h2", variant="caption"))
    assert chosen(*worse) == ["fallback"]
    worse.append(caption(caption_id="short", variant="short"))
    assert chosen(*worse) == ["short"]
    worse.append(caption(caption_id="second", n=1))
    assert chosen(*worse, caption(caption_id="first")) == ["first"]


def hashes(tags: tuple[str, ...] = ("cat",), boxes: tuple[float, ...] = (0.1, 0.1, 0.2, 0.2)) -> dict[str, str]:
    texts = {
        "image_id": "a",
        "tags": [{"tag": tag, "category": "general"} for tag in tags],
        "alt_texts": ["x"],
        "text_boxes": [list(boxes)],
    }
    rows = run("caption_inputs", {"caption_recipes": RECIPES}, caption_texts=[texts])
    return {row["fingerprint"]: row["input_hash"] for row in rows}


def test_an_input_hash_changes_only_with_what_its_recipe_needs() -> None:
    before, retagged, moved = hashes(), hashes(tags=("dog",)), hashes(boxes=(0.1, 0.1, 0.3, 0.2))
    assert [before[each] == retagged[each] for each in "fg"] == [False, True]
    assert [before[each] == moved[each] for each in "fg"] == [True, False]
