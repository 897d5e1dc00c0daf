"""The command that captions, as a user meets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset_build.build import build
from dataset_build.config import Config
from tests.bucket import lake_at
from tests.captions.stand_in import Answer, StandIn, serving
from tests.pictures import put
from tests.shell import Shell


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of four images that were captioned by compose."""
    folder = tmp_path_factory.mktemp("cli-caption")
    for number in range(4):
        put(folder / "scrape" / f"{number}.png", seed=number, text="red")
    build(lake_at(folder / "lake"), Config(), [folder / "scrape"])
    return lake_at(folder / "lake")


@pytest.fixture
def server() -> Iterator[StandIn]:
    with serving(StandIn()) as running:
        yield running


def test_it_captions_a_sample_then_the_rest_then_nothing(run: Shell, lake: Path, server: StandIn) -> None:
    command = ("caption", "--recipe", "single_pass", "--endpoint", server.url, "--lake", lake)
    code, out, err = run(*command, "--limit", 1)
    assert code == 0
    assert "single_pass: 1 images, some 1 calls, 1,200 tokens read, 200 written, if a call reads" in err
    assert "1 of 1 images" in err
    assert "single_pass: 1 of 1 images in" in out
    assert "1 calls, 10 tokens read, 4 written; 0 replies were known already" in out
    assert "model = 'stand-in'" in out
    code, out, err = run(*command)
    assert "single_pass: 3 images, about 3 calls, 30 tokens read, 12 written" in err
    assert "3 of 3 images" in out
    assert len(server.bodies) == 4
    assert "nothing to caption" in run(*command)[1]


def test_failures_are_counted_by_status(run: Shell, lake: Path, server: StandIn) -> None:
    server.answer = lambda body, number: Answer(status=400 if number else 200, text="cannot identify image file")
    code, out, _ = run(
        "caption", "--recipe", "spatial", "--endpoint", server.url, "--model", "stand-in", "--lake", lake, "--limit", 2
    )
    assert code == 0
    assert "rejected_image" in out
    assert "2 of 2 images" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--recipe", "singlepass"], 2, "no recipe 'singlepass'; did you mean single_pass?"),
        (["--recipe", "single_pass"], 2, "no model is bound to the role vlm: set `model` in [models.vlm]"),
        (["--recipe", "single_pass", "--endpoint", "x", "--serve", "y"], 2, "give one of them"),
        (["--recipe", "single_pass", "--endpoint", "http://127.0.0.1:9/v1"], 1, "9/v1 doesn't answer ("),
        (["--recipe", "single_pass", "--endpoint", "SERVER", "--model", "nobody"], 1, "serves stand-in, not nobody"),
        (["--recipe", "rank_then_fuse", "--endpoint", "SERVER"], 2, "no model is bound to the role vlm2"),
        (["--recipe", "compose", "--limit", "-1"], 2, "captions.limit: Input should be greater than or equal to 0"),
        (["--recipe", "compose", "--lake", "none"], 2, "run `dataset-build build` first"),
    ],
)
def test_what_a_user_can_mend_is_one_line(
    run: Shell,
    lake: Path,
    server: StandIn,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    given = [server.url if each == "SERVER" else each for each in arguments]
    found, out, err = run("caption", "--lake", lake, *given)
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
