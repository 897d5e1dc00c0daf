"""Patch Matters."""

from pydantic import BaseModel

from dataset_build.captions.boxes import WHOLE, overlap, where
from dataset_build.captions.calls import View
from dataset_build.captions.fuse import fused
from dataset_build.captions.generate import extract, samples
from dataset_build.captions.job import Job
from dataset_build.captions.parse import json_of
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.regions import Region, grid, pointed_out
from dataset_build.captions.score import shown
from dataset_build.captions.select import at_least, top

SAMPLES = 3
LEAST_SCORE = 0.3
WHOLE_ENOUGH = 0.4  # overlap with the image from which the main box adds nothing


class Sorted(BaseModel):
    """Statements of several descriptions of one part."""

    same: list[str] = []
    contradictory: list[list[str]] = []
    unique: list[str] = []


@recipe(
    roles=["vlm", "llm"],
    prompts=[
        "recap/dense", "regions/objects", "patch/sort_claims", "verify/shows", "patch/merge_region", "patch/merge_all"
    ],
    steps="regions → generate × 3 samples each → sort claims → score → merge each → merge all",
    calls="2 + B + C vlm, 2 B + 3 llm, B ≤ 5 regions, C doubtful claims",
    paper="Patch Matters (CVPR 2025)",
)  # fmt: skip
async def patch_matters(job: Job) -> Texts:
    """The whole, its quarters and its main object, three samples each; what samples don't share must be seen.

    Statements that all samples share are taken as they are; of contradictory ones the best is taken, if it scores at
    least 0.3, and unique ones likewise. VQAScore stands in for BLIP's, the vision model's box for a detector's.
    """
    main = [each for each in await pointed_out(job, top=1) if overlap(each.box, WHOLE) <= WHOLE_ENOUGH]
    regions = [Region(WHOLE), *grid(2, 2), *main]
    said = await job.together(*(_described(job, region) for region in regions))
    whole, *parts = said
    lie = [f"{where(region.box)}: {text}" for region, text in zip(regions[1:], parts, strict=True) if text]
    keep = whole or " ".join(parts)
    if not keep.strip():
        return {"caption": ""}
    values = {"whole": whole, "parts": lie}
    caption = await fused(job, "patch/merge_all", values, keep, temperature=0.2, max_tokens=768)
    return {"caption": caption, "part": [text for text in parts if text]}


async def _described(job: Job, region: Region) -> str:
    """One text about a region from its samples; '' when nothing in them holds."""
    view = View() if region.box == WHOLE else View(region.box)
    warm = 0.2 if region.box == WHOLE else 0.7
    texts = await samples(job, SAMPLES, "recap/dense", see=(view,), temperature=warm, max_tokens=384)
    if len(set(texts)) == 1:
        return texts[0]
    sort = await extract(
        job, json_of(Sorted), "patch/sort_claims", {"captions": texts}, role="llm", see=(), max_tokens=1024
    )
    claims = [*sort.same, *await _held(job, sort, view)]
    if not claims:
        return ""
    return await fused(job, "patch/merge_region", {"claims": claims}, " ".join(claims), temperature=0.6)


async def _held(job: Job, sort: Sorted, view: View) -> list[str]:
    """The unique statements that score enough, and the best of each set of contradictory ones if it does."""
    doubtful = list(dict.fromkeys([*sort.unique, *(claim for each in sort.contradictory for claim in each)]))
    scores = dict(zip(doubtful, await shown(job, doubtful, see=(view,)), strict=True))
    winners = [top(each, [scores[claim] for claim in each], 1) for each in sort.contradictory if each]
    left = [*sort.unique, *(claim for each in winners for claim in each)]
    return at_least(left, [scores[claim] for claim in left], LEAST_SCORE)
