"""Whether units of a text hold: asked as yes or no, as questions, or told by log-probabilities without the image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataset_build.captions.calls import Picture, Reply, Request, Sampling, Token, Turn, View
from dataset_build.captions.generate import WHOLE, generate
from dataset_build.captions.job import Job, Step
from dataset_build.captions.parse import Unparsable
from dataset_build.captions.prompts import Values
from dataset_build.captions.scores.vqascore import YES_OR_NO, p_yes
from dataset_build.captions.scores.words import content_words

ALTERNATIVES = 20  # log-probabilities asked for per token: vLLM's limit by default


@dataclass(frozen=True)
class Verdict:
    """Whether a unit holds; None: nobody can say. `p` is the probability of yes, or the gap; `note` what was odd."""

    unit: str
    holds: bool | None
    p: float | None = None
    note: str = ""


def kept(verdicts: Sequence[Verdict]) -> list[str]:
    """The units that hold."""
    return [verdict.unit for verdict in verdicts if verdict.holds]


def dropped(verdicts: Sequence[Verdict]) -> list[str]:
    """The units that do not hold, or about which nobody can say."""
    return [verdict.unit for verdict in verdicts if not verdict.holds]


async def yes_or_no(
    job: Job,
    prompt: str,
    units: Sequence[str],
    values: Values | None = None,
    *,
    role: str = "vlm",
    see: Sequence[View | Picture] = WHOLE,
    threshold: float = 0.5,
) -> list[Verdict]:
    """For each unit, put into the prompt as $unit, whether yes has at least probability `threshold`."""
    step = job.step("verify")
    step.prompt = job.prompt(prompt)
    pictures = await job.pictures(see)
    turns = [Turn("user", (*pictures, step.prompt.fill({**(values or {}), "unit": unit}))) for unit in units]
    calls = (_one(job, step, role, turn, unit, threshold) for turn, unit in zip(turns, units, strict=True))
    return _noted(step, await job.together(*calls))


async def answers(job: Job, prompt: str, questions: Sequence[str], **how: Any) -> list[str]:
    """The model's answer to each question, put into the prompt as $question. `how`: see generate.samples."""
    return await job.together(*(generate(job, prompt, {"question": each}, **how) for each in questions))


async def seen_by_gap(
    job: Job, prompt: str, text: str, units: Sequence[str], *, role: str = "vlm", threshold: float = 0.0
) -> list[Verdict]:
    """Which units of a text rest on the image: some content word is likelier with the image than without it.

    The text stands as the model's own answer to the prompt, once with the image and once without; the gap of a word
    is the difference of its log-probabilities (ScaleCap). Two calls, whatever the number of units.
    """
    step = job.step("verify_by_gap")
    step.prompt, step.given = job.prompt(prompt), (text,)
    pictures = await job.pictures(WHOLE)
    seen, unseen = await job.together(*(_forced(job, step, role, each, text) for each in (pictures, [])))
    return _noted(step, [_gap(unit, span, seen, unseen, threshold) for unit, span in _spans(text, units)])


async def _one(job: Job, step: Step, role: str, turn: Turn, unit: str, threshold: float) -> Verdict:
    sampling = Sampling(max_tokens=4)
    reply = await job.ask(step, Request(role, (turn,), sampling, choices=YES_OR_NO.choices, logprobs=ALTERNATIVES))
    try:
        p, note = p_yes(reply.choices[0])
    except (Unparsable, IndexError):
        return Verdict(unit, None, None, "no_answer")
    return Verdict(unit, p >= threshold, p, note)


def _noted(step: Step, verdicts: list[Verdict]) -> list[Verdict]:
    step.notes["verdicts"] = [[each.unit, each.holds, each.p, *filter(None, [each.note])] for each in verdicts]
    return verdicts


async def _forced(job: Job, step: Step, role: str, pictures: Sequence[Picture], text: str) -> list[tuple[int, Token]]:
    """The tokens of the text with where each begins in it; none when they can't be found in the prompt's."""
    assert step.prompt
    turns = (Turn("user", (*pictures, step.prompt.fill({}))), Turn("assistant", (text,)))
    return aligned(await job.ask(step, Request(role, turns, Sampling(max_tokens=1), prompt_logprobs=True)), text)


def aligned(reply: Reply, text: str) -> list[tuple[int, Token]]:
    """The tokens of the prompt that spell `text`, its last occurrence, with where each begins in it; [] without any."""
    start = "".join(token.text for token in reply.prompt).rfind(text)
    found, at = [], 0
    for token in reply.prompt:
        if start >= 0 and start <= at + len(token.text) - 1 and at < start + len(text):
            found.append((max(at - start, 0), token))
        at += len(token.text)
    return found


def _spans(text: str, units: Sequence[str]) -> list[tuple[str, tuple[int, int]]]:
    """Each unit with where it stands in the text; (-1, -1) where it doesn't."""
    spans, at = [], 0
    for unit in units:
        start = text.find(unit, at)
        start = start if start >= 0 else text.find(unit)
        end = start + len(unit) if start >= 0 else -1
        spans.append((unit, (start, end)))
        at = max(at, end)
    return spans


def _gap(
    unit: str,
    span: tuple[int, int],
    seen: Sequence[tuple[int, Token]],
    unseen: Sequence[tuple[int, Token]],
    threshold: float,
) -> Verdict:
    if [token.text for _, token in seen] != [token.text for _, token in unseen] or not seen:
        return Verdict(unit, None, None, "not_aligned")
    gaps = [
        with_image.logprob - without.logprob
        for (at, with_image), (_, without) in zip(seen, unseen, strict=True)
        if span[0] <= at < span[1] and content_words(with_image.text)
    ]
    return Verdict(unit, max(gaps) > threshold, max(gaps)) if gaps else Verdict(unit, None, None, "no_content")
