"""What a caption's trace tells of it: tags that a model did not see in the picture, and whether it saw the caption."""

import json
from collections.abc import Iterable
from typing import Any

from dataset_build.captions.arrange import spoken
from dataset_build.captions.job import short

TAG, SHOWS = "verify/tag", "verify/shows"  # prompts


def rejected_tags(trace: str | None, tags: Iterable[str]) -> list[str]:
    """The tags that a recipe asked the picture about, and heard that they are not there."""
    absent = {unit for unit, holds, *_ in _verdicts(trace, TAG) if holds is False}
    return [tag for tag in tags if short(spoken(tag)) in absent] if absent else []


def vqascore(trace: str | None, caption: str) -> float | None:
    """Probability of yes to whether the picture shows the caption (VQAScore); None where its recipe did not ask."""
    asked = {unit: p for unit, _, p, *_ in _verdicts(trace, SHOWS) if p is not None}
    return asked.get(short(caption)) if asked else None


def _verdicts(trace: str | None, prompt: str) -> list[Any]:
    """[unit, holds, p] of every unit that the prompt was put for; lists that a trace cut short end with a text."""
    if not trace or f'"{prompt}"' not in trace:
        return []
    steps = [step for step in json.loads(trace) if step.get("prompt") == prompt]
    return [each for step in steps for each in step.get("verdicts", ()) if isinstance(each, list)]
