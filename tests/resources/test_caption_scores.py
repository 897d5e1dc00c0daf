"""A build by a model that errs: which captions are scored, which are rejected, and what is shown instead."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dataset_build.build import build
from dataset_build.captions.scores import caption
from dataset_build.config import Config, with_settings
from dataset_build.release.reader import open_release
from resources.caption_scores import update_scores
from resources.lake import Lake
from resources.preview import preview
from tests.bucket import lake_at
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import COLOURS, Scene, scene
from tests.captions.oracle.server import stand_in
from tests.captions.stand_in import serving

SCENES, UNTAGGED = 30, 10  # the last ones have no tags, so that compose says nothing of them
WRONG = "wrong"  # a scene whose tags have three colours wrong
KNOBS = Knobs(seed=3, repeat=0.3, refuse=0.2, truncate=0.3, omit=0.25)
MIN_COVERAGE = 0.8
Reasons = dict[str, set[str]]
Truth = tuple[Reasons, dict[str, set[str]]]  # what is wrong with the model's captions, and tags, by image


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Config]]:
    """A lake with a release of scenes; not to be changed but by runs that change nothing."""
    folder = tmp_path_factory.mktemp("scored")
    scrape = folder / "scrape"
    scrape.mkdir()
    for number in range(SCENES):
        tagged = number < SCENES - UNTAGGED
        drawn = scene(number, 5)
        _put(scrape / f"{number:02}.png", drawn, [name.replace(" ", "_") for name in drawn.things] if tagged else [])
    things = {
        "red ball": (0.05, 0.1, 0.25, 0.4),
        "blue house": (0.4, 0.1, 0.6, 0.4),
        "green tree": (0.7, 0.1, 0.9, 0.4),
    }
    _put(scrape / f"{WRONG}.png", Scene(things), ["blue_ball", "green_house", "red_tree"])
    with serving(stand_in(Oracle({"": KNOBS}))) as server:
        vlm = {"model": server.model, "revision": "r1", "endpoints": [server.url]}
        config = Config.model_validate(
            {
                "captions": {"recipes": ["single_pass", "compose"]},
                "caption_rules": {"min_coverage": MIN_COVERAGE},
                "duplicates": {"radius": 0, "confirm": 2},
                "rules": {"min_sharpness": 0},
                "models": {"vlm": vlm},
            }
        )
        build(lake_at(folder / "lake"), config, [scrape])
        yield lake_at(folder / "lake"), config


def _put(file: Path, drawn: Scene, tags: list[str]) -> None:
    file.write_bytes(drawn.png())
    if tags:
        file.with_suffix(".txt").write_text(", ".join(tags))


def expected(captions: list[dict[str, Any]], tags: dict[str, set[str]]) -> Reasons:
    """What is wrong with the model's captions, told by simpler means, by image."""
    found: Reasons = {}
    for row in captions:
        if row["recipe"] == "single_pass" and row["status"] == "ok":
            text, there = row["caption"].lower(), tags[row["image_id"]]
            said = {name for name in COLOURS if name in text}
            wrong = found.setdefault(row["image_id"], set())
            if max(text.count(name) for name in said) > 6:
                wrong.add("repetition")
            if there and len({name.replace(" ", "_") for name in said} & there) < MIN_COVERAGE * len(there):
                wrong.add("low_tag_coverage")
            if not there & {name.replace(" ", "_") for name in said} and len(there) == 3:
                wrong.add("contradicts_tags")
    return found


@pytest.fixture(scope="module")
def truth(world: tuple[Path, Config]) -> Truth:
    root, config = world
    lake = Lake(root, config)
    with lake.connect(["captions", "caption_texts"]) as connection:
        tags = {row["image_id"]: {tag["tag"] for tag in row["tags"]} for row in _rows(connection, "caption_texts")}
        return expected(_rows(connection, "captions"), tags), tags


