"""LaCLIP."""

from dataset_build.captions.fuse import web_text
from dataset_build.captions.generate import samples
from dataset_build.captions.job import Job
from dataset_build.captions.recipe import Texts, recipe
from dataset_build.captions.scores.names import invented, retained


@recipe(
    roles=["llm"],
    needs=["alt_texts"],
    prompts=["rewrite/sentence"],
    steps="generate × 4 samples → check",
    calls="1 llm",
    paper="LaCLIP (arXiv 2305.20088)",
)
async def lm_rewrite(job: Job) -> Texts:
    """Up to four other wordings of the alt text; those with new names, or without a word of it, are kept apart.

    The paper gives three to four examples per style in the prompt; here only the task is stated. Nothing is looked
    at: what the alt text has wrong stays wrong.
    """
    text = web_text(job)
    if not text:
        return {}
    texts = dict.fromkeys(
        await samples(job, 4, "rewrite/sentence", {"text": text}, role="llm", see=(), temperature=0.9, top_p=0.95)
    )
    good = [each for each in texts if each != text and not invented(each, [text]) and retained(each, text) > 0]
    return {"caption": good or "", "rejected": [each for each in texts if each not in (*good, text)]}
