"""MLBCAP."""

from dataset_build.captions.fuse import web_text
from dataset_build.captions.generate import generate
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.score import rated
from dataset_build.captions.select import judged

WORST, BEST, GOOD = 1, 6, 4  # marks


@recipe(
    roles=["vlm", "vlm2", "judge"],
    needs=["alt_texts"],
    prompts=["mlbcap/rate", "mlbcap/write", "recap/describe", "mlbcap/pick", "mlbcap/refine"],
    steps="rate the alt text → generate × 2 models → judge, both orders → refine",
    calls="1 vlm, 1 vlm2, 4 judge",
    paper="MLBCAP (arXiv 2501.02552)",
)
async def mlbcap(job: Job) -> Texts:
    """A judge marks the text that came with the image; a good one helps the writers and stands as a candidate itself.

    The judge then picks among the candidates in two orders and mends the winner. The paper writes captions of figures
    from their pages; here the alt text is all the context.
    """
    old = web_text(job)
    good = old and await rated(job, old, "mlbcap/rate", low=WORST, high=BEST) >= GOOD
    how = ("mlbcap/write", {"context": old}) if good else ("recap/describe", None)
    said = await job.together(*(generate(job, *how, role=role) for role in ("vlm", "vlm2")))
    texts = sorted({*said, old} if good else set(said))
    winner = await judged(job, texts, "mlbcap/pick")
    caption = await generate(job, "mlbcap/refine", {"caption": winner}, role="judge")
    return {"caption": caption, "candidate": [text for text in texts if text != caption]}
