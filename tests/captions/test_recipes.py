"""What single recipes do beyond what all of them promise."""

import json
from typing import Any

import pytest

from dataset_build.captions.boxes import overlap
from tests.captions.oracle.language import things
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import Scene, scene
from tests.captions.oracle.support import caption_of, captioned, steps

SCENE = scene(8, 4)
TAGS = [name.replace(" ", "_") for name in SCENE.things]
ALT = "Regatta at Tranby, 1987, photo by Ada Fenn"


def texts_sent(call: dict[str, Any]) -> str:
    return json.dumps(call["body"]["messages"], ensure_ascii=False)


def test_the_deck_keeps_rating_and_tags_in_the_trace() -> None:
    rows = captioned("deck_with_tags", SCENE, Knobs(json_style="fenced"), tags=TAGS)
    (annotation,) = steps(rows, "annotation")
    assert annotation["rating"] == "SAFE"
    assert set(annotation["additional_tags"]) == set(TAGS)
    assert [row["variant"] for row in rows] == ["caption"]


@pytest.mark.parametrize("style", ["plain", "fenced", "prose", "single_quoted"])
def test_the_decks_json_in_any_dress(style: str) -> None:
    assert caption_of(captioned("deck_no_tags", SCENE, Knobs(json_style=style)))


def test_the_decks_json_cut_off_is_a_parse_error_after_two_tries() -> None:
    oracle = Oracle({"": Knobs(bad_json=1)})
    (row,) = captioned("deck_no_tags", SCENE, oracle)
    assert (row["status"], row["caption"]) == ("parse_error", None)
    assert [call["again"] for call in oracle.log] == ["", "parse_error"]


def test_the_deck_gives_up_on_photographs() -> None:
    oracle = Oracle()
    answer = oracle.answer

    def photo(body: dict[str, Any]) -> dict[str, Any]:
        reply = answer(body)
        reply["choices"][0]["message"]["content"] = '{"RESPONSE": "PHOTO", "RATING": "SAFE", "ADDITIONAL_TAGS": []}'
        return reply

    oracle.answer = photo
    (row,) = captioned("deck_with_tags", SCENE, oracle, tags=TAGS)
    assert (row["status"], row["final"]) == ("rejected_image", True)


@pytest.mark.parametrize(
    ("tags", "task"),
    [(["solo"], "deck/solo"), (["solo", "solo_focus"], "deck/multi"), (["2girls"], "deck/multi")],
)
def test_the_example_is_chosen_by_the_number_of_people_and_goes_first(tags: list[str], task: str) -> None:
    oracle = Oracle()
    captioned("deck_oneshot_refine", SCENE, oracle, tags=[*tags, *TAGS])
    first = oracle.log[0]
    assert first["task"] == task
    assert [message["role"] for message in first["body"]["messages"]] == ["user", "assistant", "user"]
    assert [part["type"] for part in first["body"]["messages"][2]["content"]] == ["image_url", "text"]


def test_meta_tags_are_not_sent() -> None:
    for name in ("deck_with_tags", "deck_oneshot_refine", "deck_regroup"):
        oracle = Oracle()
        captioned(name, SCENE, oracle, tags=["meta:commentary_request", *TAGS])
        assert not any("commentary" in texts_sent(call) for call in oracle.log)


def test_tags_are_grouped_by_the_part_that_shows_them() -> None:
    oracle = Oracle()
    rows = captioned("deck_regroup", SCENE, oracle, tags=[*TAGS, "summer"])
    (whole,) = oracle.calls("deck/whole")
    sent = texts_sent(whole)
    for name in SCENE.things:
        assert f", {name}: {name}" in sent
    assert "scene: summer" in sent
    assert {things(row["caption"])[0] for row in rows if row["variant"] == "part"} == set(SCENE.things)
    assert not [row for row in rows if row["variant"] == "visible_text"]


def test_a_tag_of_two_parts_belongs_to_both() -> None:
    from dataset_build.captions.arrange import arranged, grouped

    tags = [("hat", "general"), ("mira", "character"), ("sky", "general"), ("sea", "copyright")]
    groups, scene_tags = grouped(tags, [["hat", "dog"], ["hat", "mira"], []])
    assert groups == [[("hat", "general")], [("hat", "general"), ("mira", "character")], []]
    assert scene_tags == [("sky", "general"), ("sea", "copyright")]
    assert [tag for tag, _ in arranged(tags)] == ["sea", "mira", "hat", "sky"]


