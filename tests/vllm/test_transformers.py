"""The same questions to a model in this process, without a server."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dataset_build.captions.calls import CallFailed, Picture, Reply, Request, Sampling, Turn
from dataset_build.config import Binding
from resources.transformers_model import loaded
from resources.vllm import ServerLost
from tests.vllm.conftest import small

Ask = Callable[[Request], Reply]
QUESTION = Request("vlm", (Turn("user", (small(1), "describe the image")),), Sampling(max_tokens=12))
DRAWN = replace(QUESTION, sampling=Sampling(max_tokens=12, temperature=1.0, seed=7, n=3))


@pytest.fixture(scope="module")
def ask(tiny: Path) -> Iterator[Ask]:
    """Asks the model and waits for the reply."""

    async def enter() -> None:
        answers.append(await model.__aenter__())

    model, answers = loaded(Binding(model=str(tiny), backend="transformers"), lambda line: None), []
    with asyncio.Runner() as runner:
        runner.run(enter())
        yield lambda request: runner.run(answers[0].ask(request))


def test_greedy_answers_are_repeated_and_counted(ask: Ask, tiny: Path) -> None:
    reply = ask(QUESTION)
    assert reply == ask(QUESTION)
    assert (reply.model, reply.revision, len(reply.choices)) == (str(tiny), None, 1)
    assert reply.tokens_out <= 12
    assert ask(replace(QUESTION, turns=(Turn("user", ("describe the image",)),))).tokens_in == reply.tokens_in - 16


def test_n_answers_are_drawn_and_a_seed_repeats_them(ask: Ask) -> None:
    first = ask(DRAWN)
    assert len({choice.text for choice in first.choices}) == 3
    assert first == ask(DRAWN)
    assert first != ask(replace(DRAWN, sampling=replace(DRAWN.sampling, seed=8)))


def test_log_probabilities_come_with_each_token(ask: Ask) -> None:
    tokens = ask(replace(QUESTION, logprobs=5)).choices[0].tokens
    assert 1 <= len(tokens) <= 12
    for token in tokens:
        assert token.logprob == max(token.top.values())  # the greedy token is the likeliest
        assert len(token.top) <= 5


def test_a_prompt_is_scored_word_by_word_with_its_image(ask: Ask) -> None:
    turns = (*QUESTION.turns, Turn("assistant", ("a red hat",)))
    reply = ask(replace(QUESTION, turns=turns, prompt_logprobs=True, sampling=Sampling(max_tokens=1)))
    text = "".join(token.text for token in reply.prompt)
    assert text.replace("<image>", "").endswith("describe the image\nassistant: a red hat")
    assert len(reply.prompt) == reply.tokens_in - 1
    assert all(token.logprob < 0 for token in reply.prompt)


def test_the_likeliest_choice_is_taken(ask: Ask) -> None:
    choices = ("yes", "no", "a red hat")
    reply = ask(replace(QUESTION, choices=choices, logprobs=1))
    assert reply.choices[0].text in choices
    alone = {text: ask(replace(QUESTION, choices=(text,), logprobs=1)).choices[0].tokens for text in choices}
    sums = {text: sum(token.logprob for token in tokens) for text, tokens in alone.items()}
    assert reply.choices[0].text == max(sums, key=lambda text: sums[text])


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (replace(QUESTION, turns=(Turn("user", (Picture(b"junk"), "describe")),)), "rejected_image"),
        (replace(QUESTION, turns=(Turn("user", ("word " * 2000,)),)), "too_long"),
        (replace(QUESTION, sampling=Sampling(presence_penalty=0.5)), "server_error"),
    ],
)
def test_what_it_refuses_has_a_status(ask: Ask, request_: Request, status: str) -> None:
    with pytest.raises(CallFailed) as failure:
        ask(request_)
    assert failure.value.status == status


def test_a_model_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    async def main() -> None:
        async with loaded(Binding(model=str(tmp_path / "nowhere")), lambda line: None):
            pass

    with pytest.raises(ServerLost, match=r"nowhere: transformers can't load it: .+") as failure:
        asyncio.run(main())
    assert "\n" not in str(failure.value)
