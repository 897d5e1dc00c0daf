"""Endpoints against a server on this machine that fails in every way a server can."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from dataset_build.captions.calls import CallFailed, Reply, Request, Turn
from dataset_build.config import Binding
from resources import vllm
from resources.vllm import Endpoints, ServerLost, endpoints, served
from tests.captions.stand_in import Answer, StandIn, serving


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm, "BACKOFF", (0.01, 0.01, 0.01))
    monkeypatch.setattr(vllm, "POLL", 0.05)


def request(number: int = 0) -> Request:
    return Request("vlm", (Turn("user", (f"question {number}",)),))


def using(urls: list[str], work: Callable[[Endpoints], Any], timeout: float = 30, most: int = 64) -> Any:
    """What `work` gives with the endpoints at `urls`."""

    async def main() -> Any:
        binding = Binding(model="stand-in", revision="r1", endpoints=urls)
        async with endpoints(binding, timeout, most, said.append) as model:
            return await work(model)

    said: list[str] = []
    return asyncio.run(main())


async def one(model: Endpoints) -> Reply:
    return await model.ask(request())


def many(count: int) -> Callable[[Endpoints], Any]:
    async def work(model: Endpoints) -> list[Reply]:
        return await asyncio.gather(*(model.ask(request(number)) for number in range(count)))

    return work


def in_turn(*answers: Answer) -> Callable[[dict[str, Any], int], Answer]:
    """The answers one after the other, the last for ever."""
    return lambda body, number: answers[min(number, len(answers) - 1)]


def status_of(answer: Answer, timeout: float = 30) -> tuple[str, int]:
    """How a request fails that always gets this answer, and how often it was sent."""
    with serving(StandIn(answer=in_turn(answer))) as server, pytest.raises(CallFailed) as failure:
        using([server.url], one, timeout)
    return failure.value.status, len(server.bodies)


def test_a_reply_names_model_and_revision() -> None:
    with serving(StandIn()) as server:
        reply = using([server.url], one)
    assert (reply.choices[0].text, reply.model, reply.revision, reply.tokens_in) == ("A red hat.", "stand-in", "r1", 10)
    assert server.bodies[0]["model"] == "stand-in"


def test_the_key_is_sent_from_the_environment_and_else_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not this one")
    with serving(StandIn()) as server:
        using([server.url], one)
        monkeypatch.setenv(vllm.API_KEY, "s3cret")
        using([server.url], one)
    assert [headers["authorization"] for headers in server.headers] == ["Bearer none", "Bearer s3cret"]


def test_what_may_pass_is_tried_again() -> None:
    answers = in_turn(Answer(status=500), Answer(status=429), Answer())
    with serving(StandIn(answer=answers)) as server:
        assert using([server.url], one).choices[0].text == "A red hat."
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=500), ("server_error", 4)),
        (Answer(status=429), ("server_error", 4)),
        (Answer(body={"choices": "none"}), ("server_error", 4)),
        (Answer(status=400, text="maximum context length is 8 tokens"), ("too_long", 1)),
        (Answer(status=400, text="cannot identify image file"), ("rejected_image", 1)),
    ],
)
def test_what_fails_for_good_has_a_status(answer: Answer, expected: tuple[str, int]) -> None:
    assert status_of(answer) == expected


def test_a_slow_reply_is_a_timeout_and_not_asked_again() -> None:
    assert status_of(Answer(delay=5), timeout=0.2) == ("timeout", 1)


def test_a_request_that_loses_its_connection_again_and_again_is_given_up() -> None:
    assert status_of(Answer(status=0)) == ("server_error", 3)


def test_the_least_busy_server_is_asked() -> None:
    with serving(StandIn(answer=in_turn(Answer(delay=0.05)))) as one_, serving(StandIn()) as other:
        assert len(using([one_.url, other.url], many(60), most=4)) == 60
    assert len(one_.bodies) + len(other.bodies) == 60
    assert len(other.bodies) > len(one_.bodies) > 0


def test_no_more_than_the_most_are_in_flight() -> None:
    with serving(StandIn(answer=in_turn(Answer(delay=0.02)))) as server:
        using([server.url], many(30), most=3)
    assert server.most == 3


def test_a_dead_server_is_left_out_and_taken_back() -> None:
    with ExitStack() as stack, serving(StandIn()) as other:
        first = stack.enter_context(serving(StandIn()))
        port = int(first.url.split(":")[2].split("/")[0])

        async def work(model: Endpoints) -> list[int]:
            await many(10)(model)
            await asyncio.to_thread(stack.close)
            counts = [len(first.bodies)]
            await many(10)(model)
            counts.append(len(first.bodies))
            with serving(first, port):
                while not all(endpoint.up for endpoint in model.endpoints):
                    await asyncio.sleep(0.01)
                await many(10)(model)
            return [*counts, len(first.bodies)]

        alive, dead, back = using([first.url, other.url], work)
    assert 0 < alive == dead < back
    assert len(first.bodies) + len(other.bodies) == 30


def test_a_run_is_lost_when_no_server_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm, "PATIENCE", 0.1)

    async def work(model: Endpoints) -> None:
        await asyncio.to_thread(stack.close)
        asked = asyncio.create_task(model.ask(request()))
        try:
            await model.lost
        finally:
            asked.cancel()

    with ExitStack() as stack, pytest.raises(ServerLost, match=r"^http://127.0.0.1:\d+/v1 doesn't answer"):
        server = stack.enter_context(serving(StandIn()))
        using([server.url], work)


def test_a_server_that_refuses_us_ends_the_run_at_once() -> None:
    async def work(model: Endpoints) -> None:
        asked = asyncio.create_task(model.ask(request()))
        try:
            await model.lost
        finally:
            asked.cancel()

    denied = StandIn(answer=in_turn(Answer(status=401, text="no such key")))
    with serving(denied) as server, pytest.raises(ServerLost, match="no such key"):
        using([server.url], work)
    assert len(server.bodies) == 1


def test_a_server_of_another_model_is_refused_before_anything_is_asked() -> None:
    with serving(StandIn(model="other")) as server, pytest.raises(ServerLost, match="serves other, not stand-in"):
        using([server.url], one)
    assert server.bodies == []


def test_nobody_at_home_is_said_in_one_line() -> None:
    with serving(StandIn()) as server:
        pass
    with pytest.raises(ServerLost, match=r"^http://127.0.0.1:\d+/v1 doesn't answer \(.*\)$"):
        using([server.url], one)
    with pytest.raises(ServerLost, match=r"^http://127.0.0.1:\d+/v1 doesn't answer \(.*refused"):
        served(server.url)


def test_a_refusal_says_what_to_do() -> None:
    wanted = "put its key into the environment variable DATASET_BUILD_API_KEY"
    with serving(StandIn(key="s3cret")) as server:
        with pytest.raises(ServerLost, match=rf"/v1: Error code: 401 - Unauthorized; {wanted}$"):
            using([server.url], one)
        with pytest.raises(ServerLost, match=rf"; {wanted}$"):
            served(server.url)
        with pytest.raises(ServerLost, match=r"404.*; is the address right\? most end in /v1$"):
            served(server.url.removesuffix("/v1"))
        with pytest.raises(ServerLost, match="missing an 'http://' or 'https://' protocol"):
            served("127.0.0.1:8000/v1")


def test_the_only_model_of_a_server_is_found() -> None:
    with serving(StandIn(model="a/b")) as server:
        assert served(server.url) == "a/b"
