"""DreamLIP."""

from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.split import sentences


@recipe(
    roles=["vlm", "vlm2"],
    prompts=["recap/dense", "recap/short"],
    variants=["long", "short"],
    steps="generate × 4 → split",
    calls="2 vlm, 2 vlm2",
    paper="DreamLIP (arXiv 2403.17007)",
)
async def dreamlip(job: Job) -> Texts:
    """Long and short captions of two models, and the sentences of the long ones as captions of their own.

    The paper uses three models. How many sentences an image gives to a training step is chosen at export.
    """
    long, long2, short, short2 = await job.together(
        generate(job, "recap/dense", max_tokens=512),
        generate(job, "recap/dense", role="vlm2", max_tokens=512),
        generate(job, "recap/short", max_tokens=64),
        generate(job, "recap/short", role="vlm2", max_tokens=64),
    )
    parts = dict.fromkeys([*sentences(long), *sentences(long2)])
    return {"long": [long, long2], "short": [short, short2], "sub": list(parts)}
