import asyncio
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.captions.calls import CallFailed
from dataset_build.captions.generate import generate
from dataset_build.captions.job import MOST_STEPS, Job, Said, Step
from dataset_build.captions.recipe import Recipe, Texts, built_in, load_recipe
from dataset_build.captions.rows import Key
from dataset_build.errors import UserError
from dataset_build.schemas import CAPTIONS
from tests.captions.oracle.oracle import Knobs, Oracle
from tests.captions.oracle.scenes import scene
from tests.captions.oracle.support import caption_of, captioned

SCENE = scene(5, 3)


def made(run: Any, **about: Any) -> Recipe:
    return Recipe("mine", run, ("vlm",), prompts=("recap/short", "recap/long"), **about)


def test_a_row_holds_who_said_it_and_how() -> None:
    (row,) = captioned("single_pass", SCENE)
    assert row["model"] == "vlm" and row["model_revision"] == "r1"
    assert row["prompt_hash"] == load_recipe("single_pass").loaded["recap/describe"].sha256
    assert json.loads(row["params"]) == {
        "temperature": 0.0, "top_p": 1.0, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "presence_penalty": 0.0,
        "frequency_penalty": 0.0, "max_tokens": 256, "seed": 0, "n": 1,
    }  # fmt: skip
    assert row["seed"] == 0 and row["tokens_in"] > 0 and row["tokens_out"] > 0
    assert (row["status"], row["final"], row["attempt"], row["n"], row["variant"]) == ("ok", True, 1, 0, "caption")
    assert json.loads(row["trace"])[0]["said"][0].startswith(row["caption"][:50])


@pytest.mark.parametrize("name", list(built_in()))
def test_rows_fit_the_table_and_no_two_have_one_id(name: str) -> None:
    tags = ["1girl", "character:mira", *(each.replace(" ", "_") for each in SCENE.things)]
    rows = captioned(name, SCENE, tags=tags, alts=["Fair at Tranby, 1987"])
    table = pa.Table.from_pylist(rows, CAPTIONS.schema)
    assert table.num_rows == len(set(table.column("caption_id").to_pylist())) > 0
    assert set(table.column("status").to_pylist()) == {"ok"}
    shown = set(load_recipe(name).variants)
    assert shown <= {row["variant"] for row in rows}


@pytest.mark.parametrize("name", list(built_in()))
def test_a_recipe_asks_for_what_it_declares(name: str) -> None:
    knobs = {role: Knobs(seed, hallucinate=0.2, forget=2) for seed, role in enumerate(("", "vlm2", "vlm3"))}
    recipe, oracle, things = load_recipe(name), Oracle(knobs), list(SCENE.things)
    tags = ["1girl", *(each.replace(" ", "_") for each in things)]
    captioned(name, SCENE, oracle, tags=[*tags, "character:mira"], alts=[f"A {things[0]} at Tranby, 1987"])
    captioned(name, SCENE, oracle, tags=[*tags, "solo"])
    assert {call["model"] for call in oracle.log} == set(recipe.roles)
    assert {call["task"] for call in oracle.log} - {""} == set(recipe.prompts)


@pytest.mark.parametrize("name", list(built_in()))
def test_what_a_recipe_does_not_need_changes_nothing(name: str) -> None:
    recipe = load_recipe(name)
    everything = {"tags": ["red_ball", "1girl"], "alts": ["Fair at Tranby"]}
    needed = {key: everything[key] for key in everything if {"tags": "tags", "alts": "alt_texts"}[key] in recipe.needs}
    assert captioned(name, SCENE, **everything) == captioned(name, SCENE, **needed)


def test_tokens_of_an_image_count_once() -> None:
    oracle = Oracle()
    rows = captioned("image_textualization", SCENE, oracle)
    (caption, candidate) = rows
    assert candidate["tokens_out"] == len(candidate["caption"].split())
    total = sum(len(said.split()) for call in oracle.log for said in call["said"])
    assert caption["tokens_out"] + candidate["tokens_out"] == total


def test_the_caption_that_another_was_made_from_is_its_parent() -> None:
    rows = {row["variant"]: row for row in captioned("capsfusion", SCENE, alts=["Fair at Tranby"])}
    assert rows["caption"]["parent"] == rows["synthetic"]["caption_id"]
    assert rows["synthetic"]["parent"] is None
    assert rows["caption"]["model"] == "llm" and rows["synthetic"]["model"] == "vlm"


