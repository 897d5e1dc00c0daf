"""Captions of a lake by a server: what is asked, what becomes rows, and what is asked again."""

import io
import itertools
import shutil
import signal
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dataset_build.build import build
from dataset_build.config import Binding, Config
from dataset_build.errors import UserError
from resources import captioning, captions, vllm
from resources.captioning import Tally, TooManyFailures
from resources.captions import sessions, update_captions
from resources.drops import Drops
from resources.lake import Lake
from resources.vllm import ServerLost
from resources.vocabularies import Vocabularies
from tests.bucket import copied, lake_at
from tests.captions.stand_in import Answer, StandIn, completion, serving
from tests.pictures import put

IMAGES = 12
WITHOUT_TEXT = {"text": {"detect": "off"}}  # for processes of their own too
RECIPES = '''
"""Recipes of a user."""

from dataset_build.captions.generate import generate, samples
from dataset_build.captions.recipe import recipe


@recipe(prompts=["say"], needs=["tags"])
async def plain(job):
    """One question with the image and its tags."""
    return {"caption": await generate(job, "say", {"tags": [tag for tag, _ in job.subject.tags]})}


@recipe(prompts=["other"], variants=["long", "short"])
async def pair(job):
    """Three long texts and a short one."""
    return await job.variants(long=samples(job, 3, "other"), short=generate(job, "other", max_tokens=9))
'''


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a release by compose, its scrape and recipes; not to be changed."""
    folder = tmp_path_factory.mktemp("captions")
    for number in range(IMAGES):
        put(folder / "scrape" / f"{number:02}.png", seed=number, text=f"tag_{number}, hat", size=(640, 400))
    build(lake_at(folder / "lake"), Config.model_validate(WITHOUT_TEXT), [folder / "scrape"])
    (folder / "prompts").mkdir()
    (folder / "recipes.py").write_text(RECIPES)
    (folder / "prompts/say.txt").write_text("#task: say\nSay what you see.\n\n$tags\n")
    (folder / "prompts/other.txt").write_text("#task: other\nDescribe it.\n")
    return folder


@pytest.fixture
def home(scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to work on; retries don't wait."""
    for name, value in {"BACKOFF": (0.01, 0.01), "POLL": 0.05, "PATIENCE": 0.2}.items():
        monkeypatch.setattr(vllm, name, value)
    shutil.copytree(scrape, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("lake"))
    lake = copied(lake_at(scrape / "lake"), tmp_path / "lake")
    Drops(lake / "drops").move_source("scrape", tmp_path / "scrape")
    return tmp_path


@pytest.fixture
def server() -> Iterator[StandIn]:
    with serving(StandIn()) as running:
        yield running


def config(home: Path, server: StandIn, recipe: str = "plain", **values: Any) -> Config:
    named = {"recipes": [f"{home}/recipes.py:{recipe}"], **values}
    vlm = {"model": server.model, "revision": "r1", "endpoints": [server.url]}
    return Config.model_validate({"captions": named, "models": {"vlm": vlm}, **WITHOUT_TEXT})


def by(settings: Config, *recipes: str) -> Config:
    """The same with other recipes."""
    return settings.model_copy(update={"captions": settings.captions.model_copy(update={"recipes": [*recipes]})})


def run(home: Path, settings: Config) -> Tally:
    (tally,) = update_captions(Lake(lake_at(home / "lake"), settings), lambda tally: None, lambda line: None)
    return tally


def rows(home: Path, settings: Config) -> list[dict[str, Any]]:
    """The captions that the configured recipe has written."""
    view = Lake(lake_at(home / "lake"), settings)
    piece = view.captions(settings.captions.recipes[0])
    return [row for batch in piece.batches() for row in batch.to_pylist()]


def asked(body: dict[str, Any]) -> str:
    """Which image a request is about: its own tag."""
    (text,) = (part["text"] for part in body["messages"][0]["content"] if part["type"] == "text")
    return next(word for word in text.split() if word.startswith("tag_"))


