"""Parts of an image to look at: a grid, its text, or what a vision model points out."""

from dataclasses import dataclass

from pydantic import BaseModel

from dataset_build.captions.boxes import area, clipped, merged, overlap
from dataset_build.captions.calls import Box, CallFailed
from dataset_build.captions.generate import extract
from dataset_build.captions.job import Job
from dataset_build.captions.parse import json_of
from dataset_build.captions.prompts import Values

SCALE = 1000  # models are asked for thousandths of width and height


@dataclass(frozen=True)
class Region:
    """A part of the image and what it shows, in a word or two; empty where nobody said."""

    box: Box
    label: str = ""


class Pointed(BaseModel):
    """One thing that a model points out; numbers in thousandths, from the upper left."""

    label: str
    box: list[float]


class AllPointed(BaseModel):
    """What a model points out."""

    objects: list[Pointed]


def grid(rows: int, columns: int) -> list[Region]:
    """Equal parts, row by row."""
    return [
        Region((column / columns, row / rows, (column + 1) / columns, (row + 1) / rows))
        for row in range(rows)
        for column in range(columns)
    ]


def text_lines(job: Job, threshold: float = 0.0) -> list[Region]:
    """The lines of text that were detected before; those that overlap by more than `threshold` as one."""
    return [Region(box, "text") for box in merged(job.subject.text_boxes, threshold)]


async def pointed_out(
    job: Job,
    prompt: str = "regions/objects",
    values: Values | None = None,
    *,
    top: int = 10,
    least: float = 0.001,
    same: float = 0.5,
) -> list[Region]:
    """What a vision model points out, in place of a detector: at most `top` regions, the largest first.

    Regions of less than `least` of the image are left out, and of two that overlap by more than `same` (IoU) and
    have one label, the smaller. No answer that can be read means no regions.
    """
    step = job.step("regions")
    try:
        found = (await extract(job, json_of(AllPointed), prompt, values, max_tokens=1024)).objects
    except CallFailed as failed:
        if failed.status != "parse_error":
            raise
        found = []
    regions = [
        Region(box, " ".join(each.label.split()))
        for each in found
        if (box := clipped([number / SCALE for number in each.box])) and area(box) >= least
    ]
    kept: list[Region] = []
    for region in sorted(regions, key=lambda region: (-area(region.box), region.box, region.label)):
        if not any(region.label == other.label and overlap(region.box, other.box) > same for other in kept):
            kept.append(region)
    step.notes["boxes"] = [[each.label, *each.box] for each in kept[:top]]
    return kept[:top]
