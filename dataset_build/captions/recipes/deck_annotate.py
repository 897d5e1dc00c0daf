"""The deck's annotation as JSON: with tags, without, and with tags that were looked at first."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from dataset_build.captions.arrange import arranged, spoken
from dataset_build.captions.calls import CallFailed
from dataset_build.captions.generate import extract
from dataset_build.captions.job import Job
from dataset_build.captions.parse import json_of
from dataset_build.captions.prompts import Values
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.verify import kept, yes_or_no
from dataset_build.tags.fold import fold
from dataset_build.tags.tagtext import render

PAPER = "Correct Captions are All you Need (2023)"
CHECKED = ("general", "species")  # names of characters, works and artists can't be told from the picture alone
RATINGS = ("SAFE", "QUESTIONABLE", "EXPLICIT")


def _rating(value: object) -> str:
    """Whatever is not one of the three counts as the strictest."""
    said = str(value).strip().upper()
    return said if said in RATINGS else RATINGS[-1]


def _tags(value: object) -> list[str]:
    """A list, or a text with commas: models give both."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [tag for tag in (fold(str(part)) for part in parts) if tag]


class Annotation(BaseModel):
    """What the model is to answer."""

    RESPONSE: str
    RATING: Annotated[str, BeforeValidator(_rating)] = RATINGS[-1]
    ADDITIONAL_TAGS: Annotated[list[str], BeforeValidator(_tags)] = []


@recipe(needs=["tags"], prompts=["deck/with_tags"], steps="generate", calls="1 vlm", paper=PAPER)
async def deck_with_tags(job: Job) -> Texts:
    """A caption in which the given tags are joined into sentences. A rating and further tags stand in the trace.

    The answer PHOTO means that the recipe, made for illustrations, does not apply: status rejected_image.
    """
    return await _annotated(job, "deck/with_tags", {"tags": render(arranged(job.subject.tags))})


@recipe(prompts=["deck/no_tags"], steps="generate", calls="1 vlm", paper=PAPER)
async def deck_no_tags(job: Job) -> Texts:
    """The same without tags."""
    return await _annotated(job, "deck/no_tags", {})


@recipe(
    needs=["tags"],
    prompts=["verify/tag", "deck/with_tags"],
    steps="verify each tag → generate",
    calls="T + 1 vlm, T tags",
    paper=PAPER,
)
async def deck_tags_verified(job: Job) -> Texts:
    """deck_with_tags with the general tags and species that fit the picture; names stand unchecked."""
    checked = {tag: spoken(tag) for tag, category in job.subject.tags if category in CHECKED}
    fit = set(kept(await yes_or_no(job, "verify/tag", list(checked.values()))))
    tags = [tag for tag in job.subject.tags if tag[0] not in checked or checked[tag[0]] in fit]
    return await _annotated(job, "deck/with_tags", {"tags": render(arranged(tags))})


async def _annotated(job: Job, prompt: str, values: Values) -> Texts:
    said = await extract(job, json_of(Annotation), prompt, values, max_tokens=512)
    job.step("annotation", rating=said.RATING, additional_tags=said.ADDITIONAL_TAGS)
    if said.RESPONSE.strip(" .\"'").upper() == "PHOTO":
        raise CallFailed("rejected_image", "a photograph, the recipe is for illustrations")
    return {"caption": said.RESPONSE}