def test_each_image_is_asked_once_and_its_row_says_by_whom_and_how(home: Path, server: StandIn) -> None:
    settings = config(home, server)
    tally = run(home, settings)
    assert (tally.done, tally.failed, tally.spent.calls, tally.spent.tokens_in) == (IMAGES, 0, IMAGES, 10 * IMAGES)
    assert Counter(map(asked, server.bodies)) == Counter(f"tag_{number}" for number in range(IMAGES))
    written = rows(home, settings)
    assert len({row["image_id"] for row in written}) == len(written) == IMAGES
    for row in written:
        found = (row["caption"], row["status"], row["model"], row["model_revision"], row["tokens_out"], row["attempt"])
        assert found == ("A red hat.", "ok", "stand-in", "r1", 4, 1)
    assert run(home, settings).total == 0
    assert len(server.bodies) == IMAGES


def picture_in(body: dict[str, Any]) -> Image.Image:
    (url,) = (part["image_url"]["url"] for part in body["messages"][0]["content"] if part["type"] == "image_url")
    return Image.open(io.BytesIO(b64decode(url.removeprefix("data:image/jpeg;base64,"))))


def test_pictures_are_sent_reduced_and_in_their_colours(home: Path, server: StandIn) -> None:
    run(home, config(home, server, max_side=320))
    sent = picture_in(next(body for body in server.bodies if asked(body) == "tag_3"))
    with Image.open(home / "scrape/03.png") as original:
        small = np.asarray(original.convert("RGB").resize((320, 200), Image.Resampling.BOX), np.int16)
    assert (sent.format, sent.size) == ("JPEG", (320, 200))
    assert np.quantile(np.abs(np.asarray(sent, np.int16) - small), 0.9) < 8  # levels of 255


def test_a_size_for_one_recipe_makes_its_captions_stale_and_no_others(home: Path, server: StandIn) -> None:
    plain, pair = config(home, server), config(home, server, "pair")
    assert [run(home, each).total for each in (plain, pair)] == [IMAGES, IMAGES]
    assert {picture_in(body).size for body in server.bodies} == {(640, 400)}
    server.bodies.clear()
    sizes = {f"{home}/recipes.py:plain": {"max_pixels": 16_000}}
    smaller = [config(home, server, recipe, sizes=sizes) for recipe in ("plain", "pair")]
    assert [run(home, each).total for each in smaller] == [IMAGES, 0]
    assert {picture_in(body).size for body in server.bodies} == {(160, 100)}


