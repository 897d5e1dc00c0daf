"""The five stages of DetailCaps."""

from dataset_build.captions.calls import View
from dataset_build.captions.fuse import fused
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.regions import grid, pointed_out
from dataset_build.captions.scores.length import Band
from dataset_build.captions.split import clauses
from dataset_build.captions.verify import kept, yes_or_no

REGIONS = 6  # besides the four quarters, of which the paper's clusters are ten at the most
MERGED = Band(1, 300)


@recipe(
    roles=["vlm", "llm"],
    prompts=["recap/dense", "regions/objects", "recap/local", "verify/claim", "fuse/global_local"],
    bands={"caption": MERGED},
    steps="generate → regions → generate each → split → verify → fuse",
    calls="2 + B + C vlm, 1 llm, B ≤ 10 regions, C clauses",
    paper="DetailCaps / CAPTURE (arXiv 2405.19092)",
)
async def capture_five_stage(job: Job) -> Texts:
    """A description and captions of parts, phrase by phrase looked for in the image or the part, then merged.

    Quarters and the vision model's boxes stand in for SAM's segments, its yes or no for OWLv2. The unmerged
    description is kept.
    """
    whole = await generate(job, "recap/dense", max_tokens=512)
    regions = [*grid(2, 2), *await pointed_out(job, top=REGIONS)]
    views = [View(region.box) for region in regions]
    local = await job.together(
        *(generate(job, "recap/local", see=(view,), band=Band(1, 20), max_tokens=96) for view in views)
    )
    texts = [(whole, View()), *zip(local, views, strict=True)]
    verdicts = await job.together(*(yes_or_no(job, "verify/claim", clauses(text), see=(view,)) for text, view in texts))
    about_whole = kept(verdicts[0])
    about_parts = list(dict.fromkeys(unit for each in verdicts[1:] for unit in kept(each)))
    if not about_whole and not about_parts:
        return {"caption": "", "candidate": whole}
    values = {"whole": about_whole, "parts": about_parts}
    keep = " ".join(about_whole or about_parts)
    caption = await fused(job, "fuse/global_local", values, keep, band=MERGED, max_tokens=640)
    return {"caption": caption, "candidate": whole}
