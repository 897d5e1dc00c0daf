"""A model of perfect sight and no other knowledge that answers chat requests, and errs as often as it is told to."""

import base64
import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from tests.captions.oracle.faults import spoiled
from tests.captions.oracle.sight import Seen, sight
from tests.captions.oracle.tasks import Question, answered

LEAST = 0.002


@dataclass(frozen=True)
class Knobs:
    """Errors, as shares of what could go wrong unless said otherwise, drawn by hash."""

    seed: int = 0
    least: float = LEAST  # share of the picture's area below which a thing is not seen
    hallucinate: float = 0.0  # of the things that are not there, in descriptions
    omit: float = 0.0  # of the things that are there, in descriptions
    omit_in: str = ""  # only in answers to tasks that begin so
    backwards: bool = False  # points things out in the opposite order
    false_yes: float = 0.0
    false_no: float = 0.0
    bad_json: float = 0.0
    json_style: str = "plain"  # plain | fenced | prose | single_quoted
    refuse: float = 0.0
    empty: float = 0.0
    truncate: float = 0.0
    repeat: float = 0.0
    obey: bool = False  # orders in texts and on signs
    invent: str = ""  # a sentence that every text made of other texts gets
    first_judge: bool = False  # always chooses A
    forget: int = 0  # tags left out of the first caption
    per_round: int = 99  # tags added when asked again
    fail_first: int = 0  # requests that get `failure`
    failure: int = 500  # HTTP status; 0 drops the connection
    delay: float = 0.0  # seconds
    logprobs: bool = True

    def draw(self, *what: object) -> float:
        """A number from 0 to 1 that depends on the seed and on what it is drawn for."""
        text = "\0".join(map(str, (self.seed, *what)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


class Failed(Exception):
    """The request gets an HTTP status instead of an answer; 0: none at all."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass
class Oracle:
    """Answers the bodies of /v1/chat/completions. `knobs` may differ by model; `log` holds what was asked."""

    knobs: dict[str, Knobs] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)

    def calls(self, task: str) -> list[dict[str, Any]]:
        """The logged requests of a task, such as recap/short, or of all that begin so."""
        return [call for call in self.log if call["task"].startswith(task)]

    def knobs_of(self, model: str) -> Knobs:
        """The knobs of a model."""
        return self.knobs.get(model) or self.knobs.get("") or Knobs()

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The response. Raises Failed."""
        knobs = self.knobs_of(body["model"])
        messages = [_message(each) for each in body["messages"]]
        asked = next(m for m in reversed(messages) if m["role"] == "user")
        task = re.match(r"#task: (\S+)", asked["text"])
        again = task[1].partition("/")[2] if task and task[1].startswith("again/") else ""
        if again:
            asked = next(m for m in messages if m["role"] == "user" and "#task: again/" not in m["text"])
            task = re.match(r"#task: (\S+)", asked["text"])
        key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        name = task[1] if task else ""
        self.log.append({"task": name, "again": again, "model": body["model"], "key": key, "body": body})
        if len(self.log) <= knobs.fail_first:
            raise Failed(knobs.failure)
        pictures = asked["pictures"]
        found, sign = sight(pictures[-1], knobs.least) if pictures else ((), False)
        choices = []
        for number in range(body.get("n", 1)):
            seen = (list(found), bool(pictures), sign)
            question = Question(name, asked["text"], *seen, again, number, knobs, key)
            choices.append(_choice(question, body))
        self.log[-1]["said"] = [choice["message"]["content"] for choice in choices]
        written = sum(len(choice["message"]["content"].split()) for choice in choices)
        read = sum(len(m["text"].split()) for m in messages) + 64 * len(pictures)
        return {
            "id": key[:16],
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": choices,
            "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
            "prompt_logprobs": _forced(messages, found) if body.get("prompt_logprobs") is not None else None,
        }


def _message(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    pictures = [base64.b64decode(url.partition(",")[2]) for url in urls]
    return {"role": message["role"], "text": text, "pictures": pictures}


def _choice(question: Question, body: dict[str, Any]) -> dict[str, Any]:
    said, p = answered(question)
    text, finish = spoiled(said, question, body)
    choice = {
        "index": question.number,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
        "logprobs": None,
    }
    if body.get("logprobs") and p is not None and question.knobs.logprobs:
        choice["logprobs"] = {"content": [_yes_token(p)]}
    return choice


def _yes_token(p: float) -> dict[str, Any]:

    shares = {"Yes": 0.8 * p, "yes": 0.1 * p, " yes": 0.05 * p, "No": 0.9 * (1 - p), "no": 0.05 * (1 - p), "It": 0.01}
    top = [{"token": word, "logprob": math.log(max(share, 1e-9))} for word, share in shares.items()]
    best = max(top, key=lambda each: each["logprob"])
    return {**best, "top_logprobs": sorted(top, key=lambda each: -each["logprob"])}


def _forced(messages: list[dict[str, Any]], found: tuple[Seen, ...]) -> list[dict[str, Any] | None]:
    """Log-probabilities of the whole prompt: words of things that are seen gain by the picture."""
    gain = {word for seen in found for word in seen.name.split()}
    text = "\n".join(f"{m['role']}: {m['text']}" for m in messages)
    tokens = re.findall(r"\s*\w+|\s*[^\w\s]", text)
    told = [
        {str(n): {"logprob": -3.0 + 2.0 * (t.strip() in gain), "rank": 1, "decoded_token": t}}
        for n, t in enumerate(tokens)
    ]
    return [None, *told]
