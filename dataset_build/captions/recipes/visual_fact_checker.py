"""VisualFactChecker."""

from dataset_build.captions.edit import without
from dataset_build.captions.fuse import fused
from dataset_build.captions.generate import extract, generate
from dataset_build.captions.job import Job
from dataset_build.captions.parse import LINES
from dataset_build.captions.prompts import Values
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.split import objects
from dataset_build.captions.verify import answers, dropped, yes_or_no

QUESTIONS = 5


@recipe(
    roles=["vlm", "vlm2", "llm"],
    prompts=[
        "recap/dense", "vfc/questions", "vfc/answer", "split/objects", "verify/object", "vfc/correct"
    ],
    steps="generate × 2 models → questions → answers; objects → verify; correct",
    calls="1 + 10 + O vlm, 1 vlm2, 5 llm, O objects",
    paper="VisualFactChecker (arXiv 2404.19752)",
)  # fmt: skip
async def visual_fact_checker(job: Job) -> Texts:
    """Two descriptions, questions about each, the objects of both looked for, and a text that follows the findings.

    Yes or no of the vision model stands in for the paper's detector, and objects are taken from both descriptions, not
    from a summary. What was not found is cut even where the language model leaves it in. Both descriptions are kept.
    """
    proposals = await job.together(
        *(generate(job, "recap/dense", role=each, max_tokens=512) for each in ("vlm", "vlm2"))
    )
    asked = await job.together(*(_questions(job, each) for each in proposals))
    questions = list(dict.fromkeys(question for each in asked for question in each))
    replies = await answers(job, "vfc/answer", questions, max_tokens=64)
    named = await job.together(*(objects(job, each) for each in proposals))
    units = list(dict.fromkeys(name for each in named for name in each))
    not_found = dropped(await yes_or_no(job, "verify/object", units))
    findings = [f"{question} {reply}" for question, reply in zip(questions, replies, strict=True)]
    values = {"captions": proposals, "answers": findings, "not_found": not_found}
    keep = without(proposals[0], not_found)
    caption = await fused(job, "vfc/correct", values, keep, max_tokens=768)
    return {"caption": without(caption, not_found), "candidate": proposals}


async def _questions(job: Job, text: str) -> list[str]:
    values: Values = {"caption": text, "count": QUESTIONS}
    return (await extract(job, LINES, "vfc/questions", values, role="llm", see=()))[:QUESTIONS]
