"""Requests and replies as OpenAI-compatible servers write them; what goes beyond OpenAI's fields is vLLM's."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from dataset_build.captions.calls import Choice, Picture, Reply, Request, Status, Token, Turn
from dataset_build.sources.decoding import clean_text

FIELDS = frozenset({
    "model", "messages", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "presence_penalty",
    "frequency_penalty", "max_tokens", "seed", "n", "response_format", "structured_outputs", "logprobs", "top_logprobs",
    "prompt_logprobs", "stream", "add_generation_prompt", "continue_final_message",
})  # fmt: skip
_TOO_LONG = ("context length", "max_model_len", "too long", "exceeds the maximum", "longer than the maximum")
_IMAGE = ("image", "multimodal", "multi-modal", "base64")


def body_of(request: Request, model: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON body of a chat completion. Every sampling parameter stands in it; `extra` adds fields."""
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(turn) for turn in request.turns],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "n": sampling.n,
    }
    if request.schema is not None:
        schema = {"name": "reply", "schema": dict(request.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if request.choices:
        body["structured_outputs"] = {"choice": list(request.choices)}
    if request.logprobs:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    if request.turns and request.turns[-1].speaker == "assistant":  # the text is to be judged, not answered
        body |= {"add_generation_prompt": False, "continue_final_message": True}
    if request.prompt_logprobs:
        body["prompt_logprobs"] = 0  # alternatives besides the token itself
    return {**body, **extra}


def reply_of(body: Mapping[str, Any], model: str, revision: str | None) -> Reply:
    """The reply in the JSON body of an answer, its texts clean: a cut-off emoji comes as half a surrogate pair.

    Raises KeyError, TypeError or AttributeError where it holds none.
    """
    usage = body.get("usage") or {}
    return Reply(
        choices=tuple(_choice(choice) for choice in sorted(body["choices"], key=lambda choice: int(choice["index"]))),
        model=model,
        revision=revision,
        tokens_in=usage.get("prompt_tokens") or 0,
        tokens_out=usage.get("completion_tokens") or 0,
        prompt=tuple(_prompt_token(each) for each in body.get("prompt_logprobs") or () if each),
    )


def status_of(message: str) -> Status:
    """Why a server refuses a request (HTTP 400), by what it says."""
    said = message.lower()
    if any(words in said for words in _TOO_LONG):
        return "too_long"
    return "rejected_image" if any(words in said for words in _IMAGE) else "server_error"


def _message(turn: Turn) -> dict[str, Any]:
    if len(turn.parts) == 1 and isinstance(turn.parts[0], str):
        return {"role": turn.speaker, "content": turn.parts[0]}
    return {"role": turn.speaker, "content": [_part(part) for part in turn.parts]}


def _part(part: str | Picture) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    url = f"data:{part.media_type};base64,{b64encode(part.data).decode('ascii')}"
    return {"type": "image_url", "image_url": {"url": url}}


def _choice(choice: Mapping[str, Any]) -> Choice:
    tokens = (choice.get("logprobs") or {}).get("content") or ()
    text = choice["message"]["content"] or ""
    return Choice(clean_text(text), clean_text(choice["finish_reason"] or ""), tuple(_token(each) for each in tokens))


def _token(token: Mapping[str, Any]) -> Token:
    alternatives = reversed(token.get("top_logprobs") or ())  # of equal texts the likeliest counts
    top = {clean_text(each["token"]): float(each["logprob"]) for each in alternatives}
    return Token(clean_text(token["token"]), float(token["logprob"]), top)


def _prompt_token(alternatives: Mapping[str, Mapping[str, Any]]) -> Token:
    """The token that stands in the prompt comes first among its alternatives."""
    token = next(iter(alternatives.values()))
    return Token(clean_text(token.get("decoded_token") or ""), float(token["logprob"]))
