"""Image Textualization."""

from dataset_build.captions.boxes import area, where
from dataset_build.captions.edit import without
from dataset_build.captions.fuse import fused
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.regions import Region, pointed_out
from dataset_build.captions.split import objects
from dataset_build.captions.verify import dropped, kept, yes_or_no

SMALL, LARGE = 0.04, 0.25  # shares of the image's area


@recipe(
    roles=["vlm", "llm"],
    prompts=["recap/dense", "split/objects", "verify/object", "regions/objects", "textualize/recaption"],
    steps="generate → split objects → verify each → regions → verify each → rewrite",
    calls="2 + O + B vlm, 2 llm, O objects, B regions",
    paper="Image Textualization (arXiv 2406.07502)",
)
async def image_textualization(job: Job) -> Texts:
    """A description without the things that can't be found, with place and size of those that can.

    Yes or no of the vision model stands in for Grounding DINO, its boxes for GRiT's; depth is not estimated. What was
    not found is cut even where the language model leaves it in.
    """
    text = await generate(job, "recap/dense", max_tokens=512)
    not_found = dropped(await yes_or_no(job, "verify/object", await objects(job, text)))
    regions = await pointed_out(job)
    seen = kept(await yes_or_no(job, "verify/object", list(dict.fromkeys(region.label for region in regions))))
    found = [_told(region) for region in regions if region.label in seen]
    values = {"caption": text, "not_found": not_found, "found": found}
    absent = [each for each in not_found if each not in seen]
    caption = await fused(job, "textualize/recaption", values, without(text, absent), max_tokens=768)
    return {"caption": without(caption, absent), "candidate": text}


def _told(region: Region) -> str:
    share = area(region.box)
    size = "small" if share < SMALL else "large" if share > LARGE else "of middle size"
    return f"{region.label}: {size}, {where(region.box)}"
