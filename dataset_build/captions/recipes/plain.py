"""A caption without a model."""

from dataset_build.captions import compose as sentences
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe


@recipe(
    roles=(),
    needs=("tags", "alt_texts"),
    reads=("max_tags",),
    steps="compose",
    calls="none",
    paper="this project",
    version=sentences.VERSION,
)
async def compose(job: Job) -> Texts:
    """A plain sentence from tags and descriptions; no model is asked."""
    subject = job.subject
    return {"caption": sentences.compose(subject.tags, subject.alt_texts, job.settings["max_tags"]) or ""}
