"""Choose among texts: by score, or by a judge whose liking for a place is checked. Order never matters."""

import hashlib
from collections.abc import Sequence

from dataset_build.captions.generate import WHOLE, extract
from dataset_build.captions.job import Job
from dataset_build.captions.parse import choice
from dataset_build.captions.prompts import Values

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def top(texts: Sequence[str], scores: Sequence[float], k: int) -> list[str]:
    """The k best, the best first; ties in the order of the texts themselves."""
    ranked = sorted(zip(texts, scores, strict=True), key=lambda each: (-each[1], each[0]))
    return [text for text, _ in ranked[:k]]


def best(texts: Sequence[str], scores: Sequence[float]) -> str:
    """The best of at least one."""
    return top(texts, scores, 1)[0]


def at_least(texts: Sequence[str], scores: Sequence[float], threshold: float) -> list[str]:
    """Those that reach the threshold, in order."""
    return [text for text, score in zip(texts, scores, strict=True) if score >= threshold]


async def judged(
    job: Job, texts: Sequence[str], prompt: str, values: Values | None = None, *, role: str = "judge"
) -> str:
    """The text that a judge prefers, who sees the image and the texts in one order, then in the opposite one.

    The order is drawn from the texts and the image. A judge who does not choose the same text twice is no judge: the
    first in that order is taken, and the trace says `consistent: false`.
    """
    shuffled = sorted(set(texts), key=lambda text: _draw(job.subject.image_id, text))[: len(LETTERS)]
    if len(shuffled) == 1:
        return shuffled[0]
    step = job.step("select")
    picks = await job.together(
        _pick(job, shuffled, prompt, values or {}, role), _pick(job, shuffled[::-1], prompt, values or {}, role)
    )
    step.notes["consistent"] = picks[0] == picks[1]
    chosen = picks[0] if picks[0] == picks[1] else shuffled[0]
    step.notes["chosen"] = chosen
    return chosen


async def _pick(job: Job, texts: Sequence[str], prompt: str, values: Values, role: str) -> str:
    letters = LETTERS[: len(texts)]
    candidates = {"candidates": dict(zip(letters, texts, strict=True))}
    letter = await extract(job, choice(*letters), prompt, {**values, **candidates}, role=role, see=WHOLE, max_tokens=4)
    return texts[letters.index(letter)]


def _draw(seed: str, text: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()
