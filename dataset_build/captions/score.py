"""Scores of texts against the image by a vision model; no embedder is asked."""

from collections.abc import Sequence

from dataset_build.captions.calls import Picture, View
from dataset_build.captions.generate import WHOLE, extract
from dataset_build.captions.job import Job
from dataset_build.captions.parse import number
from dataset_build.captions.prompts import Values
from dataset_build.captions.verify import yes_or_no


async def shown(
    job: Job, texts: Sequence[str], prompt: str = "verify/shows", *, see: Sequence[View | Picture] = WHOLE
) -> list[float]:
    """For each text the probability of yes to whether the image shows it (VQAScore); 0 where nothing was answered."""
    return [verdict.p or 0.0 for verdict in await yes_or_no(job, prompt, texts, see=see)]


async def rated(job: Job, text: str, prompt: str, *, low: int, high: int, role: str = "judge") -> int:
    """The model's mark for the text, put into the prompt as $text. Raises CallFailed."""
    values: Values = {"text": text, "low": low, "high": high}
    return await extract(job, number(low, high), prompt, values, role=role, max_tokens=8)
