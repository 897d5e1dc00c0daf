"""The deck's loop over missing tags."""

from dataset_build.captions.arrange import arranged, spoken
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.loop import improve
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.scores.coverage import coverage
from dataset_build.captions.shots import SHA256, shot
from dataset_build.captions.verify import dropped, yes_or_no
from dataset_build.tags.tagtext import render

ROUNDS = 3


@recipe(
    needs=["tags"],
    prompts=["deck/solo", "deck/multi", "deck/refine", "verify/tag"],
    steps="loop ≤ 3 (generate → coverage), missing tags verified once",
    calls="1 to 3 + M vlm, M tags missing at first",
    paper="Correct Captions are All you Need (2023), its loop over missing tags",
    version=SHA256,
)
async def deck_oneshot_refine(job: Job) -> Texts:
    """A caption after an example, then asked for again with the tags it does not say; the fewest missing wins.

    All candidates are kept. Unlike the original, tags are found as whole words, and those that the model does not see
    in the picture stop counting as missing, so that the loop does not press for what is not there.
    """
    tags = arranged(job.subject.tags)
    text, names = render(tags), {tag for tag, _ in tags}
    kind = "solo" if "solo" in names and "solo_focus" not in names else "multi"
    rejected: set[str] = set()

    def missing(caption: str) -> tuple[str, ...]:
        return coverage(caption, tags, rejected).missing

    async def attempt(before: list[str]) -> str:
        if before:
            values = {"tags": text, "caption": before[-1], "missing": [spoken(tag) for tag in missing(before[-1])]}
            return await generate(job, "deck/refine", values, max_tokens=512)
        first = await generate(job, f"deck/{kind}", {"tags": text}, shots=[shot(kind)], max_tokens=512)
        unsaid = {spoken(tag): tag for tag in missing(first)}
        rejected.update(unsaid[each] for each in dropped(await yes_or_no(job, "verify/tag", list(unsaid))))
        return first

    best, made = await improve(attempt, lambda caption: len(missing(caption)), ROUNDS)
    job.step("loop", missing=[list(missing(caption)) for caption in made], rejected=sorted(rejected))
    return {"caption": best, "candidate": [caption for caption in made if caption != best]}
