"""The rules on scores of embeddings: exact shares, ties by id, and what becomes of images without a score."""

from typing import Any

import pytest

from dataset_build.config import Config
from dataset_build.steps import chosen_rules
from tests.sql.support import Rows, run

SCORES = {"a": 0.1, "b": 0.2, "c": 0.2, "d": 0.3, "e": 0.4}


def applied(name: str, settings: dict[str, Any], scores: dict[str, float] = SCORES, **more: Any) -> Rows:
    """What a rule rejects of the images a to e and x, which has no score; the masked score is the other way round."""
    config = Config.model_validate(
        {"clip": {"model": __file__}, "corpus": {"rules": [name], **more.pop("corpus", {})}, name: settings}
    )
    ((_, values),) = chosen_rules(config)
    candidates = [{"image_id": image_id, "tags": []} for image_id in [*scores, "x"]]
    rows = [{"image_id": i, "score": score, "masked_score": -score} for i, score in scores.items()]
    found = run(f"rules/{name}", values, candidates=candidates, clip_scores=rows, **more)
    return sorted(found, key=lambda row: (row["reason"], row["image_id"]))


def rejected(rows: Rows, reason: str) -> str:
    return "".join(row["image_id"] for row in rows if row["reason"] == reason)


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules are queries, and need none of the packages that scores are made with."""
    monkeypatch.setattr("dataset_build.clip.model.find_spec", lambda package: object())


@pytest.mark.parametrize(("share", "expected"), [(0.0, ""), (0.2, "e"), (0.5, "de"), (0.8, "bcde"), (1.0, "abcde")])
def test_tmars_drops_the_floor_of_the_share(share: float, expected: str) -> None:
    rows = applied("tmars", {"share": share})
    assert rejected(rows, "tmars") == expected
    assert rejected(rows, "tmars_no_score") == "x"


def test_tmars_ties_go_by_id_and_the_threshold_is_the_first_kept_score() -> None:
    rows = applied("tmars", {"share": 0.6}, corpus={"without_alt_text": "keep"})
    assert [(row["image_id"], row["value"], row["threshold"]) for row in rows] == [
        ("b", pytest.approx(-0.2), pytest.approx(-0.2)),
        ("d", pytest.approx(-0.3), pytest.approx(-0.2)),
        ("e", pytest.approx(-0.4), pytest.approx(-0.2)),
    ]


def test_clip_score_keeps_the_best_share_within_the_band() -> None:
    rows = applied("clip_score", {"top_share": 0.4, "max_score": 0.35})
    assert rejected(rows, "clip_score_not_among_best") == "abc"
    assert rejected(rows, "clip_score_too_high") == "e"
    assert rejected(rows, "clip_no_score") == "x"


def test_clip_score_band_is_inclusive() -> None:
    scores = {"a": 0.5, "b": 0.51, "c": 0.61, "d": 0.62}
    rows = applied("clip_score", {"min_score": 0.51, "max_score": 0.61, "top_share": 1}, scores)
    assert rejected(rows, "clip_score_too_low") == "a"
    assert rejected(rows, "clip_score_too_high") == "d"
    assert rejected(rows, "clip_score_not_among_best") == ""


def test_tldr_keeps_one_of_every_n_of_a_cluster_and_the_better_half() -> None:
    members = [{"image_id": f"{number:02d}", "cluster": number // 20} for number in range(27)]
    scores = {member["image_id"]: number / 100 for number, member in enumerate(members)}
    rows = applied("tldr", {"every": 5, "share": 0.5}, scores, image_clusters=members)
    drawn = {m["image_id"] for m in members} - {row["image_id"] for row in rows if row["reason"] == "tldr_not_drawn"}
    assert (len([i for i in drawn if i < "20"]), len([i for i in drawn if i >= "20"])) == (4, 2)
    low = [row["image_id"] for row in rows if row["reason"] == "tldr_low_score"]
    assert low == [f"{number:02d}" for number in range(13)]


def test_scores_are_the_best_alt_text_s_with_and_without_the_picture_s_own_text() -> None:
    rows = run(
        "clip_scores",
        image_texts=[{"image_id": "a", "alt_texts": ["cat", "dog"]}, {"image_id": "b", "alt_texts": []}],
        text_embeddings=[{"text": "cat", "embedding": [1, 0]}, {"text": "dog", "embedding": [0, 1]}],
        current_embeddings=[{"image_id": i, "embedding": [0.6, 0.8], "masked": [1.0, 0.0]} for i in "ab"],
    )
    assert rows == [{"image_id": "a", "score": pytest.approx(0.8), "masked_score": pytest.approx(1.0)}]


def test_a_cluster_by_embedding_is_capped() -> None:
    config = Config.model_validate(
        {
            "clip": {"model": "m"},
            "corpus": {"rules": ["cluster_cap"]},
            "cluster_cap": {"by": "embedding", "cap": 2},
        }
    )
    ((_, values),) = chosen_rules(config)
    images = [{"image_id": i, "tags": [], "source": "s"} for i in "abcde"]
    members = [{"image_id": i, "cluster": 0 if i < "d" else 1} for i in "abcd"]
    rows = run("rules/cluster_cap", values, candidates=images, homes=images, image_clusters=members)
    assert len(rows) == 1
    assert rows[0]["image_id"] in "abc"


def test_embeddings_join_only_pairs_of_which_hashes_say_nothing() -> None:
    pairs = [("a", "b", 0.97), ("a", "c", 0.95), ("a", "d", 0.99), ("a", "e", 0.99), ("a", "f", 0.99)]
    judged = [("a", "d", "duplicate"), ("a", "e", "variant"), ("a", "f", "unlike")]
    rows = run(
        "duplicate_links",
        {"embedding": 0.96},
        embedding_pairs=[{"image_id_a": a, "image_id_b": b, "cosine": c} for a, b, c in pairs],
        judged_pairs=[
            {"image_id_a": a, "image_id_b": b, "method": "hash", "distance": 3, "relation": r} for a, b, r in judged
        ],
    )
    assert [(row["image_id_b"], row["method"], row["distance"]) for row in rows] == [
        ("b", "embedding", 30),
        ("d", "hash", 3),
        ("f", "embedding", 10),
    ]


def test_without_a_model_the_rules_say_what_they_need() -> None:
    with pytest.raises(ValueError, match=r"rule tmars: set clip\.model"):
        Config.model_validate({"corpus": {"rules": ["tmars"]}})
    with pytest.raises(ValueError, match=r"duplicates\.embedding: set clip\.model"):
        Config.model_validate({"duplicates": {"embedding": 0.95}})
