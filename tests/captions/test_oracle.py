"""The oracle behind its server, asked through the client that asks real ones."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataset_build.captions.boxes import overlap
from dataset_build.cli import app
from resources import vllm
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import COLOURS, GROUND, SIGN, scene
from tests.captions.oracle.server import stand_in
from tests.captions.oracle.sight import sight
from tests.captions.oracle.support import captioned, views
from tests.captions.stand_in import serving

SCENE = scene(3, 4)


def test_colours_can_be_told_apart() -> None:
    colours = [*COLOURS.values(), GROUND, SIGN]
    for number, one in enumerate(colours):
        for other in colours[:number]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) >= 60**2


@pytest.mark.parametrize("seed", range(8))
def test_the_oracle_sees_what_is_there_in_pictures_as_models_get_them(seed: int) -> None:
    from dataset_build.captions.calls import View

    each = scene(seed, 6, small=1)
    found, sign = sight(asyncio.run(views(each)(View())).data, 0.002)
    assert {seen.name for seen in found} == set(each.things) and not sign
    assert all(overlap(seen.box, each.things[seen.name]) > 0.9 for seen in found)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    (tmp_path / "scene.png").write_bytes(SCENE.png())
    return tmp_path / "scene.png"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["recipes", *words], terminal_width=200)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("name", ["capsfusion", "scalecap", "deck_tags_verified", "patch_matters", "rank_then_fuse"])
def test_try_prints_each_step_and_the_captions(name: str, image: Path) -> None:
    oracle = Oracle()
    tags = [each.replace(" ", "_") for each in SCENE.things]
    with serving(stand_in(oracle)) as server:
        code, said = run(
            "try", name, str(image), "--endpoint", server.url, "--tags", ",".join(tags), "--alt", "Fair at Tranby"
        )
    assert code == 0
    rows = captioned(name, SCENE, tags=tags, alts=["Fair at Tranby"])
    assert f"1 {'verify verify/tag' if name == 'deck_tags_verified' else ''}".strip() in said
    assert all(thing in said for thing in SCENE.things) and "caption 0" in said
    assert len(oracle.log) >= len(rows) > 0


def test_try_ends_with_1_when_there_is_no_caption(image: Path) -> None:
    with serving(stand_in(Oracle({"": Knobs(refuse=1)}))) as server:
        code, said = run("try", "single_pass", str(image), "--endpoint", server.url)
    assert code == 1 and "refusal" in said


@pytest.mark.parametrize("failure", [500, 503, 429, 0])
def test_try_goes_on_after_errors_that_pass(image: Path, failure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm, "BACKOFF", (0.01,))
    oracle = Oracle({"": Knobs(fail_first=1, failure=failure)})
    with serving(stand_in(oracle)) as server:
        assert run("try", "single_pass", str(image), "--endpoint", server.url)[0] == 0
    assert len(oracle.log) == 2


def test_try_says_that_a_model_is_too_slow(image: Path) -> None:
    (image.parent / "slow.toml").write_text("[captions]\ntimeout = 0.2\n")
    with serving(stand_in(Oracle({"": Knobs(delay=5)}))) as server:
        config = ("--config", str(image.parent / "slow.toml"))
        code, said = run("try", "single_pass", str(image), "--endpoint", server.url, *config)
    assert code == 1 and "timeout" in said and "no reply within 0.2 s" in said


def test_compose_needs_no_server(image: Path) -> None:
    code, said = run("try", "compose", str(image), "--tags", "red_hat, character:mira, :3")
    assert code == 0 and "Mira, with red hat and :3." in said


def test_list_names_every_recipe_and_show_its_prompts() -> None:
    from dataset_build.captions.recipe import built_in

    code, said = run("list")
    assert code == 0 and all(name in said for name in built_in())
    code, said = run("show", "capsfusion")
    assert code == 0
    assert "#task: fuse/capsfusion" in said and "arXiv 2310.20550" in said and "again/" not in said
