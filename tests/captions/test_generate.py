import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dataset_build.captions.calls import CallFailed, Choice, Model, Picture, Reply, Request, View
from dataset_build.captions.generate import Shot, extract, generate, samples
from dataset_build.captions.job import Job, Subject
from dataset_build.captions.parse import LINES
from dataset_build.captions.prompts import AGAIN, Prompt, load_prompt
from dataset_build.captions.scores.length import Band

ASK = Prompt("ask", "Say $what.")


class Scripted(Model):
    """Gives the answers one after the other, (text, finish) or lists of them, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, CallFailed):
            raise answer
        choices = answer if isinstance(answer, list) else [answer]
        made = [Choice(each, "stop") if isinstance(each, str) else Choice(*each) for each in choices]
        return Reply(tuple(made), "scripted", "r7", 10, 5)


async def view(view: View) -> Picture:
    return Picture(repr(view).encode())


def job_of(model: Model) -> Job:
    prompts = {"ask": ASK, **{name: load_prompt(name) for name in AGAIN}}
    return Job(Subject("a" * 64, 10, 10), view, model, prompts)


def told(run: Callable[..., Any], model: Scripted, *rest: Any, **how: Any) -> tuple[Any, dict[str, Any]]:
    """The result, or the status, and the step."""
    job = job_of(model)
    try:
        result = asyncio.run(run(job, *rest, "ask", {"what": "it"}, **how))
    except CallFailed as failed:
        result = failed.status
    return result, job.steps[0].summary


@pytest.mark.parametrize(
    ("answers", "result", "asked"),
    [
        (["A hat."], "A hat.", 1),
        (["  ", "A hat."], "A hat.", 2),
        (["", "\n"], "empty", 2),
        ([("A hat and", "length"), "A hat."], "A hat.", 2),
        ([("A hat and", "length"), ("A", "length")], "truncated", 2),
        (["I'm sorry, but I can't help with that."], "refusal", 1),
        ([CallFailed("timeout")], "timeout", 1),
        (["``` ```", "``` ```"], "empty", 2),
        ([[], []], "empty", 2),
    ],
)
def test_an_answer_or_its_status(answers: list[Any], result: str, asked: int) -> None:
    model = Scripted(*answers, "never", "asked")
    said, step = told(generate, model)
    assert said == result
    assert len(model.asked) == asked
    if said == "A hat.":
        assert step["tokens"] == [10 * asked, 5 * asked] and "status" not in step
    else:
        assert step["status"] == said


def test_the_model_is_told_what_was_wrong() -> None:
    model = Scripted(("A hat and", "length"), "A hat.")
    told(generate, model)
    first, second = model.asked
    assert second.turns[: len(first.turns)] == first.turns
    assert [turn.speaker for turn in second.turns] == ["user", "assistant", "user"]
    assert second.turns[1].parts == ("A hat and",)
    assert second.turns[2].parts == (load_prompt("again/truncated").text,)


@pytest.mark.parametrize(
    ("answers", "said", "again", "off"),
    [
        (["one two three"], "one two three", None, None),
        (["one", "one two three"], "one two three", ["too_short"], None),
        (["a b c d e f", "a b c d e"], "a b c d e", ["too_long"], 0.25),
        (["a b c d e", "a b c d e f"], "a b c d e", ["too_long"], 0.25),
        (["one", ""], "one", ["too_short"], -0.5),
    ],
)
def test_a_length_out_of_the_band_is_asked_for_again_once(
    answers: list[str], said: str, again: list[str] | None, off: float | None
) -> None:
    model = Scripted(*answers)
    result, step = told(generate, model, band=Band(2, 4))
    assert (result, step.get("again"), step.get("out_of_band")) == (said, again, off)
    assert not model.answers


def test_more_tries_are_as_many_as_are_said() -> None:
    model = Scripted(*["one"] * 9)
    assert told(generate, model, band=Band(2, 4), tries=5)[0] == "one"
    assert len(model.asked) == 5


def test_samples_that_are_unfit_are_left_out() -> None:
    model = Scripted(["A hat.", "", ("A hat and", "length"), "A cat."])
    said, step = told(samples, model, 4, temperature=0.7)
    assert said == ["A hat.", "A cat."]
    assert step["failed"] == ["empty", "truncated"]
    assert model.asked[0].sampling.n == 4 and model.asked[0].sampling.temperature == 0.7


def test_lines() -> None:
    job = job_of(Scripted("- a\n- b"))
    assert asyncio.run(extract(job, LINES, "ask", {"what": "it"})) == ["a", "b"]


def test_what_is_sent() -> None:
    model = Scripted("A cat.")
    shot = Shot((Picture(b"shot"),), {"what": "that"}, "A dog.")
    part = View((0.0, 0.0, 0.5, 0.5))
    told(generate, model, shots=[shot], see=(View(), part), role="judge", max_tokens=9)
    (request,) = model.asked
    assert (request.role, request.sampling.max_tokens, request.schema, request.choices) == ("judge", 9, None, ())
    example, answer, question = request.turns
    assert example.parts == (Picture(b"shot"), ASK.fill({"what": "that"}))
    assert answer.parts == ("A dog.",)
    assert question.parts == (Picture(repr(View()).encode()), Picture(repr(part).encode()), ASK.fill({"what": "it"}))


def test_the_users_own_sampling_goes_before_the_recipes() -> None:
    model = Scripted("A cat.")
    job = job_of(model)
    job.sampling = {"vlm": {"temperature": 0.5, "seed": 3}}
    asyncio.run(generate(job, "ask", {"what": "it"}, max_tokens=9))
    sent = model.asked[0].sampling
    assert (sent.temperature, sent.seed, sent.max_tokens) == (0.5, 3, 9)
    assert job.steps[0].sampling == sent


def test_a_picture_is_made_once_for_a_job() -> None:
    made = []

    async def counting(view: View) -> Picture:
        made.append(view)
        await asyncio.sleep(0)
        return Picture(b"x")

    async def run() -> Sequence[str]:
        job = job_of(Scripted(*"abc"))
        job.views = counting
        return await job.together(*(generate(job, "ask", {"what": each}) for each in "xyz"))

    assert asyncio.run(run()) == ["a", "b", "c"]
    assert made == [View()]


def test_of_several_failures_the_first_in_order_counts_and_all_calls_end() -> None:
    async def run() -> None:
        ended = []

        async def fails(turns: int, status: Any) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            ended.append(status)
            raise CallFailed(status)

        job = job_of(Scripted())
        with pytest.raises(CallFailed) as caught:
            await job.together(fails(5, "timeout"), fails(0, "empty"))
        assert caught.value.status == "timeout" and ended == ["empty", "timeout"]
        said = await job.variants(a=asyncio.sleep(0, "x"), b=fails(0, "empty"))
        assert said["a"] == "x" and isinstance(said["b"], CallFailed)
        with pytest.raises(ZeroDivisionError):
            await job.variants(a=_divide())

    async def _divide() -> None:
        _ = 1 / 0

    asyncio.run(run())