def test_tags_are_pointed_out_where_they_are() -> None:
    rows = captioned("point_tags", SCENE, tags=[*TAGS, "wooden_spoon", "red_ball"])
    found = {each["tag"]: tuple(each["box"]) for each in (json.loads(row["caption"]) for row in rows)}
    assert set(found) == set(TAGS)
    for name, box in SCENE.things.items():
        assert overlap(found[name.replace(" ", "_")], box) > 0.9


def test_labels_that_do_not_fit_are_not_used() -> None:
    oracle = Oracle()
    captioned("label_hint", SCENE, oracle, tags=["character:mira", "character:wrong_one", "general:spoon"])
    (call,) = oracle.calls("recap/with_hint")
    sent = texts_sent(call)
    assert "1. mira" in sent and "wrong" not in sent and "spoon" not in sent


def test_capsfusion_keeps_names_and_what_is_seen_and_trims_the_raw_text_only() -> None:
    caption = caption_of(captioned("capsfusion", SCENE, alts=[ALT]))
    assert all(name in caption for name in ("Tranby", "1987", "Ada Fenn")) and set(things(caption)) == set(SCENE.things)
    oracle = Oracle()
    rows = captioned("capsfusion", SCENE, oracle, alts=[f"{ALT} " + "and more words " * 200])
    sent = texts_sent(oracle.calls("fuse/capsfusion")[0])
    assert 50 < sent.count("more words") < 66
    assert ALT in sent and oracle.calls("recap/short")[0]["said"][0] in sent
    assert caption_of(rows) == caption_of(rows, "synthetic")  # the oracle repeats it all, more than it may say


def test_where_the_language_model_fails_the_text_that_was_to_be_fused_stands() -> None:
    rows = captioned("capsfusion", SCENE, {"llm": Knobs(refuse=1)}, alts=[ALT])
    assert caption_of(rows) == caption_of(rows, "synthetic")
    assert (rows[0]["model"], steps(rows, "check")[0]["failed"]) == ("vlm", "refusal")
    (row,) = captioned("capsfusion", SCENE, {"llm": Knobs(fail_first=2)}, alts=[ALT])
    assert row["status"] == "server_error"


def test_without_alt_text_there_is_nothing_to_fuse() -> None:
    for name in ("capsfusion", "ssc_dsc_dscplus"):
        oracle = Oracle()
        rows = captioned(name, SCENE, oracle)
        assert not oracle.calls("fuse/") and "afc" not in {row["variant"] for row in rows}
    (row,) = captioned("lm_rewrite", SCENE)
    assert row["status"] == "empty"


def test_captions_of_three_lengths() -> None:
    rows = {row["variant"]: row for row in captioned("ssc_dsc_dscplus", SCENE, alts=[ALT])}
    sizes = [rows[variant]["caption"].count(" ") for variant in ("ssc", "dsc", "dsc_plus")]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]
    assert all(name in rows["afc"]["caption"] for name in ("Tranby", "1987", "Ada Fenn"))
    assert rows["afc"]["parent"] == rows["dsc"]["caption_id"]


def test_five_questions_about_each_description() -> None:
    oracle = Oracle({"vlm": Knobs(seed=1, hallucinate=0.3), "vlm2": Knobs(seed=2, hallucinate=0.3)})
    rows = captioned("visual_fact_checker", SCENE, oracle)
    assert [len(call["said"][0].splitlines()) for call in oracle.calls("vfc/questions")] == [5, 5]
    assert len([row for row in rows if row["variant"] == "candidate"]) == 2
    assert 5 <= len(oracle.calls("vfc/answer")) <= 10


