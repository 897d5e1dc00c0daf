"""The best of several captioners."""

from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.score import shown
from dataset_build.captions.select import best


@recipe(
    roles=["vlm", "vlm2", "vlm3"],
    prompts=["recap/describe", "verify/shows"],
    steps="generate × 3 models → score → max",
    calls="4 vlm, 1 vlm2, 1 vlm3",
    paper="Panda-70M (arXiv 2402.19479), for images",
)
async def best_of_teachers(job: Job) -> Texts:
    """Three captioners, and the caption that the image shows best by VQAScore. The paper trains a selector."""
    roles = ("vlm", "vlm2", "vlm3")
    said = await job.together(*(generate(job, "recap/describe", role=role) for role in roles))
    texts = sorted(set(said))
    chosen = best(texts, await shown(job, texts))
    return {"caption": chosen, "candidate": [text for text in texts if text != chosen]}
