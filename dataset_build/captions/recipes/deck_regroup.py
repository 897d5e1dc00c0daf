"""The deck's tags by object."""

from dataset_build.captions.arrange import arranged, as_text, grouped
from dataset_build.captions.calls import View
from dataset_build.captions.generate import extract, generate
from dataset_build.captions.job import Job
from dataset_build.captions.parse import TAGS
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.regions import pointed_out


@recipe(
    roles=["vlm", "tagger"],
    needs=["tags"],
    prompts=["regions/objects", "deck/tagger", "deck/crop", "deck/whole", "deck/visible_text"],
    steps="regions → tag each → group → generate each → generate whole → generate text",
    calls="B + 3 vlm, B tagger, B regions ≤ 6",
    paper="Correct Captions are All you Need (2023), tags cut out and tagged again",
)
async def deck_regroup(job: Job) -> Texts:
    """Tags of the image that a tagger sees in a part belong to that part, the rest to the scene; then part by part.

    The vision model's boxes stand in for a detector of persons, and `tagger` picks among the image's tags.
    """
    tags = [tag for tag in arranged(job.subject.tags) if tag[1] != "meta"]
    regions = await pointed_out(job, top=6)
    crops = [(View(region.box),) for region in regions]
    names = [tag for tag, _ in tags]
    seen = await job.together(
        *(extract(job, TAGS, "deck/tagger", {"tags": names}, role="tagger", see=crop) for crop in crops)
    )
    groups, scene = grouped(tags, seen)
    said = [as_text({"tags": group}) for group in groups]
    parts = await job.together(
        *(generate(job, "deck/crop", {"tags": each}, see=crop) for each, crop in zip(said, crops, strict=True))
    )
    titles = [f"{number}, {region.label}" for number, region in enumerate(regions, 1)]
    by_object = as_text({**dict(zip(titles, groups, strict=True)), "scene": scene})
    whole, text = await job.together(
        generate(job, "deck/whole", {"groups": by_object, "parts": parts}, max_tokens=1024),
        generate(job, "deck/visible_text"),
    )
    readable = text if text.strip(" .").lower() != "none" else []
    return {"caption": whole, "part": parts, "visible_text": readable}
