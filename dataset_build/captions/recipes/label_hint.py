"""Captions with known labels in the prompt."""

from dataset_build.captions.arrange import spoken
from dataset_build.captions.generate import samples
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.verify import kept, yes_or_no

LABELS = ("character", "copyright", "species")


@recipe(
    needs=["tags"],
    prompts=["verify/label", "recap/with_hint", "recap/describe"],
    steps="verify → generate × 3 samples",
    calls="L + 1 vlm, L labels",
    paper="class labels as hints to captioners (the project's thesis)",
)
async def label_hint(job: Job) -> Texts:
    """Three diverse captions that use the labels that fit: tags that name a character, a work or a species."""
    labels = [spoken(tag) for tag, category in job.subject.tags if category in LABELS]
    fit = kept(await yes_or_no(job, "verify/label", labels))
    hint = ("recap/with_hint", {"labels": fit}) if fit else ("recap/describe", None)
    texts = await samples(job, 3, *hint, temperature=0.9, max_tokens=128)
    return {"caption": list(dict.fromkeys(texts))}
