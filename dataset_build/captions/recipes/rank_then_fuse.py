"""The two best of several captioners, fused."""

from dataset_build.captions.fuse import fused
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.score import shown
from dataset_build.captions.select import top


@recipe(
    roles=["vlm", "vlm2", "vlm3", "llm"],
    prompts=["recap/describe", "verify/shows", "fuse/two"],
    steps="generate × 3 models → score → top 2 → fuse → check",
    calls="4 vlm, 1 vlm2, 1 vlm3, 1 llm",
    paper="caption fusion by language models with ranking (arXiv 2306.11593)",
)
async def rank_then_fuse(job: Job) -> Texts:
    """Three captioners, the two captions that the image shows best by VQAScore, fused. The paper ranks by BLIP."""
    roles = ("vlm", "vlm2", "vlm3")
    said = await job.together(*(generate(job, "recap/describe", role=role) for role in roles))
    texts = sorted(set(said))
    two = top(texts, await shown(job, texts), 2)
    caption = two[0] if len(two) == 1 else await fused(job, "fuse/two", {"captions": two}, two[0])
    return {"caption": caption, "candidate": [text for text in texts if text != caption]}
