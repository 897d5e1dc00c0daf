"""All that can be said of one caption from its text and the texts of its image."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dataset_build.captions.job import Subject
from dataset_build.captions.scores.contradiction import contradicted
from dataset_build.captions.scores.coverage import coverage
from dataset_build.captions.scores.language import language
from dataset_build.captions.scores.length import Band, is_cut_off
from dataset_build.captions.scores.names import invented
from dataset_build.captions.scores.refusal import is_refusal
from dataset_build.captions.scores.style import has_opener, repetition
from dataset_build.captions.scores.traced import vqascore
from dataset_build.captions.scores.words import tokens, words

VERSION = "2"  # part of what scores are made from: raise it when any may come out different


def score_caption(
    row: Mapping[str, Any],
    subject: Subject,
    rejected: Collection[str] = (),
    aliases: Mapping[str, Sequence[str]] | None = None,
    band: Band | None = None,
) -> dict[str, float]:
    """Scores by name for a row of schemas.CAPTIONS; none for a row without a text.

    Lengths in characters, words and (estimated) tokens; out_of_band how far the length is outside of `band`, as a share
    of the end that it is beyond; tag_coverage a share, 0 to 1, over tags that were not rejected, and absent for an
    image without tags; repetition a share; tags_contradicted and names_invented numbers, the latter against tags and
    alt texts and absent without them; vqascore a probability, where the recipe asked for it; the others 1 for true and
    0 for false.
    """
    text = row["caption"]
    if not text:
        return {}
    scores: dict[str, float] = {
        "characters": len(text),
        "words": len(words(text)),
        "tokens": tokens(text),
        "cut_off": is_cut_off(text),
        "repetition": repetition(text),
        "set_phrase": has_opener(text),
        "refusal": is_refusal(text),
        "english": language(text) == "en",
    }
    if band:
        scores["out_of_band"] = abs(band.off(text))
    if (p := vqascore(row.get("trace"), text)) is not None:
        scores["vqascore"] = p
    said = coverage(text, subject.tags, rejected, aliases)
    if said.said or said.missing:
        scores |= {"tag_coverage": said.share, "tags_contradicted": len(contradicted(text, subject.tags, said.missing))}
    given = [*subject.alt_texts, *(tag for tag, _ in subject.tags)]
    if given:
        scores["names_invented"] = len(invented(text, given))
    return {name: float(value) for name, value in scores.items()}