def test_samples_of_one_part_stay_together_and_agreement_needs_no_score() -> None:
    oracle = Oracle()
    captioned("patch_matters", SCENE, oracle)
    described = oracle.calls("recap/dense")
    assert {call["body"]["n"] for call in described} == {3} and 5 <= len(described) <= 6
    assert not oracle.calls("patch/sort") and not oracle.calls("verify/")
    oracle = Oracle({"": Knobs(hallucinate=0.3)})
    captioned("patch_matters", SCENE, oracle)
    said = [call["said"] for call in oracle.calls("recap/dense")]
    samples = ["\\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1)) for texts in said]
    sorts = oracle.calls("patch/sort")
    assert sorts and all(any(f">\\n{three}\\n<" in texts_sent(call) for three in samples) for call in sorts)


def test_of_contradictory_statements_the_best_is_kept_if_it_is_good_enough() -> None:
    import asyncio

    from dataset_build.captions.calls import View
    from dataset_build.captions.recipes.patch_matters import Sorted, _held
    from tests.captions.oracle.support import job

    simple = Scene({"red ball": (0.1, 0.1, 0.4, 0.4)})
    sort = Sorted(
        contradictory=[
            ["A red ball is in the middle.", "A red ball is at the upper left."],
            ["A black chair.", "A sun."],
        ],
        unique=["A red ball.", "A blue house."],
    )
    held = asyncio.run(_held(job(simple, Oracle(), "verify/shows"), sort, View()))
    assert held == ["A red ball.", "A red ball is at the upper left."]


def test_scalecap_asks_about_what_the_image_bears_out() -> None:
    oracle = Oracle({"vlm": Knobs(hallucinate=0.5)})
    rows = captioned("scalecap", SCENE, oracle)
    asked = [call["task"] for call in oracle.log]
    assert asked.count("scalecap/answer") == asked.count("scalecap/position") == len(SCENE.things)
    (gap,) = steps(rows, "verify_by_gap")
    assert {bool(verdict[1]) for verdict in gap["verdicts"]} == {True, False}
    assert set(things(caption_of(rows, "candidate"))) > set(SCENE.things) == set(things(caption_of(rows)))


def test_spatial_captions_are_true_and_turn_with_the_picture() -> None:
    text = caption_of(captioned("spatial", SCENE), "spatial")
    mirrored = Scene({name: (1 - x1, y0, 1 - x0, y1) for name, (x0, y0, x1, y1) in SCENE.things.items()})
    turned = caption_of(captioned("spatial", mirrored), "spatial")
    assert text.count("left of") == turned.count("right of") and text.count("above") == turned.count("above")
    assert caption_of(captioned("spatial", SCENE), "spatial_short") in text


def test_sentences_of_dense_captions_are_captions() -> None:
    rows = captioned("dreamlip", SCENE)
    parts = [row["caption"] for row in rows if row["variant"] == "sub"]
    assert " ".join(parts) == caption_of(rows, "long")
    assert [row["model"] for row in rows if row["variant"] == "long"] == ["vlm", "vlm2"]


def test_deleted_things_are_not_in_the_text_even_if_the_language_model_leaves_them() -> None:
    oracle = Oracle({"vlm": Knobs(hallucinate=0.4)})
    answer = oracle.answer

    def stubborn(body: dict[str, Any]) -> dict[str, Any]:
        reply = answer(body)
        if "#task: textualize" in json.dumps(body["messages"]):
            reply["choices"][0]["message"]["content"] = oracle.calls("recap/dense")[0]["said"][0]
        return reply

    oracle.answer = stubborn
    rows = captioned("image_textualization", SCENE, oracle)
    assert set(things(caption_of(rows))) == set(SCENE.things) < set(things(caption_of(rows, "candidate")))


def test_mlbcap_uses_a_text_that_fits_and_not_one_that_does_not() -> None:
    good, bad = f"A {next(iter(SCENE.things))} at Tranby, 1987", "A picture of nothing much, Tranby"
    oracle = Oracle()
    rows = captioned("mlbcap", SCENE, oracle, alts=[good])
    assert "Tranby" in caption_of(rows) and oracle.calls("mlbcap/write")
    oracle = Oracle()
    assert "Tranby" not in caption_of(captioned("mlbcap", SCENE, oracle, alts=[bad]))
    assert not oracle.calls("mlbcap/write")


def test_rewrites_with_new_names_are_kept_apart() -> None:
    rows = captioned("lm_rewrite", SCENE, {"llm": Knobs(invent="Beside Zorblax.")}, alts=[ALT])
    assert [row["status"] for row in rows if row["variant"] == "caption"] == ["empty"]
    assert len([row for row in rows if row["variant"] == "rejected"]) == 4
    rows = captioned("lm_rewrite", SCENE, alts=[ALT])
    assert len({row["caption"] for row in rows}) == len(rows) == 3
