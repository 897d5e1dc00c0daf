"""CapsFusion."""

from dataset_build.captions.fuse import fused, web_text
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe


@recipe(
    roles=["vlm", "llm"],
    needs=["alt_texts"],
    prompts=["recap/short", "fuse/capsfusion"],
    steps="generate → fuse with alt text → check",
    calls="1 vlm, 1 llm where there is alt text",
    paper="CapsFusion (arXiv 2310.20550)",
)
async def capsfusion(job: Job) -> Texts:
    """A short caption fused with the raw text from the web. Without alt text the short caption stands.

    The raw text alone is cut to fit, as there. A language model is asked instead of the paper's own fine-tuned one.
    """
    synthetic, raw = await generate(job, "recap/short", max_tokens=64), web_text(job)
    if not raw:
        return {"caption": synthetic}
    values = {"raw_text": raw, "synthetic_text": synthetic}
    caption = await fused(job, "fuse/capsfusion", values, synthetic, max_tokens=128)
    return {"caption": caption, "synthetic": synthetic}
