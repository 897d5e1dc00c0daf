"""One image on its way through a recipe: what is known about it, whom to ask, and the steps taken so far."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from dataset_build.captions.calls import Box, CallFailed, Model, Picture, Reply, Request, Sampling, Status, View, Views
from dataset_build.captions.prompts import Prompt
from dataset_build.errors import UserError

T = TypeVar("T")
Place = tuple[int, ...]

LONGEST = 240  # characters of a text in a trace
MOST_STEPS = 120  # steps of a trace; what lies between the first and the last is left out

_place: ContextVar[Place] = ContextVar("place", default=())


@dataclass(frozen=True)
class Subject:
    """An image with the texts that belong to it; width and height in pixels, boxes relative."""

    image_id: str
    width: int
    height: int
    tags: tuple[tuple[str, str], ...] = ()  # (tag, category), merged and ordered
    alt_texts: tuple[str, ...] = ()
    text_boxes: tuple[Box, ...] = ()


@dataclass
class Step:
    """What one primitive did. `place` orders the steps of a job, whatever answer came first."""

    op: str
    place: Place
    role: str = ""
    prompt: Prompt | None = None
    given: tuple[str, ...] = ()  # texts put into the prompt
    said: tuple[str, ...] = ()  # texts made of the answer
    sampling: Sampling | None = None
    model: str = ""
    revision: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    status: Status = "ok"
    failed: list[Status] = field(default_factory=list)  # of answers that were left out
    again: list[str] = field(default_factory=list)  # why it was asked again
    off: float = 0.0  # how far the answer is out of its band
    notes: dict[str, Any] = field(default_factory=dict)

    def fail(self, failure: CallFailed) -> CallFailed:
        """Write the failure into the step."""
        self.status = failure.status
        self.notes["error"] = str(failure)
        return failure

    @property
    def summary(self) -> dict[str, Any]:
        """The step as it stands in a trace, texts cut short."""
        facts = {
            "op": self.op,
            "role": self.role,
            "prompt": self.prompt.name if self.prompt else "",
            "model": self.model,
            "tokens": [self.tokens_in, self.tokens_out] if self.model else None,
            "status": "" if self.status == "ok" else self.status,
            "failed": self.failed,
            "again": self.again,
            "out_of_band": self.off,
            "said": list(self.said),
            **self.notes,
        }
        return {key: short(value) for key, value in facts.items() if value or value is False}


class Said(str):
    """A text that a model said, with the step in which it did."""

    step: Step

    def __new__(cls, text: str, step: Step) -> "Said":
        """The text, signed."""
        said = super().__new__(cls, text)
        said.step = step
        return said


def signed(value: T, step: Step) -> T:
    """A text, or the texts of a list, with the step that they come from; other values as they are."""
    if isinstance(value, str):
        return Said(value, step)  # type: ignore[return-value]
    if isinstance(value, list):
        return [signed(each, step) for each in value]  # type: ignore[return-value]
    return value


def part_of(text: str, part: str) -> str:
    """The part of a text, signed like the text if that is."""
    return Said(part, text.step) if isinstance(text, Said) else part


@dataclass
class Job:
    """What a recipe works with. `settings` are those that the recipe reads, `sampling` the user's own by role."""

    subject: Subject
    views: Views
    model: Model
    prompts: Mapping[str, Prompt]
    settings: Mapping[str, Any] = field(default_factory=dict)
    sampling: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    roles: Sequence[str] | None = None  # that may be asked; None: any
    _steps: list[Step] = field(default_factory=list)
    _numbers: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    _pictures: dict[View, "asyncio.Future[Picture]"] = field(default_factory=dict)

    @property
    def steps(self) -> list[Step]:
        """The steps so far, in an order that does not depend on which answer came first."""
        return sorted(self._steps, key=lambda step: step.place)

    def step(self, op: str, **notes: Any) -> Step:
        """Add a step to the trace."""
        step = Step(op, self._next(), notes=notes)
        self._steps.append(step)
        return step

    def prompt(self, name: str) -> Prompt:
        """A prompt of the recipe. Raises UserError for one that it does not declare."""
        if name not in self.prompts:
            raise UserError(f"the recipe uses the prompt {name!r}: name it in its `prompts`")
        return self.prompts[name]

    async def ask(self, step: Step, request: Request) -> Reply:
        """Ask the model, and write into the step who answered and at what cost. Raises CallFailed, and UserError for a
        role that the recipe does not declare.
        """
        if self.roles is not None and request.role not in self.roles:
            raise UserError(f"the recipe asks the role {request.role!r}: name it in its `roles`")
        request = replace(request, sampling=replace(request.sampling, **self.sampling.get(request.role, {})))
        step.role, step.sampling = request.role, request.sampling
        try:
            reply = await self.model.ask(request)
        except CallFailed as failed:
            step.fail(failed)
            raise
        step.model, step.revision = reply.model, reply.revision
        step.tokens_in += reply.tokens_in
        step.tokens_out += reply.tokens_out
        return reply

    async def pictures(self, see: Sequence[View | Picture]) -> list[Picture]:
        """The pictures to be sent, in order. Raises CallFailed."""
        return [each if isinstance(each, Picture) else await self._picture(each) for each in see]

    async def _picture(self, view: View) -> Picture:
        """The picture of a view, encoded once per job."""
        if view not in self._pictures:
            self._pictures[view] = asyncio.ensure_future(self.views(view))
        return await self._pictures[view]

    async def together(self, *calls: Awaitable[T]) -> list[T]:
        """The results of calls made at once, in order. When some fail, all end first and the first in order counts."""
        results = await self._gather(*calls)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results  # type: ignore[return-value]

    async def variants(self, **calls: Awaitable[T]) -> dict[str, T | CallFailed]:
        """The same by name; a call that fails leaves its failure in its place, and the others stand."""
        results = dict(zip(calls, await self._gather(*calls.values()), strict=True))
        for result in results.values():
            if isinstance(result, BaseException) and not isinstance(result, CallFailed):
                raise result
        return results  # type: ignore[return-value]

    async def _gather(self, *calls: Awaitable[T]) -> list[T | BaseException]:
        here = self._next()
        branches = (_at((*here, number), call) for number, call in enumerate(calls))
        return await asyncio.gather(*branches, return_exceptions=True)

    def _next(self) -> Place:
        """The next place on this branch."""
        here = _place.get()
        self._numbers[here] += 1
        return (*here, self._numbers[here])


async def _at(place: Place, call: Awaitable[T]) -> T:
    _place.set(place)  # in the task's own context
    return await call


def trace(steps: list[Step]) -> list[dict[str, Any]]:
    """The steps as JSON values, bounded in number and length."""
    told = [step.summary for step in steps]
    if len(told) <= MOST_STEPS:
        return told
    half = MOST_STEPS // 2
    return [*told[:half], {"op": "…", "left_out": len(told) - 2 * half}, *told[-half:]]


def params(sampling: Sampling | None) -> dict[str, Any]:
    """Sampling parameters as JSON values; {} without any."""
    return {**vars(sampling)} if sampling else {}


def short(value: Any) -> Any:
    """The value as it stands in a trace: long texts cut and long lists ended, at any depth."""
    match value:
        case str():
            return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
        case float():
            return round(value, 4)
        case list() | tuple():
            return [short(each) for each in value[:40]] + (["…"] if len(value) > 40 else [])
        case dict():
            return {key: short(each) for key, each in value.items()}
        case _:
            return value
