"""VeCLIP."""

from dataset_build.captions.fuse import fused, web_text
from dataset_build.captions.generate import extract
from dataset_build.captions.job import Job
from dataset_build.captions.parse import LINES
from dataset_build.captions.recipe import Texts, recipe


@recipe(
    roles=["vlm", "llm"],
    needs=["alt_texts"],
    prompts=["recap/concepts", "fuse/concepts_alt"],
    steps="generate concepts → fuse with alt text → check",
    calls="1 vlm, 1 llm",
    paper="VeCLIP (arXiv 2310.07699)",
)
async def vecap(job: Job) -> Texts:
    """What is seen, as a list, fused with the alt text."""
    concepts = await extract(job, LINES, "recap/concepts")
    values = {"concepts": concepts, "alt_text": web_text(job)}
    return {"caption": await fused(job, "fuse/concepts_alt", values, ", ".join(concepts))}
