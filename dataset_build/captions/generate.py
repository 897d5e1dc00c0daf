"""Ask a model with a prompt and pictures, and read the answer; an unfit answer is asked for again, within a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dataset_build.captions.calls import (
    PARAMETERS,
    CallFailed,
    Choice,
    Picture,
    Request,
    Sampling,
    Status,
    Turn,
    View,
)
from dataset_build.captions.job import Job, signed
from dataset_build.captions.parse import TEXT, Parse, Unparsable, texts_in
from dataset_build.captions.prompts import Values
from dataset_build.captions.scores.length import Band
from dataset_build.captions.scores.refusal import is_refusal
from dataset_build.errors import UserError

T = TypeVar("T")

WHOLE = (View(),)
TRIES = 2
MENDABLE: frozenset[Status] = frozenset({"empty", "truncated", "parse_error"})  # another wording may help
LONGEST = 20_000  # characters of an unfit answer that the model is shown again


@dataclass(frozen=True)
class Shot:
    """An example that goes before the question: pictures, the values of the prompt, the answer that is wanted."""

    pictures: tuple[Picture, ...]
    values: Values
    answer: str


@dataclass(frozen=True)
class _Fit(Generic[T]):
    """An answer that could be read, and how far out of the band it is."""

    value: T
    off: float


async def generate(job: Job, prompt: str, values: Values | None = None, **how: Any) -> str:
    """The model's text. `how`: see `samples`. Raises CallFailed."""
    return (await _ask(job, TEXT, prompt, values or {}, **how))[0]


async def extract(job: Job, parse: Parse[T], prompt: str, values: Values | None = None, **how: Any) -> T:
    """The model's answer read by `parse`. `how`: see `samples`. Raises CallFailed."""
    return (await _ask(job, parse, prompt, values or {}, **how))[0]


async def samples(job: Job, n: int, prompt: str, values: Values | None = None, **how: Any) -> list[str]:
    """Up to n texts of one call; some may be equal. Raises CallFailed when none is fit.

    `how`: `role` (vlm), `see` (views or pictures; the whole image), `shots`, `band` (a text outside it is asked for
    again, then the nearest is taken), `tries`, and anything of Sampling.
    """
    return await _ask(job, TEXT, prompt, values or {}, n=n, **how)


async def _ask(
    job: Job,
    parse: Parse[T],
    prompt: str,
    values: Values,
    *,
    role: str = "vlm",
    see: Sequence[View | Picture] = WHOLE,
    shots: Sequence[Shot] = (),
    band: Band | None = None,
    tries: int = TRIES,
    **sampling: Any,
) -> list[T]:
    if unknown := sorted(set(sampling) - set(PARAMETERS)):
        raise UserError(f"{prompt}: {', '.join(unknown)}: not a sampling parameter; there are {', '.join(PARAMETERS)}")
    step = job.step("generate")
    step.prompt, step.given = job.prompt(prompt), tuple(texts_in(dict(values)))
    pictures = await job.pictures(see)
    turns = [turn for shot in shots for turn in _example(step.prompt.fill(shot.values), shot)]
    turns.append(Turn("user", (*pictures, step.prompt.fill(values))))
    best: list[_Fit[T]] = []
    for left in reversed(range(tries)):
        request = Request(role, tuple(turns), Sampling(**sampling), schema=parse.schema, choices=parse.choices)
        reply = await job.ask(step, request)
        fit, failures = _sorted(reply.choices, parse, band)
        best = fit if len(reply.choices) > 1 else sorted([*best, *fit], key=lambda each: abs(each.off))[:1]
        step.failed = [failure.status for failure in failures]
        wrong = _wrong(fit, failures)
        if not wrong or not left:
            break
        step.again.append(wrong)
        said = reply.choices[0].text[:LONGEST].strip() if reply.choices else ""
        turns += [Turn("assistant", (said or "…",)), Turn("user", (job.prompts[f"again/{wrong}"].text,))]
    if not best:
        raise step.fail(failures[0])
    step.said = tuple(texts_in([each.value for each in best]))
    step.off = best[0].off
    return [signed(each.value, step) for each in best]


def _example(question: str, shot: Shot) -> list[Turn]:
    return [Turn("user", (*shot.pictures, question)), Turn("assistant", (shot.answer,))]


def _sorted(choices: Sequence[Choice], parse: Parse[T], band: Band | None) -> tuple[list[_Fit[T]], list[CallFailed]]:
    fit, failures = [], [] if choices else [CallFailed("empty", "no answer")]
    for choice in choices:
        try:
            value = _read(choice, parse)
        except CallFailed as failed:
            failures.append(failed)
        else:
            fit.append(_Fit(value, band.off(str(value)) if band else 0.0))
    return fit, failures


def _read(choice: Choice, parse: Parse[T]) -> T:
    """The answer's value. Raises CallFailed with what is wrong with it."""
    if not choice.text.strip():
        raise CallFailed("empty", "a blank answer")
    if choice.finish == "length":
        raise CallFailed("truncated", f"cut off after {choice.text.strip()[-60:]!r}")
    if not parse.choices and is_refusal(choice.text):
        raise CallFailed("refusal", choice.text.strip()[:120])
    try:
        value = parse.read(choice.text)
    except Unparsable as error:
        raise CallFailed("parse_error", f"{error}: {choice.text.strip()[:120]!r}") from error
    if value == "":
        raise CallFailed("empty", "nothing but marks")
    return value


def _wrong(fit: Sequence[_Fit[T]], failures: Sequence[CallFailed]) -> str:
    """What to complain about, named like a prompt in again/; nothing when an answer is fit or nothing would help."""
    if fit:
        off = fit[0].off if len(fit) == 1 else 0
        return "too_long" if off > 0 else "too_short" if off < 0 else ""
    return failures[0].status if failures[0].status in MENDABLE else ""
