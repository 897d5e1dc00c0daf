import asyncio
import math

import pytest

from dataset_build.captions.calls import Choice, Reply, Token, View
from dataset_build.captions.parse import Unparsable
from dataset_build.captions.score import rated, shown
from dataset_build.captions.scores.vqascore import p_yes
from dataset_build.captions.select import at_least, best, judged, top
from dataset_build.captions.split import claims, objects
from dataset_build.captions.verify import aligned, answers, dropped, kept, seen_by_gap, yes_or_no
from tests.captions.oracle.language import statement
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import Scene
from tests.captions.oracle.sight import sight
from tests.captions.oracle.support import job

SCENE = Scene({"red ball": (0.05, 0.1, 0.3, 0.4), "blue house": (0.6, 0.5, 0.9, 0.9)})


def first_token(**shares: float) -> Choice:
    top = {word.replace("_", " "): math.log(share) for word, share in shares.items()}
    return Choice("yes", "stop", (Token(max(top, key=top.__getitem__), max(top.values()), top),))


@pytest.mark.parametrize(
    ("shares", "p", "note"),
    [
        ({"Yes": 0.6, "No": 0.2, "It": 0.1}, 0.75, ""),
        ({"Yes": 0.4, "yes": 0.1, "_yes": 0.1, "No": 0.1, "NO": 0.1}, 0.75, ""),
        ({"No": 0.9, "It": 0.06}, 0.04 / 0.94, "yes_missing"),
        ({"No": 0.5, "It": 0.02}, 0.02 / 0.52, "yes_missing"),
        ({"Yes": 0.9, "It": 0.06}, 0.9 / 0.94, "no_missing"),
        ({"Yes": 1.0}, 1.0, "no_missing"),
    ],
)
def test_probability_of_yes(shares: dict[str, float], p: float, note: str) -> None:
    found, odd = p_yes(first_token(**shares))
    assert (found, odd) == (pytest.approx(p), note)


def test_yes_after_other_tokens_and_without_log_probabilities() -> None:
    lead = Token("\n", -0.1, {"\n": -0.1})
    assert p_yes(Choice("\nYes", "stop", (lead, Token("Yes", -0.1, {"Yes": -0.1, "No": -3.0}))))[0] > 0.9
    assert p_yes(Choice("No, it does not.", "stop")) == (0.0, "no_logprobs")
    with pytest.raises(Unparsable):
        p_yes(Choice("Perhaps.", "stop", (lead,)))


def test_units_are_looked_for() -> None:
    oracle = Oracle()
    each = job(SCENE, oracle, "verify/object")
    verdicts = asyncio.run(yes_or_no(each, "verify/object", ["red ball", "green tree", "blue house"]))
    assert (kept(verdicts), dropped(verdicts)) == (["red ball", "blue house"], ["green tree"])
    (step,) = each.steps
    assert step.summary["verdicts"][1][:2] == ["green tree", False]
    assert step.tokens_out == 3 == len(oracle.log)


def test_a_part_shows_what_lies_in_it() -> None:
    each = job(SCENE, Oracle(), "verify/object")
    left = (View((0.0, 0.0, 0.5, 1.0)),)
    assert kept(asyncio.run(yes_or_no(each, "verify/object", ["red ball", "blue house"], see=left))) == ["red ball"]
    hidden = (View(masked=((0.0, 0.0, 0.5, 1.0),)),)
    assert kept(asyncio.run(yes_or_no(each, "verify/object", ["red ball", "blue house"], see=hidden))) == ["blue house"]


TRUE = "A red ball is above the blue house. The red ball is left of the blue house."


@pytest.mark.parametrize(
    "false",
    [TRUE.replace("red", "green"), TRUE.replace("A red", "Two red"), TRUE.replace("left of", "right of"),
     TRUE.replace("blue house", "orange cat")],
    ids=["colour", "count", "side", "thing"],
)  # fmt: skip
def test_the_true_caption_scores_more_than_a_corrupted_one(false: str) -> None:
    each = job(SCENE, Oracle(), "verify/shows")
    true_score, false_score = asyncio.run(shown(each, [TRUE, false]))
    assert true_score > 0.9 and false_score < 0.5
    assert best([false, TRUE], [false_score, true_score]) == TRUE


