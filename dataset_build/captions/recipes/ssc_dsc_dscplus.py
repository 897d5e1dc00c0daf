"""Captions of three lengths, and one fused with the alt text."""

from dataset_build.captions.fuse import fused, web_text
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.scores.length import Band

BANDS = {"ssc": Band(10, 15, "tokens"), "dsc": Band(40, 60, "tokens"), "dsc_plus": Band(100, 400, "tokens")}


@recipe(
    roles=["vlm", "llm"],
    needs=["alt_texts"],
    prompts=["recap/ssc", "recap/dsc", "recap/dsc_plus", "fuse/alt_dense"],
    variants=["dsc", "afc", "dsc_plus", "ssc"],
    bands=BANDS,
    steps="generate × 3 → fuse with alt text",
    calls="3 vlm, 1 llm where there is alt text",
    paper="Revisit Large-Scale Image-Caption Data (arXiv 2410.02740)",
)
async def ssc_dsc_dscplus(job: Job) -> Texts:
    """Short (10 to 15 tokens), dense (40 to 60) and very dense (over 100) captions, and dense fused with alt text.

    The paper trains a captioner for this; here a length outside its band is asked for again once. Tokens are estimated.
    """
    said = await job.variants(
        ssc=generate(job, "recap/ssc", band=BANDS["ssc"], max_tokens=64),
        dsc=generate(job, "recap/dsc", band=BANDS["dsc"], max_tokens=192),
        dsc_plus=generate(job, "recap/dsc_plus", band=BANDS["dsc_plus"], max_tokens=640),
    )
    dense, alt = said["dsc"], web_text(job)
    if alt and isinstance(dense, str):
        values = {"caption": dense, "alt_text": alt}
        said |= await job.variants(afc=fused(job, "fuse/alt_dense", values, dense, max_tokens=256))
    return said
