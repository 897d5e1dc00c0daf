"""What scores take from traces."""

import json
from typing import Any

from dataset_build.captions.scores.caption import score_caption
from dataset_build.captions.scores.traced import rejected_tags, vqascore
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import Scene
from tests.captions.oracle.support import captioned, subject

SCENE = Scene({"red ball": (0.1, 0.1, 0.3, 0.4), "blue house": (0.6, 0.5, 0.8, 0.8)})


def verified(*verdicts: list[Any], prompt: str = "verify/tag") -> str:
    return json.dumps([{"op": "generate"}, {"op": "verify", "prompt": prompt, "verdicts": verdicts}])


def test_tags_that_a_recipe_saw_are_not_there_are_rejected_and_count_for_nothing() -> None:
    (row,) = captioned("deck_tags_verified", SCENE, tags=["red_ball", "green_tree"])
    assert rejected_tags(row["trace"], ["red_ball", "green_tree"]) == ["green_tree"]
    of = subject(SCENE, ["red_ball", "green_tree"])
    assert score_caption(row, of, rejected_tags(row["trace"], ["red_ball", "green_tree"]))["tag_coverage"] == 1
    assert score_caption(row, of)["tag_coverage"] == 0.5


def test_a_tag_of_which_nothing_was_heard_is_not_rejected() -> None:
    trace = verified(["red ball", None, None], ["cat", True, 0.9], ["hat", False, 0.1])
    assert rejected_tags(trace, ["red_ball", "cat", "hat", "tree"]) == ["hat"]
    assert rejected_tags(verified(["hat", False, 0.1], prompt="verify/claim"), ["hat"]) == []
    assert rejected_tags(None, ["hat"]) == []


def test_the_probability_that_the_picture_shows_a_caption_is_its_vqascore() -> None:
    oracle = Oracle({"vlm": Knobs(), "vlm2": Knobs(hallucinate=0.5), "vlm3": Knobs(omit=0.4)})
    rows = captioned("best_of_teachers", SCENE, oracle)
    scores = {row["caption"]: score_caption(row, subject(SCENE))["vqascore"] for row in rows}
    assert len(scores) == len(rows) > 1
    chosen = next(row["caption"] for row in rows if row["variant"] == "caption")
    assert scores[chosen] == max(scores.values()) > 0.9 > min(scores.values())


def test_a_long_caption_is_found_in_a_trace_that_cut_it() -> None:
    long = "A ball. " * 60
    trace = verified([long[:239] + "…", True, 0.75], ["…", True, 1.0], prompt="verify/shows")
    assert vqascore(trace, long) == 0.75
    assert vqascore(trace, "Another.") is None
    assert vqascore(json.dumps([{"prompt": "verify/shows", "verdicts": [["x", None, None], "…"]}]), "x") is None
