"""What a recipe asks of a model and what comes back, whichever server or library answers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Protocol

from dataset_build.fingerprint import digest

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as shares of width and height, from the upper left
Status = Literal[
    "ok", "empty", "refusal", "truncated", "parse_error", "too_long", "rejected_image", "timeout", "server_error"
]
TRANSIENT: frozenset[Status] = frozenset({"timeout", "server_error"})  # another attempt may succeed


@dataclass(frozen=True)
class Picture:
    """An encoded image as it is sent."""

    data: bytes
    media_type: str = "image/jpeg"

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes, hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class View:
    """Which picture of the image: the whole, or the part in `box`; `masked` boxes are painted over."""

    box: Box | None = None
    masked: tuple[Box, ...] = ()


class Views(Protocol):
    """Pictures of one image, read, reduced and encoded when they are asked for."""

    async def __call__(self, view: View) -> Picture:
        """The picture. Raises CallFailed("rejected_image") when the image can't be read."""
        ...


@dataclass(frozen=True)
class Turn:
    """One message of a conversation: texts and pictures in the order in which they are read."""

    speaker: Literal["system", "user", "assistant"]
    parts: tuple[str | Picture, ...]


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn. All of it is always sent: a server's own defaults change with the model it serves."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = -1  # -1: all
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    max_tokens: int = 256
    seed: int = 0
    n: int = 1


PARAMETERS = tuple(each.name for each in fields(Sampling))


@dataclass(frozen=True)
class Request:
    """One question to the model bound to `role`; equal keys ask the same thing of the same role.

    The reply follows `schema` (JSON schema) or is one of `choices` where they are given. `logprobs` asks for so many
    alternatives per token of the reply, `prompt_logprobs` for the log-probability of each token of the prompt.
    """

    role: str
    turns: tuple[Turn, ...]
    sampling: Sampling = Sampling()
    schema: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()
    logprobs: int = 0
    prompt_logprobs: bool = False

    @cached_property
    def key(self) -> str:
        """Hash of everything but the model; pictures by the hash of their bytes."""
        turns = [[turn.speaker, [_named(part) for part in turn.parts]] for turn in self.turns]
        return digest(
            {
                "role": self.role,
                "turns": turns,
                "sampling": vars(self.sampling),
                "schema": self.schema,
                "choices": self.choices,
                "logprobs": [self.logprobs, self.prompt_logprobs],
            }
        )


@dataclass(frozen=True)
class Token:
    """A token with its natural log-probability, and those of its likeliest alternatives, itself included."""

    text: str
    logprob: float
    top: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """One of the n answers. `finish` is stop, or length when max_tokens cut it off."""

    text: str
    finish: str
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What came back, and from which model."""

    choices: tuple[Choice, ...]
    model: str
    revision: str | None
    tokens_in: int
    tokens_out: int
    prompt: tuple[Token, ...] = ()


class CallFailed(Exception):
    """A request has no usable answer, and why: one of the statuses, ok apart."""

    def __init__(self, status: Status, message: str = "") -> None:
        super().__init__(message or status)
        self.status = status


class Model(Protocol):
    """Answers requests: a vLLM server, a local model, or replies kept from an earlier run."""

    async def ask(self, request: Request) -> Reply:
        """The reply. Raises CallFailed, and nothing else, when there is none."""
        ...


def _named(part: str | Picture) -> list[str]:
    return ["text", part] if isinstance(part, str) else ["image", part.sha256]