def _rows(connection: Any, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.table(name).to_arrow_table().to_pylist()
    return rows


def test_captions_that_fail_are_kept_with_their_reasons(world: tuple[Path, Config], truth: Truth) -> None:
    (root, _), (reasons, _) = world, truth
    counts = Counter(reason for found in reasons.values() for reason in found)
    assert set(counts) == {"repetition", "low_tag_coverage", "contradicts_tags"}
    with open_release("1", root) as release:
        rows = release.arrow("captions").to_pylist()
    told = {row["image_id"]: {each["reason"] for each in row["failures"]} for row in rows if row["model"] == "oracle"}
    assert {image_id: found for image_id, found in told.items() if found} == {
        image_id: found for image_id, found in reasons.items() if found and image_id in told
    }
    loops = [each for row in rows for each in row["failures"] if each["reason"] == "repetition"]
    assert loops
    assert all(each["value"] > 0.8 and each["threshold"] == 0.5 for each in loops)
    statuses = Counter(row["status"] for row in rows if row["recipe"] == "single_pass")
    assert statuses["refusal"] and statuses["truncated"] and statuses["ok"]


def test_images_fall_back_on_the_next_recipe_and_those_without_any_are_rejected(
    world: tuple[Path, Config], truth: Truth
) -> None:
    (root, _), (reasons, tags) = world, truth
    assert len(tags) == SCENES + 1
    passing = {image_id for image_id in tags if reasons.get(image_id) == set()}
    tagged = {image_id for image_id, there in tags.items() if there}
    assert tagged - passing
    with open_release("1", root) as release:
        images = {row["image_id"]: row["caption_recipe"] for row in release.arrow("images").to_pylist()}
        rejects = release.arrow("rejects").to_pylist()
    assert images == {image_id: "single_pass" if image_id in passing else "compose" for image_id in passing | tagged}
    speechless = set(tags) - passing - tagged
    assert {(row["image_id"], row["stage"], row["reason"]) for row in rejects} == {
        (image_id, "caption", "repetition" if image_id in reasons else "no_caption") for image_id in speechless
    }
    assert {row["reason"] for row in rejects} == {"repetition", "no_caption"}


def test_nothing_is_scored_twice(world: tuple[Path, Config]) -> None:
    lake = Lake(*world)
    assert lake.table("caption_score_work").num_rows == 0
    before = lake.piece("caption_scores").manifest
    assert update_scores(lake).manifest == before
    with lake.connect(["captions", "caption_scores"]) as connection:
        wanted = {row["caption_id"] for row in _rows(connection, "captions") if row["status"] == "ok"}
        scored = Counter((row["caption_id"], row["scorer"]) for row in _rows(connection, "caption_scores"))
    assert {caption_id for caption_id, _ in scored} == wanted
    assert set(scored.values()) == {1}


def test_another_version_of_the_scorers_scores_all_again(
    world: tuple[Path, Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Lake(*world).piece("caption_scores")
    monkeypatch.setattr(caption, "VERSION", "other")
    lake = Lake(*world)
    after = update_scores(lake)
    assert (after.folder != before.folder, after.rows, after.version) == (True, before.rows, before.version)


def test_a_preview_says_what_other_thresholds_would_do(world: tuple[Path, Config], truth: Truth) -> None:
    (root, config), (reasons, tags) = world, truth
    found, _ = preview(root, config, ["caption_rules.repetition=0"])
    changes = {(row["image_id"], row["comes_in"]) for row in found.changes.to_pylist()}
    assert changes == {(image, True) for image, wrong in reasons.items() if wrong == {"repetition"} and not tags[image]}
    assert changes


def test_a_changed_rule_asks_no_model_and_scores_nothing(world: tuple[Path, Config]) -> None:
    root, config = world
    lenient = with_settings(config, ["caption_rules.repetition=0", "caption_rules.min_coverage=0"])
    parts = Lake(root, config).piece("caption_scores").parts()
    outcome = build(root, lenient, [])
    assert outcome.release is not None
    assert Lake(root, lenient).piece("caption_scores").parts() == parts
