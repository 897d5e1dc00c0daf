"""A real vLLM on the CPU: everything that recipes ask for is understood, and what it refuses has a status.

One server serves all tests of the file, since it takes half a minute to start.
"""

import asyncio
import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from dataset_build.captions.calls import CallFailed, Picture, Reply, Request, Sampling, Turn
from dataset_build.config import Binding
from resources.in_flight import Load, load_in
from resources.vllm import Endpoints
from resources.vllm_server import served_here
from tests.vllm.conftest import small

Ask = Callable[[Request], Reply]
QUESTION = Request("vlm", (Turn("user", (small(1), "describe the image")),), Sampling(max_tokens=16))
DRAWN = Sampling(max_tokens=16, temperature=1.0, seed=7)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def server(binding: Binding, runner: asyncio.Runner) -> Iterator[Endpoints]:
    serving = served_here(binding, 120, 64, lambda line: None)
    yield runner.run(serving.__aenter__())
    runner.run(leave(serving))


@pytest.fixture(scope="module")
def ask(server: Endpoints, runner: asyncio.Runner) -> Ask:
    """Asks the server and waits for the reply."""
    return lambda request: runner.run(server.ask(request))


async def leave(server: Any) -> None:
    await server.__aexit__(None, None, None)


def refused(ask: Ask, request: Request) -> str:
    with pytest.raises(CallFailed) as failure:
        ask(request)
    return failure.value.status


def with_turn(*parts: str | Picture) -> Request:
    return replace(QUESTION, turns=(Turn("user", parts),))


def test_greedy_answers_are_repeated_and_counted(ask: Ask, binding: Binding) -> None:
    reply = ask(QUESTION)
    assert reply == ask(QUESTION)
    assert (reply.model, reply.revision, reply.tokens_out) == (binding.model, "r1", 16)
    assert reply.choices[0].finish == "length"


def test_it_tells_its_load(ask: Ask, server: Endpoints) -> None:
    ask(QUESTION)
    with urllib.request.urlopen(server.endpoints[0].url.removesuffix("/v1") + "/metrics") as answer:
        load = load_in(answer.read().decode())
    assert load == Load(running=0, waiting=0, cache=0.0)


def test_each_image_costs_its_tokens(ask: Ask) -> None:
    none, one, two = (
        ask(with_turn(*pictures, "describe")).tokens_in for pictures in ((), (small(1),), (small(1), small(2)))
    )
    assert two - one == one - none == 16


def test_n_answers_are_drawn_and_a_seed_repeats_them(ask: Ask) -> None:
    drawn = replace(QUESTION, sampling=replace(DRAWN, n=3))
    first, again = ask(drawn), ask(drawn)
    assert len({choice.text for choice in first.choices}) == 3
    assert first == again
    assert ask(replace(drawn, sampling=replace(DRAWN, n=3, seed=8))) != first


def test_log_probabilities_come_with_each_token(ask: Ask) -> None:
    tokens = ask(replace(QUESTION, sampling=DRAWN, logprobs=5)).choices[0].tokens
    assert len(tokens) == 16
    assert all(token.logprob < 0 and 1 <= len(token.top) <= 6 for token in tokens)


def test_a_prompt_is_scored_word_by_word_with_its_image(ask: Ask) -> None:
    reply = ask(replace(QUESTION, prompt_logprobs=True, sampling=Sampling(max_tokens=1)))
    assert len(reply.prompt) == reply.tokens_in - 1  # the first token has nothing before it
    assert "".join(token.text for token in reply.prompt).replace("<image>", "") == ": describe the image\nassistant: "
    assert all(token.logprob < 0 for token in reply.prompt)


def test_a_schema_is_kept_to(ask: Ask) -> None:
    colours = {"enum": ["red", "green"]}
    schema = {
        "type": "object",
        "properties": {"colour": colours},
        "required": ["colour"],
        "additionalProperties": False,
    }
    reply = ask(replace(QUESTION, schema=schema, sampling=Sampling(max_tokens=64)))
    assert json.loads(reply.choices[0].text) in ({"colour": "red"}, {"colour": "green"})


def test_a_choice_is_one_of_those_given(ask: Ask) -> None:
    assert ask(replace(QUESTION, choices=("yes", "no"))).choices[0].text in ("yes", "no")


def test_what_it_refuses_has_a_status(ask: Ask) -> None:
    assert refused(ask, with_turn(Picture(b"junk"), "describe")) == "rejected_image"
    assert refused(ask, with_turn(Picture(small(1).data[:300]), "describe")) == "rejected_image"
    assert refused(ask, with_turn(*[small(seed) for seed in range(5)], "describe")) == "rejected_image"
    assert refused(ask, with_turn("word " * 3000)) == "too_long"
    assert refused(ask, replace(QUESTION, sampling=Sampling(max_tokens=5000))) == "too_long"