def test_a_failure_is_a_row() -> None:
    (row,) = captioned("capture_five_stage", SCENE, Knobs(refuse=1))
    assert (row["status"], row["caption"], row["final"], row["variant"]) == ("refusal", None, True, "caption")
    assert json.loads(row["trace"])[0]["error"].startswith("I'm sorry")
    assert row["model"] == "vlm" and row["prompt_hash"]


def test_the_deck_leaves_photographs_to_others() -> None:
    async def photo(job: Job) -> Texts:
        raise CallFailed("rejected_image", "a photograph")

    (row,) = captioned(made(photo), SCENE)
    assert row["status"] == "rejected_image" and row["final"]


async def two(job: Job) -> Texts:
    return await job.variants(long=generate(job, "recap/long"), short=generate(job, "recap/short"))


def test_one_variants_failure_leaves_the_other() -> None:
    oracle = Oracle({"": Knobs()})
    answer = oracle.answer

    def refusing(body: dict[str, Any]) -> dict[str, Any]:
        reply = answer(body)
        if "recap/short" in json.dumps(body["messages"]):
            reply["choices"][0]["message"]["content"] = "I'm sorry, but I can't help with that."
        return reply

    oracle.answer = refusing
    rows = captioned(made(two, variants=("long", "short")), SCENE, oracle)
    assert [(row["variant"], row["status"]) for row in rows] == [("long", "ok"), ("short", "refusal")]


def test_while_attempts_are_left_only_what_failed_is_written() -> None:
    def rows(attempt: int) -> list[tuple[str, str, bool, int]]:
        oracle = Oracle({"": Knobs(fail_first=1)})
        written = captioned(made(two, variants=("long", "short")), SCENE, oracle, key=Key("f", "i", attempt, 3))
        return [(row["variant"], row["status"], row["final"], row["attempt"]) for row in written]

    assert rows(1) == [("long", "server_error", False, 1)]
    assert rows(3) == [("long", "server_error", True, 3), ("short", "ok", True, 3)]


def test_an_error_in_a_recipe_is_raised() -> None:
    async def broken(job: Job) -> Texts:
        raise KeyError("oops")

    with pytest.raises(KeyError):
        captioned(made(broken), SCENE)


def test_nothing_said_is_an_empty_row() -> None:
    async def silent(job: Job) -> Texts:
        return {}

    async def blank(job: Job) -> Texts:
        return {"caption": "  "}

    for run in (silent, blank):
        (row,) = captioned(made(run), SCENE)
        assert (row["variant"], row["status"], row["caption"], row["model"]) == ("caption", "empty", None, "mine")


def test_a_trace_is_bounded() -> None:
    async def chatty(job: Job) -> Texts:
        for number in range(1000):
            step = job.step("think", thought="x" * 100_000, list=list(range(1000)))
            step.said = (f"{number}" * 1000,)
        return {"caption": "A hat."}

    (row,) = captioned(made(chatty), SCENE)
    steps = json.loads(row["trace"])
    assert len(steps) == MOST_STEPS + 1 and steps[MOST_STEPS // 2]["left_out"] == 1000 - MOST_STEPS
    assert len(row["trace"]) < 150_000


def test_a_text_carries_its_step_through_edits() -> None:
    from dataset_build.captions.edit import without
    from dataset_build.captions.split import sentences

    said = Said("A hat. A cat.", Step("generate", (1,)))
    assert all(isinstance(each, Said) and each.step is said.step for each in [*sentences(said), without(said, ["cat"])])


MINE = '''
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe


@recipe(prompts=["haiku"])
async def haiku(job: Job) -> Texts:
    """Three lines."""
    return {"caption": await generate(job, "haiku", temperature=0.8)}


number = 3
'''


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "haiku.txt").write_text("#task: recap/short\nA haiku on this picture.\n")
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path / "mine.py"