def test_mirrored_scenes_swap_their_sides() -> None:
    mirrored = Scene({name: (1 - x1, y0, 1 - x0, y1) for name, (x0, y0, x1, y1) in SCENE.things.items()})
    text = "The red ball is left of the blue house."
    assert asyncio.run(shown(job(SCENE, Oracle(), "verify/shows"), [text]))[0] > 0.9
    assert asyncio.run(shown(job(mirrored, Oracle(), "verify/shows"), [text]))[0] < 0.5


def test_answers_to_questions() -> None:
    each = job(SCENE, Oracle(), "vfc/answer")
    asked = ["Is there a red ball?", "Is there a green tree?"]
    assert asyncio.run(answers(each, "vfc/answer", asked)) == ["Yes.", "No."]


def test_what_rests_on_the_image_is_told_by_log_probabilities() -> None:
    oracle = Oracle()
    each = job(SCENE, oracle, "recap/dense")
    units = ["A red ball lies there,", "and a green tree stands by.", "It is so."]
    verdicts = asyncio.run(seen_by_gap(each, "recap/dense", " ".join(units), units))
    assert [verdict.holds for verdict in verdicts] == [True, False, None]
    assert verdicts[0].p == pytest.approx(2.0) and verdicts[1].p == 0
    assert len(oracle.log) == 2
    body = oracle.log[0]["body"]
    assert body["continue_final_message"] and not body["add_generation_prompt"] and body["prompt_logprobs"] == 0


def test_a_text_that_is_not_found_among_the_tokens_leaves_all_open() -> None:
    reply = Reply((), "m", None, 0, 0, tuple(Token(text, -1.0) for text in ("user", ":", " a", " red", " hat", "!")))
    assert [(at, token.text) for at, token in aligned(reply, "red hat")] == [(0, " red"), (3, " hat")]
    assert aligned(reply, "blue hat") == []


def test_statements_and_objects_of_a_text() -> None:
    each = job(SCENE, Oracle(), "split/claims", "split/objects")
    text = " ".join(statement(seen) for seen in sight(SCENE.png(), 0.01)[0])
    assert asyncio.run(objects(each, text)) == ["blue house", "red ball"]
    assert len(asyncio.run(claims(each, text))) == 2
    assert asyncio.run(objects(each, "Nothing is there.")) == []


def test_the_best_come_first_and_ties_go_by_the_text() -> None:
    texts, scores = ["b", "a", "c", "d"], [0.5, 0.5, 0.9, 0.1]
    assert top(texts, scores, 3) == ["c", "a", "b"] == top(texts[::-1], scores[::-1], 3)
    assert at_least(texts, scores, 0.5) == ["b", "a", "c"]


CAPTIONS = ["A red ball.", "A red ball and a blue house.", "A green tree and an orange cat."]


@pytest.mark.parametrize("texts", [CAPTIONS, CAPTIONS[::-1], [CAPTIONS[2], *CAPTIONS[:2]]])
def test_a_fair_judge_picks_the_same_whatever_the_order(texts: list[str]) -> None:
    each = job(SCENE, Oracle(), "mlbcap/pick")
    assert asyncio.run(judged(each, texts, "mlbcap/pick")) == CAPTIONS[1]
    assert each.steps[0].notes["consistent"] is True


def test_a_judge_who_likes_a_place_is_found_out() -> None:
    chosen = set()
    for texts in (CAPTIONS, CAPTIONS[::-1]):
        each = job(SCENE, Oracle({"": Knobs(first_judge=True)}), "mlbcap/pick")
        chosen.add(asyncio.run(judged(each, texts, "mlbcap/pick")))
        assert each.steps[0].notes["consistent"] is False
    assert len(chosen) == 1


def test_one_candidate_needs_no_judge() -> None:
    oracle = Oracle()
    assert asyncio.run(judged(job(SCENE, oracle, "mlbcap/pick"), ["a", "a"], "mlbcap/pick")) == "a"
    assert not oracle.log


def test_marks() -> None:
    each = job(SCENE, Oracle(), "mlbcap/rate")
    assert asyncio.run(rated(each, "A red ball.", "mlbcap/rate", low=1, high=6)) == 6
    assert asyncio.run(rated(each, "A green tree.", "mlbcap/rate", low=1, high=6)) == 1
