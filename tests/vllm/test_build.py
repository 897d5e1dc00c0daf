"""Whole builds with a real vLLM: structured replies become rows, and a dead server costs nothing but time."""

import json
import os
import re
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ingest import tree
from dataset_build.build import BuildFailed, Watcher, build
from dataset_build.config import Binding, Config
from resources import vllm_server
from resources.captions import update_captions
from resources.lake import Lake
from tests.pictures import put

IMAGES = 50
RECIPE = '''
"""A recipe whose replies keep to a schema."""

import json
from dataclasses import replace

from dataset_build.captions.calls import Request, Sampling, Turn, View
from dataset_build.captions.recipe import recipe

COLOURS = {"enum": ["red", "green", "blue"]}
SCHEMA = {"type": "object", "properties": {"colour": COLOURS}, "required": ["colour"], "additionalProperties": False}


@recipe(variants=["caption"])
async def coloured(job):
    """Two candidates of one colour each."""
    turns = (Turn("user", (*await job.pictures([View()]), "describe the image")),)
    sampling = Sampling(temperature=1.0, seed=3, n=2, max_tokens=64)
    step = job.step("ask")
    reply = await job.ask(step, Request("vlm", turns, sampling, schema=SCHEMA))
    texts = [f"A {json.loads(choice.text)['colour']} picture." for choice in reply.choices]
    step.said = tuple(texts)
    return {"caption": texts}
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of 50 images that wait for captions, and the recipe."""
    folder = tmp_path_factory.mktemp("vllm")
    for number in range(IMAGES):
        put(folder / "scrape" / f"{number:02}.png", seed=number, text=f"tag_{number}", size=(256, 256))
    build(folder / "lake", Config(), [folder / "scrape"])
    (folder / "coloured.py").write_text(RECIPE)
    return folder


def config(home: Path, binding: Binding, **captions: Any) -> Config:
    named = {"recipes": [f"{home}/coloured.py:coloured"], "max_side": 64, "max_in_flight": 8, **captions}
    return Config.model_validate({"captions": named, "models": {"vlm": binding.model_dump()}})


def rows(home: Path, settings: Config) -> list[dict[str, Any]]:
    piece = Lake(home / "lake", settings).captions(settings.captions.recipes[0])
    return [row for batch in piece.batches() for row in batch.to_pylist()]


def engine() -> int:
    """The process that computes in the vLLM of this process."""
    (found,) = [each for each in tree(os.getpid()) if Path(f"/proc/{each}/comm").read_text() == "VLLM::EngineCor\n"]
    return found


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]


def test_a_server_killed_half_way_ends_the_run_and_the_next_build_does_the_rest(
    home: Path, binding: Binding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_server, "RESTARTS", 0)
    settings, killed = config(home, binding), list[int]()

    def kill_half_way(done: int, total: int) -> None:
        if (done, total, killed) == (IMAGES // 2, IMAGES, []):
            killed.append(engine())
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(BuildFailed, match=r"^caption: ServerLost: .*tiny-llava0: vLLM died: \w+") as failure:
        build(home / "lake", settings, [], watcher=Watcher(progress=kill_half_way))
    assert "\n" not in str(failure.value)
    assert not alive(*killed)
    first = rows(home, settings)
    assert IMAGES <= len(first) < 2 * IMAGES
    assert {row["status"] for row in first} == {"ok"}

    outcome = build(home / "lake", settings, [])
    assert outcome.release is not None
    written = rows(home, settings)
    assert written[: len(first)] == first
    assert Counter(row["image_id"] for row in written) == {row["image_id"]: 2 for row in written}
    assert len(written) == 2 * IMAGES
    for row in written:
        assert (row["model"], row["model_revision"], row["status"]) == (binding.model, "r1", "ok")
        assert re.fullmatch("A (red|green|blue) picture.", row["caption"])
        assert json.loads(row["params"])["n"] == 2
    assert outcome.release["files"]["images.parquet"]["rows"] == IMAGES


def test_a_server_that_dies_is_started_again_and_no_row_is_lost(home: Path, binding: Binding) -> None:
    settings, log = config(home, binding, limit=10, max_pixels=4000), list[str]()

    def kill_once(tally: Any) -> None:
        if tally.done == 2:
            os.kill(engine(), signal.SIGKILL)

    (tally,) = update_captions(Lake(home / "lake", settings), kill_once, log.append)
    assert tally.statuses == {"ok": 20}
    assert [line for line in log if line.endswith("; starting it again")]


def test_a_model_that_is_not_there_is_said_in_one_line(home: Path, binding: Binding) -> None:
    settings = config(home, binding.model_copy(update={"model": str(home / "nowhere")}), max_side=32)
    with pytest.raises(BuildFailed, match=r"nowhere: vLLM did not start: \w+Error: .*nowhere") as failure:
        build(home / "lake", settings, [])
    assert "\n" not in str(failure.value)


def test_a_model_in_this_process_goes_through_the_same_recipes(home: Path, tiny: Path) -> None:
    local = Binding(model=str(tiny), backend="transformers", sampling={"max_tokens": 8})
    settings = config(home, local, recipes=["single_pass"], limit=3, max_failures=1)
    build(home / "lake", settings, [])
    written = rows(home, settings)
    assert len({row["image_id"] for row in written}) == len(written) == 3
    for row in written:
        assert (row["model"], row["final"], json.loads(row["params"])["max_tokens"]) == (str(tiny), True, 8)
        assert row["status"] in ("ok", "truncated") and row["tokens_in"] > 16 and row["tokens_out"] >= 8
