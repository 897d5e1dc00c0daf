"""What a build would do: nothing, or what is new and what a changed setting makes stale, with the change."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataset_build import steps as making
from dataset_build.build import build
from dataset_build.cli import app
from dataset_build.config import Config
from dataset_build.errors import UserError
from dataset_build.queries import load_query
from dataset_build.release.reader import releases
from resources.drops import Drops
from resources.lake import Lake
from resources.needs import A_SECOND
from resources.plan import Step, needs, plan
from tests.bucket import copied
from tests.pictures import put


def steps(lake: Path, **sections: object) -> list[Step]:
    return list(plan(Lake(lake, Config.model_validate(sections))))


def test_after_a_build_there_is_nothing_to_do(built: Path) -> None:
    assert steps(built) == []
    said = CliRunner().invoke(app, ["build", "--plan", "--lake", str(built)])
    assert said.stdout == "there is nothing to do\n"
    for words in (["--release", "x"], ["--notes", "x"]):
        said = CliRunner().invoke(app, ["build", "--plan", *words, "--lake", str(built)])
        assert isinstance(said.exception, UserError)
        assert str(said.exception) == "--plan makes no release: leave --release and --notes out"


def test_a_threshold_makes_verdicts_stale_and_says_from_what_to_what(built: Path) -> None:
    first, second, *_ = steps(built, rules={"min_side": 300})
    assert (first.what, first.where, first.why) == (
        "image_verdicts",
        "",
        "stale: params.min_side changed from 200 to 300",
    )
    assert (second.what, second.where, second.why) == ("duplicates", "", "other rows in image_verdicts")


def test_another_way_to_write_releases_makes_one_and_the_same_content_none(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = copied(built, tmp_path / "lake")
    query = load_query("release_tags")
    changed = replace(query, text=query.text + " -- changed")
    monkeypatch.setattr(making, "load_query", lambda asked: changed if asked == "release_tags" else load_query(asked))
    (step,) = steps(lake)
    assert (step.what, step.where, step.why) == ("release", "", "stale: release_tags changed")
    outcome = build(lake, Config(), [])
    assert (outcome.twin, outcome.release) == ("1", None)
    assert len(list((lake / "releases").glob("*/manifest.json"))) == 1
    assert steps(lake) == []


def test_a_limit_on_decoding_has_every_drop_read_again(built: Path) -> None:
    found = steps(built, images={"max_pixels": 1000})
    drops = [drop.name for drop in Drops(built / "drops").active()]
    assert [step.where for step in found if step.what == "image_facts"] == drops
    assert {step.why for step in found if step.what == "image_facts"} == {
        "stale: images.max_pixels changed from 90000000 to 1000"
    }


def test_a_recipe_that_never_ran_says_what_it_would_cost(built: Path) -> None:
    bound = {"vlm": {"model": "a-model", "endpoints": ["http://127.0.0.1:1/v1"]}}
    (step,) = [each for each in steps(built, captions={"recipes": ["single_pass"]}, models=bound) if "by" in each.what]
    assert step.what == "captions by single_pass"
    assert step.why.startswith("new; single_pass: 288 images, some 288 calls, 345,600 tokens read, 57,600 written")
    view = Lake(built, Config.model_validate({"captions": {"recipes": ["single_pass"], "limit": 100}, "models": bound}))
    needed = needs(view, [step])
    assert (needed.captions, needed.gpu_hours, needed.measured) == (100, 100 / A_SECOND / 3600, False)


def test_a_recipe_says_what_of_it_changed(built: Path) -> None:
    found = {step.what: step.why for step in steps(built, captions={"max_tags": 7})}
    assert found["captions by compose"].startswith(
        "stale: settings.max_tags changed from 40 to 7; 288 images, no model"
    )


def test_reading_everything_again_takes_what_it_took_before(built: Path) -> None:
    view = Lake(built, Config.model_validate({"images": {"max_pixels": 89_000_000}}))
    needed = needs(view, list(plan(view)))
    assert (needed.captions, needed.gpu_hours) == (276, 0)
    (last,) = releases(built)
    released = sum(file.stat().st_size for file in (built / "releases" / last["version"]).iterdir())
    assert needed.disk > released


@pytest.fixture
def own(built: Path, tmp_path: Path) -> Path:
    """A copy of the lake, over a folder that may change."""
    lake = copied(built, tmp_path / "lake")
    source = tmp_path / "more"
    put(source / "one" / "a.png", seed=1, text="a picture")
    Drops(lake / "drops").add_source(source)
    return lake


def test_a_new_drop_is_told_and_not_registered(own: Path, tmp_path: Path) -> None:
    before = Drops(own / "drops").all()
    found = [step for step in steps(own) if step.what == "new drop"]
    assert [(step.where, step.why) for step in found] == [("more, one", "files: 2 added; 0 MB")]
    assert Drops(own / "drops").all() == before
    said = CliRunner().invoke(app, ["build", "--plan", "--source", str(tmp_path / "more"), "--lake", str(own)])
    assert isinstance(said.exception, UserError)