def test_a_recipe_of_ones_own(mine: Path) -> None:
    recipe = load_recipe(f"{mine}:haiku")
    rows = captioned(recipe, SCENE)
    assert rows[0]["recipe"] == "haiku" and caption_of(rows)
    before = recipe.made_from()
    (mine.parent / "prompts" / "haiku.txt").write_text("Another.")
    assert load_recipe(f"{mine}:haiku").made_from() != before
    (mine.parent / "prompts" / "haiku.txt").write_text("#task: recap/short\nA haiku on this picture.\n")
    assert load_recipe(f"{mine}:haiku").made_from() == before
    mine.write_text(MINE.replace("0.8", "0.9"))
    assert load_recipe(f"{mine}:haiku").made_from() != before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("singlepass", "did you mean single_pass"),
        ("nothing_like_it", "there are best_of_teachers, capsfusion"),
        ("none.py:x", "no such file"),
        ("mine.py:none", "no recipe 'none': it has haiku$"),
        ("mine.py:number", "no recipe 'number'"),
        ("prompts/empty.py:x", r"write `@recipe\(…\)` above `async def x\(job\)`"),
        ("broken.py:x", "can't be loaded: SyntaxError"),
        ("", "no recipe ''"),
    ],
)
def test_recipes_that_are_not_there(name: str, says: str, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine.parent / "broken.py").write_text("def (")
    (mine.parent / "prompts" / "empty.py").touch()
    monkeypatch.chdir(mine.parent)
    with pytest.raises(UserError, match=says):
        load_recipe(name)


MISTAKEN = """
from dataset_build.captions.generate import generate
from dataset_build.captions.recipe import recipe


@recipe(PROMPTS)
async def mistaken(job):
    return RESULT
"""


@pytest.mark.parametrize(
    ("declared", "result", "says"),
    [
        ("roles=['vlmm']", "{}", "roles names vlmm; there are vlm, vlm2"),
        ("needs=['tag']", "{}", "needs names tag; there are tags, alt_texts, text_boxes"),
        (
            "",
            "{'caption': await generate(job, 'recap/short')}",
            "uses the prompt 'recap/short': name it in its `prompts`",
        ),
        (
            "prompts=['recap/with_hint']",
            "{'caption': await generate(job, 'recap/with_hint')}",
            "no value .* for \\$labels",
        ),
        ("prompts=['recap/short']", "await generate(job, 'recap/short')", "by variant, such as .*, not Said"),
        ("prompts=['recap/short']", "await generate(job, 'recap/short', role='llm')", "asks the role 'llm': name it"),
        ("prompts=['recap/short']", "await generate(job, 'recap/short', temprature=1)", "temprature: not a sampling"),
    ],
)
def test_a_mistake_in_a_recipe_of_ones_own_is_one_line(declared: str, result: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MISTAKEN.replace("PROMPTS", declared).replace("RESULT", result))
    with pytest.raises(UserError, match=says) as error:
        captioned(load_recipe(f"{tmp_path}/mine.py:mistaken"), SCENE)
    assert "\n" not in str(error.value)


def test_a_recipe_sees_only_the_texts_that_it_says_it_needs(tmp_path: Path) -> None:
    told = "{'caption': repr([job.subject.tags, job.subject.alt_texts])}"
    for needs, seen in (("", "[(), ()]"), ("needs=['alt_texts']", "[(), ('Fair',)]")):
        (tmp_path / "mine.py").write_text(MISTAKEN.replace("PROMPTS", needs).replace("RESULT", told))
        rows = captioned(load_recipe(f"{tmp_path}/mine.py:mistaken"), SCENE, tags=["hat"], alts=["Fair"])
        assert caption_of(rows) == seen


def test_one_prompt_changes_one_recipe_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import shutil

    from dataset_build.captions import prompts

    before = {name: load_recipe(name).made_from() for name in built_in()}
    shutil.copytree(prompts.FOLDER, tmp_path / "prompts")
    monkeypatch.setattr(prompts, "FOLDER", tmp_path / "prompts")
    (tmp_path / "prompts" / "fuse" / "capsfusion.txt").write_text("Another.")
    after = {name: load_recipe(name).made_from() for name in built_in()}
    assert [name for name in before if before[name] != after[name]] == ["capsfusion"]


def test_jobs_do_not_share_their_steps() -> None:
    async def many() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(asyncio.to_thread(captioned, "short_and_long", scene(n, 2)) for n in range(4)))

    for number, rows in enumerate(asyncio.run(many())):
        assert rows == captioned("short_and_long", scene(number, 2))


@pytest.mark.parametrize("name", list(built_in()))
def test_the_page_on_recipes_says_what_the_recipes_say(name: str) -> None:
    recipe = load_recipe(name)
    page = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text("utf-8")
    needs = ", ".join(recipe.needs) or "image only"
    assert f"| `{name}` | {recipe.paper} | {recipe.steps} | {recipe.calls} | {needs} | " in page
