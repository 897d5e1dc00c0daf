"""DALL-E 3 and RECAP."""

from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.scores.length import Band

CLIP = Band(1, 77, "tokens")


@recipe(
    prompts=["recap/short", "recap/long"],
    variants=["long", "short"],
    bands={"long": CLIP, "short": CLIP},
    steps="generate × 2",
    calls="2 vlm",
    paper="DALL-E 3 (Betker et al. 2023), RECAP (arXiv 2310.16656)",
)
async def short_and_long(job: Job) -> Texts:
    """The main subject in a sentence, and everything in 77 tokens at the most. Tokens are estimated."""
    return await job.variants(
        long=generate(job, "recap/long", band=CLIP), short=generate(job, "recap/short", band=CLIP, max_tokens=64)
    )
