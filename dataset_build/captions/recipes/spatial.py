"""SPRIGHT."""

from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.split import sentences
from dataset_build.fingerprint import digest


@recipe(
    prompts=["recap/long", "recap/spatial"],
    variants=["spatial", "general"],
    steps="generate × 2 → split → select",
    calls="2 vlm",
    paper="SPRIGHT (arXiv 2404.01197)",
)
async def spatial(job: Job) -> Texts:
    """A general caption, one of how things lie to each other, and one sentence of the latter drawn by image id."""
    general, relations = await job.together(generate(job, "recap/long"), generate(job, "recap/spatial", max_tokens=384))
    parts = sentences(relations)
    drawn = parts[int(digest(job.subject.image_id)[:8], 16) % len(parts)]
    return {"spatial": relations, "general": general, "spatial_short": drawn}
