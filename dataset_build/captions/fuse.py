"""One text from several by a language model, checked against what it was given."""

import re
from typing import Any

from dataset_build.captions.calls import TRANSIENT, CallFailed
from dataset_build.captions.edit import shortened
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.parse import texts_in
from dataset_build.captions.prompts import Values
from dataset_build.captions.scores.names import invented, retained

LEAST_RETAINED = 0.25  # of the content words of the text that is to be kept; paraphrase takes the rest
MOST_WEB_TEXT = 200  # tokens of a text from the web: CapsFusion cuts its whole prompt to 256
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|system)"
    r"|\byou (?:are|must) now\b|\bsystem prompt\b|\bas an ai\b",
    re.IGNORECASE | re.DOTALL,
)


def web_text(job: Job) -> str:
    """The longest of the image's alt texts, cut to a bearable length; '' without any.

    Texts that speak to a model instead of describing are left out, and the trace tells.
    """
    texts = [" ".join(text.split()) for text in job.subject.alt_texts]
    orders = [text for text in texts if _ORDER.search(text)]
    if orders:
        job.step("left_out", alt_texts=orders)
    fit = (text for text in texts if text and text not in orders)
    return shortened(next(fit, ""), MOST_WEB_TEXT)


async def fused(job: Job, prompt: str, values: Values, keep: str, **how: Any) -> str:
    """The fused text, or `keep`, one of the texts given, when the model did not fuse.

    It did not when its answer is unfit, or says a name or number that no given text has, or hardly a word of `keep`:
    it then followed something else than the prompt. Raises CallFailed when another attempt may succeed.
    """
    try:
        text = await generate(job, prompt, values, role="llm", see=(), **how)
    except CallFailed as failure:
        if failure.status in TRANSIENT:
            raise
        job.step("check", failed=failure.status, took=keep)
        return keep
    new, share = invented(text, texts_in(dict(values))), retained(text, keep)
    good = not new and share >= LEAST_RETAINED
    job.step("check", invented=new, retained=share, **({} if good else {"took": keep}))
    return text if good else keep
