"""Where in the image its tags are."""

import json

from dataset_build.captions.arrange import spoken
from dataset_build.captions.calls import View
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.regions import Region, pointed_out
from dataset_build.captions.verify import Verdict, yes_or_no

POINTED = ("general", "character", "species")


@recipe(
    needs=["tags"],
    prompts=["regions/one", "verify/tag"],
    variants=[],
    steps="regions per tag → verify on the crop",
    calls="up to 2 T vlm, T tags",
    paper="Correct Captions are All you Need (2023), pointing out tags",
)
async def point_tags(job: Job) -> Texts:
    """For each tag that can be found the box of it, as JSON with tag, box, score; never shown as a caption.

    The vision model's box stands in for a detector's, and is kept when the model sees the tag in that part alone.
    """
    tags = {spoken(tag): tag for tag, category in job.subject.tags if category in POINTED}
    found = await job.together(*(pointed_out(job, "regions/one", {"thing": each}, top=1) for each in tags))
    there = [(words, regions[0]) for words, regions in zip(tags, found, strict=True) if regions]
    verdicts = await job.together(*(_seen(job, words, region) for words, region in there))
    kept = [(each, region) for each, (_, region) in zip(verdicts, there, strict=True) if each.holds]
    rows = [{"tag": tags[each.unit], "box": list(region.box), "score": each.p} for each, region in kept]
    return {"tag_region": [json.dumps(row, ensure_ascii=False) for row in rows]}


async def _seen(job: Job, words: str, region: Region) -> Verdict:
    return (await yes_or_no(job, "verify/tag", [words], see=(View(region.box),)))[0]
