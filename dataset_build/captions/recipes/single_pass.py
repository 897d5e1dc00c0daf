"""Recap-DataComp-1B."""

from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe


@recipe(
    prompts=["recap/describe"],
    steps="generate",
    calls="1 vlm",
    paper="Recap-DataComp-1B (arXiv 2406.08478)",
)
async def single_pass(job: Job) -> Texts:
    """One greedy description. The paper cuts it at 128 tokens; here 256 are allowed, and a cut one is a failure."""
    return {"caption": await generate(job, "recap/describe", max_tokens=256)}