def test_every_candidate_is_a_row_of_its_own(home: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer(body=completion([f"A hat {n}." for n in range(body["n"])]))
    settings = config(home, server, "pair", limit=2)
    tally = run(home, settings)
    assert (tally.done, tally.statuses) == (2, {"ok": 8})
    found = Counter((row["variant"], row["n"], row["caption"]) for row in rows(home, settings))
    long = {("long", n, f"A hat {n}."): 2 for n in range(3)}
    assert found == {**long, ("short", 0, "A hat 0."): 2}


def test_what_failed_is_a_row_and_exactly_that_is_tried_again(home: Path, server: StandIn) -> None:
    statuses = {"tag_1": 500, "tag_2": 429}
    server.answer = lambda body, number: Answer(status=statuses.get(asked(body), 200))
    settings = config(home, server)
    tally = run(home, settings)
    assert (tally.statuses, tally.failed) == ({"ok": IMAGES - 2, "server_error": 2}, 2)
    statuses.clear()
    server.bodies.clear()
    assert run(home, settings).statuses == {"ok": 2}
    assert sorted(map(asked, server.bodies)) == ["tag_1", "tag_2"]
    written = rows(home, settings)
    assert Counter(row["status"] for row in written) == {"ok": IMAGES, "server_error": 2}
    assert {row["attempt"] for row in written if row["status"] == "ok"} == {1, 2}
    assert [(row["final"], row["caption"]) for row in written if row["status"] != "ok"] == [(False, None)] * 2
    no_row_is_there_twice(written)


def no_row_is_there_twice(written: list[dict[str, Any]]) -> None:
    good = Counter(row["caption_id"] for row in written if row["status"] == "ok")
    assert set(good.values()) == {1}


def test_a_transient_failure_is_final_after_the_last_attempt(home: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer(status=500 if asked(body) == "tag_1" else 200)
    settings = config(home, server, attempts=2)
    assert [run(home, settings).total for _ in range(3)] == [IMAGES, 1, 0]
    failed = [row for row in rows(home, settings) if row["status"] == "server_error"]
    assert [(row["attempt"], row["final"]) for row in failed] == [(1, False), (2, True)]


def test_what_can_not_succeed_is_not_tried_again(home: Path, server: StandIn) -> None:
    refused = {"tag_1": "maximum context length is 9 tokens", "tag_2": "cannot identify image file"}
    server.answer = lambda body, number: (
        Answer(status=400, text=refused[asked(body)]) if asked(body) in refused else Answer()
    )
    settings = config(home, server)
    assert run(home, settings).statuses == {"ok": IMAGES - 2, "too_long": 1, "rejected_image": 1}
    assert run(home, settings).total == 0


def test_a_variant_that_failed_comes_with_the_others_at_the_next_attempt(home: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer(status=500 if body["max_tokens"] == 9 else 200)
    settings = config(home, server, "pair", max_failures=1)
    assert run(home, settings).statuses == {"server_error": IMAGES}
    server.answer = lambda body, number: Answer()
    server.bodies.clear()
    assert run(home, settings).statuses["ok"] == 4 * IMAGES
    assert [body["max_tokens"] for body in server.bodies] == [9] * IMAGES  # the long ones were in the journal
    no_row_is_there_twice(rows(home, settings))


def test_a_file_that_is_gone_or_another_is_a_row(home: Path, server: StandIn) -> None:
    (home / "scrape/03.png").unlink()
    shutil.copyfile(home / "scrape/05.png", home / "scrape/04.png")
    settings = config(home, server)
    assert run(home, settings).statuses == {"ok": IMAGES - 2, "rejected_image": 2}
    assert len(server.bodies) == IMAGES - 2
    traces = [row["trace"] for row in rows(home, settings) if row["status"] == "rejected_image"]
    assert len(traces) == 2


def test_one_image_s_retries_hold_back_no_other(home: Path, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm, "BACKOFF", (1.0,))
    failed: list[str] = []

    def answer(body: dict[str, Any], number: int) -> Answer:
        if asked(body) == "tag_1" and not failed:
            failed.append("tag_1")
            return Answer(status=503)
        return Answer()

    server.answer = answer
    order: list[int] = []
    view = Lake(lake_at(home / "lake"), config(home, server, max_in_flight=1))
    update_captions(view, lambda tally: order.append(len(server.bodies)), lambda line: None)
    first, second = (number for number, body in enumerate(server.bodies) if asked(body) == "tag_1")
    assert second > first + 1  # others were answered while it waited
    assert len(order) == IMAGES


def test_a_run_in_which_most_fail_stops_and_says_why(
    home: Path, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioning, "JUDGED", 5)
    server.answer = lambda body, number: Answer(status=400, text="bad image")
    settings = config(home, server, max_in_flight=1)
    monkeypatch.setattr(captions, "AHEAD", 0)
    with pytest.raises(TooManyFailures, match=r"plain: 5 of 5 images have no caption \(rejected_image 5\)"):
        run(home, settings)
    assert len(rows(home, settings)) == 5


def test_a_lost_server_ends_the_run_and_the_next_one_asks_the_rest_only(home: Path, server: StandIn) -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        server.dead |= number == 5
        return Answer()

    server.answer = answer
    settings = config(home, server, max_in_flight=2)
    with pytest.raises(ServerLost, match="doesn't answer"):
        run(home, settings)
    written = rows(home, settings)
    assert {row["status"] for row in written} == {"ok"}
    server.bodies.clear()
    server.dead, server.answer = False, lambda body, number: Answer()
    assert run(home, settings).total == IMAGES - len(written)
    assert len(server.bodies) == IMAGES - len(written)
    assert len(written) >= 4
    no_row_is_there_twice(rows(home, settings))


MAIN = [sys.executable, "-c", "from dataset_build.cli import main; main()"]


def stopped(home: Path, server: StandIn, how: signal.Signals, command: str = "caption") -> tuple[int, str, Config]:
    """A command that is sent a signal when the eighth request arrives: exit code and last words."""
    process: list[subprocess.Popen[str]] = []

    def answer(body: dict[str, Any], number: int) -> Answer:
        if number == 7:
            process[0].send_signal(how)
        return Answer(f"A hat with {asked(body)}.", delay=0.05)

    server.answer = answer
    settings = config(home, server, max_in_flight=2)
    vlm = f"model = 'stand-in'\nrevision = 'r1'\nendpoints = ['{server.url}']\n"
    captions = f"recipes = {settings.captions.recipes}\nmax_in_flight = 2"
    (home / "dataset.toml").write_text(f"text.detect = 'off'\n[captions]\n{captions}\n[models.vlm]\n{vlm}")
    recipe = ["--recipe", settings.captions.recipes[0]] if command == "caption" else []
    words = [*MAIN, command, *recipe, "--lake", str(lake_at(home / "lake"))]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let what is in the background ignore it
    process.append(subprocess.Popen(words, cwd=home, stderr=subprocess.PIPE, text=True))
    signal.signal(signal.SIGINT, before)
    _, said = process[0].communicate(timeout=120)
    return process[0].returncode, said, settings


def test_a_killed_run_asks_again_at_most_what_was_in_flight(home: Path, server: StandIn) -> None:
    code, _, settings = stopped(home, server, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert rows(home, settings) == []
    assert len(server.bodies) >= 8
    server.answer = lambda body, number: Answer()
    assert run(home, settings).statuses == {"ok": IMAGES}
    repeated = [tag for tag, count in Counter(map(asked, server.bodies)).items() if count > 1]
    assert len(repeated) <= 2
    no_row_is_there_twice(rows(home, settings))


def test_a_release_is_the_same_bytes_whatever_came_first_and_however_often_it_was_killed(
    home: Path, server: StandIn
) -> None:
    """One lake is captioned one request at a time after it was killed, the other many at once."""
    other = copied(lake_at(home / "lake"), home / "other")
    assert stopped(home, server, signal.SIGKILL)[0] == -signal.SIGKILL
    answers = itertools.cycle([0.0, 0.03, 0.01])
    server.answer = lambda body, number: Answer(f"A hat with {asked(body)}.", delay=next(answers))
    released = [
        build(lake, config(home, server, max_in_flight=most), []).release
        for lake, most in ((lake_at(home / "lake"), 1), (other, 8))
    ]
    files = [{name: file["sha256"] for name, file in release["files"].items()} for release in released if release]
    tables = [{name: hash for name, hash in each.items() if name.endswith(".parquet")} for each in files]
    assert len(tables) == 2 and len(tables[0]) >= 5
    assert tables[0] == tables[1]


def test_a_build_that_is_killed_over_captions_leaves_the_gpu_to_the_next(home: Path, server: StandIn) -> None:
    code, _, settings = stopped(home, server, signal.SIGKILL, "build")
    assert code == -signal.SIGKILL
    server.answer = lambda body, number: Answer()
    build_again = [*MAIN, "build", "--lake", str(lake_at(home / "lake"))]
    done = subprocess.run(build_again, cwd=home, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(rows(home, settings)) == IMAGES


def test_an_interrupted_run_says_how_to_go_on_and_keeps_its_rows(home: Path, server: StandIn) -> None:
    code, said, settings = stopped(home, server, signal.SIGINT)
    assert code == 130
    assert said.splitlines()[-1] == "interrupted; what was finished is kept, run the same command to go on"
    assert "Traceback" not in said
    kept = len(rows(home, settings))
    assert 5 <= kept < IMAGES
    assert run(home, settings).total == IMAGES - kept


def test_a_limit_takes_a_sample_and_the_next_run_goes_on(home: Path, server: StandIn) -> None:
    assert run(home, config(home, server, limit=5)).total == 5
    assert run(home, config(home, server)).total == IMAGES - 5
    assert len(server.bodies) == IMAGES


def test_a_run_begins_no_image_once_its_tokens_are_spent(
    home: Path, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captions, "AHEAD", 0)
    assert run(home, config(home, server, max_tokens=70, max_in_flight=1)).done == 5  # of 14 tokens each
    assert run(home, config(home, server)).total == IMAGES - 5


def test_all_recipes_of_a_run_share_its_tokens(home: Path, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "AHEAD", 0)
    both = [f"{home}/recipes.py:plain", f"{home}/recipes.py:pair", "compose"]
    settings = by(config(home, server, max_tokens=IMAGES * 14 + 10, max_in_flight=1), *both)
    tallies = update_captions(Lake(lake_at(home / "lake"), settings), lambda tally: None, lambda line: None)
    assert [(tally.recipe, tally.done) for tally in tallies] == [("compose", 0), ("plain", IMAGES), ("pair", 1)]


def test_a_limit_does_not_hold_for_recipes_that_cost_nothing(home: Path, server: StandIn) -> None:
    settings = by(config(home, server, limit=1, max_tags=1), f"{home}/recipes.py:plain", "compose")
    tallies = update_captions(Lake(lake_at(home / "lake"), settings), lambda tally: None, lambda line: None)
    assert [(tally.recipe, tally.done) for tally in tallies] == [("compose", IMAGES), ("plain", 1)]


def test_a_server_of_our_own_is_started_once_for_all_recipes(home: Path, server: StandIn) -> None:
    python, stand_in = home / "python", Path(__file__).parents[1] / "captions/fake_vllm.py"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {stand_in} "$@"\n')
    python.chmod(0o755)
    arguments = ["--pids", str(home / "pids")]
    vlm = {"model": "m", "backend": "vllm", "python": str(python), "arguments": arguments}
    recipes = [f"{home}/recipes.py:plain", f"{home}/recipes.py:pair"]
    settings = Config.model_validate({"captions": {"recipes": recipes}, "models": {"vlm": vlm}})
    view = Lake(lake_at(home / "lake"), settings)
    for done in (IMAGES, 0):
        tallies = update_captions(view, lambda tally: None, lambda line: None)
        assert [tally.done for tally in tallies] == [done, done]
        assert len((home / "pids").read_text().splitlines()) == 1


def test_recipes_that_ask_the_same_models_share_a_session() -> None:
    x, y, z = (Binding(model=name) for name in "xyz")
    needs = {"a": {"vlm": x}, "compose": {}, "b": {"vlm": x, "llm": y}, "c": {"vlm": x, "vlm2": z}, "d": {"vlm": z}}
    assert sessions(needs) == [["compose"], ["b", "a"], ["c", "d"]]


@pytest.mark.parametrize("change", ["prompt", "revision", "model"])
def test_a_changed_prompt_or_model_makes_its_own_captions_stale(home: Path, server: StandIn, change: str) -> None:
    plain, pair = config(home, server), config(home, server, "pair")
    run(home, plain)
    run(home, pair)
    server.bodies.clear()
    if change == "prompt":
        (home / "prompts/say.txt").write_text("#task: say\nSay it otherwise.\n\n$tags\n")
        assert [run(home, plain).total, run(home, pair).total] == [IMAGES, 0]
    else:
        vlm = plain.models.vlm.model_copy(update={change: "stand-in" if change == "model" else "r2"})
        server.model = vlm.model
        changed = plain.model_copy(update={"models": plain.models.model_copy(update={"vlm": vlm})})
        expected = IMAGES if change == "revision" else 0
        assert run(home, changed).total == len(server.bodies) == expected


@pytest.mark.parametrize("how", ["rename", "alias"])
def test_a_changed_tag_makes_the_captions_stale_of_images_that_carry_it(home: Path, server: StandIn, how: str) -> None:
    def build_all(lines: str, rename: dict[str, str]) -> list[str]:
        """The images that are asked about where the vocabulary has these lines."""
        server.bodies.clear()
        (home / "v.csv").write_text(lines)
        Vocabularies(lake_at(home / "lake")).add(home / "v.csv")
        both = by(config(home, server), *(f"{home}/recipes.py:{recipe}" for recipe in ("plain", "pair")))
        tags = {"vocabularies": ["v"], "rename": rename}
        build(lake_at(home / "lake"), Config.model_validate({**both.model_dump(), "tags": tags}), [])
        return [asked(body) for body in server.bodies if "tag_" in str(body)]

    assert len(build_all("hat,0,1,\n", {})) == IMAGES
    changed = ("hat,0,1,\ntag_33,0,1,tag_3\n", {}) if how == "alias" else ("hat,0,1,\n", {"tag_3": "tag_33"})
    assert build_all(*changed) == ["tag_33"]
    assert len(server.bodies) == 1


def test_the_release_shows_the_first_recipe_that_has_a_caption(home: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer("" if asked(body) in ("tag_1", "tag_2") else "A red hat.")
    settings = config(home, server)
    both = by(settings, *settings.captions.recipes, "compose")
    assert build(lake_at(home / "lake"), both, []).release is not None
    images = Lake(lake_at(home / "lake"), both).table("release_images").to_pylist()
    shown = Counter((row["caption_recipe"], row["caption_model"]) for row in images)
    assert shown == {("plain", "stand-in"): IMAGES - 2, ("compose", "compose"): 2}
    assert build(lake_at(home / "lake"), both, []).release is None


def test_a_build_retries_what_failed_though_nothing_else_changed(home: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer(status=500 if asked(body) == "tag_1" else 200)
    settings = config(home, server)
    build(lake_at(home / "lake"), settings, [])
    server.answer = lambda body, number: Answer()
    server.bodies.clear()
    outcome = build(lake_at(home / "lake"), settings, [])
    assert [asked(body) for body in server.bodies] == ["tag_1"]
    assert outcome.release is not None


@pytest.mark.parametrize("inherit", [True, False])
def test_a_better_copy_takes_over_the_captions_or_gets_its_own(home: Path, server: StandIn, inherit: bool) -> None:
    settings = config(home, server, inherit=inherit)
    build(lake_at(home / "lake"), settings, [])
    server.bodies.clear()
    with Image.open(home / "scrape/03.png") as image:
        image.resize((1280, 800), Image.Resampling.LANCZOS).save(home / "scrape/better.png")
    (home / "scrape/better.txt").write_text("tag_3, hat")
    server.answer = lambda body, number: Answer("A new text.")
    build(lake_at(home / "lake"), settings, [])
    written = rows(home, settings)
    assert len(written) == IMAGES + 1
    new = written[-1]
    parents = [row for row in written if row["caption_id"] == new["parent"]]
    assert (new["caption"], len(server.bodies), len(parents)) == (
        ("A red hat.", 0, 1) if inherit else ("A new text.", 1, 0)
    )
    chosen = Lake(lake_at(home / "lake"), settings).table("release_images").to_pylist()
    assert [row["uri"] for row in chosen if row["uri"] == "better.png"] == ["better.png"]
    no_row_is_there_twice(written)


def test_half_a_surrogate_pair_in_a_reply_costs_neither_the_run_nor_the_caption(home: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer(f"A red hat {chr(0xD83D)}.")
    settings = config(home, server)
    assert run(home, settings).failed == 0
    assert [row["caption"] for row in rows(home, settings)] == ["A red hat \ufffd."] * IMAGES


def test_an_error_in_a_user_s_recipe_ends_the_run_and_loses_nothing(home: Path, server: StandIn) -> None:
    (home / "broken.py").write_text(
        RECIPES + "\n\n@recipe()\nasync def broken(job):\n    return {'caption': job.subject.tags[9][0]}\n"
    )
    settings = by(config(home, server), f"{home}/broken.py:broken")
    with pytest.raises(IndexError):
        run(home, settings)


def test_a_role_without_a_model_is_named_with_the_setting(home: Path, server: StandIn) -> None:
    (home / "two.py").write_text(RECIPES + "\n\n@recipe(roles=['vlm2'])\nasync def two(job):\n    return {}\n")
    settings = by(config(home, server), f"{home}/two.py:two")
    with pytest.raises(UserError, match=r"no model is bound to the role vlm2: set `model` in \[models.vlm2\]"):
        run(home, settings)
