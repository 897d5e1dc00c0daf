"""ScaleCap."""

from dataset_build.captions.fuse import fused
from dataset_build.captions.generate import extract, generate
from dataset_build.captions.job import Job
from dataset_build.captions.parse import LINES
from dataset_build.captions.prompts import Values
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.split import clauses
from dataset_build.captions.verify import answers, seen_by_gap

QUESTIONS = 20  # the budget: more of them ask about more of the objects


@recipe(
    roles=["vlm", "llm"],
    prompts=[
        "recap/dense", "scalecap/ask", "scalecap/answer", "scalecap/position", "scalecap/objects",
        "scalecap/positions", "scalecap/merge",
    ],
    steps="generate → split → verify by log-probability gap → ask → answer × 2 → summarise × 2 → merge",
    calls="3 + 2 Q vlm, 4 llm, Q ≤ 20 questions",
    paper="ScaleCap (arXiv 2506.19848)",
)  # fmt: skip
async def scalecap(job: Job) -> Texts:
    """Clauses that the image makes likelier are kept, their objects asked about, and all of it merged.

    Content words are those that are not small words, in place of a part-of-speech tagger. Clauses about which the
    server's log-probabilities say nothing are kept. The paper's second filter is left out.
    """
    text = await generate(job, "recap/dense", max_tokens=1024)
    verdicts = await seen_by_gap(job, "recap/dense", text, clauses(text))
    golden = [verdict.unit for verdict in verdicts if verdict.holds is not False]
    if not golden:
        return {"caption": "", "candidate": text}
    about: Values = {"statements": golden, "count": QUESTIONS}
    asked = await extract(job, LINES, "scalecap/ask", about, role="llm", see=())
    questions = list(dict.fromkeys(asked))[:QUESTIONS]
    details, places = await job.together(
        answers(job, "scalecap/answer", questions, max_tokens=512),
        answers(job, "scalecap/position", questions, max_tokens=512),
    )
    objects, positions = await job.together(
        _summary(job, "scalecap/objects", details), _summary(job, "scalecap/positions", places)
    )
    values: Values = {"statements": golden, "objects": objects, "positions": positions}
    keep = " ".join(golden)
    caption = await fused(job, "scalecap/merge", values, keep, max_tokens=4096, repetition_penalty=1.05)
    return {"caption": caption, "candidate": text}


async def _summary(job: Job, prompt: str, details: list[str]) -> str:
    return await fused(job, prompt, {"details": details}, " ".join(details), max_tokens=1024)
