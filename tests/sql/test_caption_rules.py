"""Which captions fail a rule, which one an image shows, and which are to be scored."""

from typing import Any

import pytest

from dataset_build.captions.rules import caption_rules
from dataset_build.config import CaptionRules
from tests.sql.support import run


def failures(settings: dict[str, Any], **scores: float) -> list[tuple[str, float, float]]:
    """Rules that a caption of these scores fails."""
    values = {"caption_rules": caption_rules(CaptionRules(**settings))}
    rows = [{"caption_id": "c", "image_id": "a", "scorer": name, "value": value} for name, value in scores.items()]
    found = run("caption_failures", values, candidate_scores=rows)
    return [(row["reason"], row["value"], row["threshold"]) for row in found]


@pytest.mark.parametrize(
    ("settings", "scorer", "fails", "passes", "reason", "threshold"),
    [
        ({"min_characters": 3}, "characters", 2, 3, "caption_too_short", 3),
        ({"out_of_band": 0.5}, "out_of_band", 0.5, 0.4, "out_of_band", 0.5),
        ({"min_coverage": 0.5}, "tag_coverage", 0.4, 0.5, "low_tag_coverage", 0.5),
        ({"contradictions": 2}, "tags_contradicted", 2, 1, "contradicts_tags", 2),
        ({"repetition": 0.5}, "repetition", 0.9, 0.4, "repetition", 0.5),
        ({"cut_off": True}, "cut_off", 1, 0, "cut_off", 1),
        ({"refusal": True}, "refusal", 1, 0, "refusal", 1),
        ({"set_phrase": True}, "set_phrase", 1, 0, "set_phrase", 1),
        ({"language": "en"}, "english", 0, 1, "other_language", 1),
        ({"invented_names": 1}, "names_invented", 1, 0, "invented_names", 1),
        ({"near_images": 10}, "near_images", 10, 9, "near_captions", 10),
        ({"min_vqascore": 0.5}, "vqascore", 0.4, 0.5, "low_vqascore", 0.5),
    ],
)
def test_each_rule_has_a_threshold_and_is_off_without(
    settings: dict[str, Any], scorer: str, fails: float, passes: float, reason: str, threshold: float
) -> None:
    assert failures(settings, **{scorer: fails}) == [(reason, fails, threshold)]
    assert failures(settings, **{scorer: passes}) == []
    off = {name: "any" if name == "language" else 0 for name in settings}
    assert failures(off, **{scorer: fails}) == []


def test_a_caption_without_a_score_passes_and_others_fail_every_rule_that_they_break() -> None:
    assert failures({"min_coverage": 0.5}, words=9) == []
    found = failures({}, characters=2, cut_off=1, refusal=0)
    assert [reason for reason, *_ in found] == ["caption_too_short", "cut_off"]


def candidate(name: str, position: int, image: str = "a") -> dict[str, Any]:
    return {"caption_id": name, "image_id": image, "position": position, "status": "ok", "caption": name}


CANDIDATES = [candidate("first", 1), candidate("second", 2), candidate("third", 3)]
CAPTIONS = [{key: value for key, value in row.items() if key != "position"} for row in CANDIDATES]


def failing(*names: str) -> list[dict[str, Any]]:
    rows = [("cut_off", 1.0, 1.0), ("repetition", 0.9, 0.5)]
    return [
        {"caption_id": name, "image_id": "a", "reason": reason, "value": value, "threshold": threshold}
        for name in names
        for reason, value, threshold in rows
    ]


@pytest.mark.parametrize(
    ("failed", "chosen"),
    [([], "first"), (["first"], "second"), (["first", "second"], "third"), (["first", "second", "third"], "first")],
)
def test_an_image_shows_the_preferred_caption_that_passes_or_is_rejected_for_the_reasons_of_its_first(
    failed: list[str], chosen: str
) -> None:
    planted: dict[str, Any] = {"candidate_captions": CANDIDATES, "caption_failures": failing(*failed)}
    rows = run("chosen_captions", captions=CAPTIONS, **planted)
    assert [row["caption_id"] for row in rows] == [chosen]
    verdicts = run(
        "caption_verdicts", caption_texts=[{"image_id": "a"}, {"image_id": "b"}], chosen_captions=rows, **planted
    )
    found = [(row["image_id"], row["reason"], row["value"], row["threshold"]) for row in verdicts]
    both = [("a", "cut_off", 1.0, 1.0), ("a", "repetition", 0.9, 0.5)]
    assert found == [*(both if len(failed) == 3 else []), ("b", "no_caption", None, None)]


TAGS = [{"tag": "cat", "category": "general"}]


def hash_of(tags: list[dict[str, str]], alt_texts: tuple[str, ...] = ("x",)) -> str:
    texts = {"image_id": "a", "tags": tags, "alt_texts": list(alt_texts)}
    (row,) = run("score_texts", caption_texts=[texts])
    return str(row["input_hash"])


def work(*scores: dict[str, Any], tags: list[dict[str, str]] = TAGS, **fields: Any) -> list[str]:
    """Ids of the captions that are to be scored."""
    row = {
        "caption_id": "c", "image_id": "a", "fingerprint": "f", "input_hash": "h", "variant": "caption",
        "status": "ok", "caption": "A cat.", "trace": "[]", **fields,
    }  # fmt: skip
    found = run(
        "caption_score_work",
        captions=[row],
        caption_inputs=[{"image_id": "a", "fingerprint": "f", "input_hash": "h"}],
        caption_texts=[{"image_id": "a", "tags": tags, "alt_texts": ["x"]}],
        caption_scores=[*scores],
    )
    return [row["caption_id"] for row in found]


def test_captions_are_scored_once_against_each_of_the_texts_that_their_image_ever_had() -> None:
    done = {"caption_id": "c", "input_hash": hash_of(TAGS), "scorer": "characters", "value": 6.0}
    assert work() == ["c"]
    assert work(done) == []
    assert work(done, tags=[]) == ["c"]
    assert work({**done, "caption_id": "d"}) == ["c"]


@pytest.mark.parametrize("fields", [{"status": "empty"}, {"input_hash": "h0"}, {"fingerprint": "g"}])
def test_captions_that_failed_or_were_written_from_other_texts_are_not_scored(fields: dict[str, str]) -> None:
    assert work(**fields) == []


def test_scores_against_texts_of_the_past_are_not_judged() -> None:
    score = {"caption_id": "c", "scorer": "tag_coverage", "value": 0.5}
    planted: dict[str, Any] = {
        "caption_scores": [{**score, "input_hash": "old"}, {**score, "input_hash": "new", "value": 0.75}],
        "score_texts": [{"image_id": "a", "input_hash": "new"}],
        "candidate_captions": [candidate("c", 1)],
    }
    rows = run("candidate_scores", near_captions=[{"caption_id": "c", "image_id": "a", "images": 2.0}], **planted)
    assert sorted((row["scorer"], row["value"]) for row in rows) == [("near_images", 2.0), ("tag_coverage", 0.75)]


def test_aliases_are_the_other_spellings_of_a_tag() -> None:
    rows = [
        {"spelling": "feline", "tag": "cat", "origin": "alias"},
        {"spelling": "cat", "tag": "cat", "origin": "given"},
        {"spelling": "kitty", "tag": "cat", "origin": "alias"},
        {"spelling": "pup", "tag": "dog", "origin": "renamed"},
    ]
    assert run("tag_aliases", tag_vocabulary=rows) == [{"tag": "cat", "spellings": ["feline", "kitty"]}]
