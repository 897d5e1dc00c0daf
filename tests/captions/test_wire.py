"""Requests as servers read them, replies as we do."""

import json

import pytest

from dataset_build.captions.calls import Choice, Picture, Request, Sampling, Token, Turn
from dataset_build.captions.wire import FIELDS, body_of, reply_of, status_of
from tests.captions.stand_in import completion

TOP = {"token": "b", "logprob": -2.0}


def test_every_sampling_parameter_is_sent_whether_set_or_not() -> None:
    body = body_of(Request("vlm", (Turn("user", ("Hi",)),), Sampling(temperature=0.7, n=2)), "m", {})
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.7,
        "top_p": 1.0,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": 256,
        "seed": 0,
        "n": 2,
    }


def test_texts_and_pictures_keep_their_order() -> None:
    turns = (Turn("system", ("Be brief.",)), Turn("user", ("one", Picture(b"\x00", "image/png"), "two")))
    messages = body_of(Request("vlm", turns), "m", {})["messages"]
    assert messages == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "one"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
                {"type": "text", "text": "two"},
            ],
        },
    ]


def test_what_goes_beyond_a_text_is_asked_for() -> None:
    schema = {"type": "object"}
    request = Request("vlm", (), schema=schema, choices=("yes", "no"), logprobs=5, prompt_logprobs=True)
    body = body_of(request, "m", {"chat_template_kwargs": {"enable_thinking": False}})
    assert body["response_format"]["json_schema"]["schema"] == schema
    assert body["structured_outputs"] == {"choice": ["yes", "no"]}
    assert (body["logprobs"], body["top_logprobs"], body["prompt_logprobs"]) == (True, 5, 0)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert set(body) - {"chat_template_kwargs"} < FIELDS


def test_a_reply_has_its_choices_in_order_with_tokens_and_costs() -> None:
    body = completion(["b", "a"], finish="length")
    body["choices"].reverse()
    logprobs = {"content": [{"token": "a", "logprob": -0.1, "top_logprobs": [TOP, {**TOP, "logprob": -3.0}]}]}
    body["choices"][0]["logprobs"] = logprobs
    body["prompt_logprobs"] = [None, {"7": {"logprob": -1.5, "decoded_token": "cat"}, "9": {"logprob": -0.2}}]
    reply = reply_of(body, "m", "r")
    assert reply.choices == (Choice("b", "length"), Choice("a", "length", (Token("a", -0.1, {"b": -2.0}),)))
    assert (reply.model, reply.revision, reply.tokens_in, reply.tokens_out) == ("m", "r", 10, 8)
    assert reply.prompt == (Token("cat", -1.5),)


def test_halves_of_surrogate_pairs_are_replaced_wherever_they_stand() -> None:
    half = json.loads('"a \\ud83d"')
    body = completion([half], finish=half)
    token = {"token": half, "logprob": -0.1, "top_logprobs": [{"token": half, "logprob": -0.1}]}
    body["choices"][0]["logprobs"] = {"content": [token]}
    body["prompt_logprobs"] = [{"7": {"logprob": -1.5, "decoded_token": half}}]
    reply = reply_of(body, "m", None)
    assert reply.choices == (Choice("a \ufffd", "a \ufffd", (Token("a \ufffd", -0.1, {"a \ufffd": -0.1}),)),)
    assert reply.prompt == (Token("a \ufffd", -1.5),)


def test_a_model_that_says_nothing_says_an_empty_text() -> None:
    body = completion([""])
    body["choices"][0]["message"]["content"] = None
    assert reply_of(body, "m", None).choices[0].text == ""


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("This model's maximum context length is 1024 tokens. However, you requested 2000 tokens", "too_long"),
        ("cannot identify image file <_io.BytesIO object>", "rejected_image"),
        ("Failed to load image: Incorrect padding", "rejected_image"),
        ("n must be 1 when using greedy sampling", "server_error"),
    ],
)
def test_what_a_server_refuses_has_a_status(message: str, status: str) -> None:
    assert status_of(message) == status
