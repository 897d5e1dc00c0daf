"""What a run of captions will cost, said before it starts."""

import re
from collections.abc import Mapping

from dataset_build.captions.recipe import ROLES, Recipe

TOKENS_IN, TOKENS_OUT = 1_200, 200  # a call: assumed where nothing was measured
_OF_ROLE = re.compile(rf"^(.+) (?:{'|'.join(ROLES)})\b")
_NUMBER = re.compile(r"\d+(?= to \d+$|$)")


def estimate(recipe: Recipe, images: int, measured: Mapping[str, float] | None) -> str:
    """A line of text; `measured` are the sums of earlier runs, as the journal has them."""
    if measured:
        share = images / measured["images"]
        minutes = measured["seconds"] * share / 60
        costs = _costs(*(round(measured[key] * share) for key in ("calls", "tokens_in", "tokens_out")))
        return f"{recipe.name}: {images:,} images, about {costs}, {minutes:,.1f} minutes, as in earlier runs"
    calls = images * counted_calls(recipe.calls)
    return (
        f"{recipe.name}: {images:,} images, some {_costs(calls, calls * TOKENS_IN, calls * TOKENS_OUT)}, if a call "
        f"reads {TOKENS_IN:,} and writes {TOKENS_OUT}; there is no earlier run to go by"
        + (f" (calls of this recipe: {recipe.calls})" if recipe.calls else "")
    )


def counted_calls(calls: str) -> int:
    """The calls an image takes as far as a recipe gives numbers: 3 of `2 + B vlm, 1 llm, B regions`; at least 1."""
    terms = [found[1].split(" + ") for part in calls.split(", ") if (found := _OF_ROLE.match(part))]
    numbers = [int(found[0]) for term in terms for each in term if (found := _NUMBER.match(each))]
    return max(sum(numbers), 1)


def _costs(calls: int, tokens_in: int, tokens_out: int) -> str:
    return f"{calls:,} calls, {tokens_in:,} tokens read, {tokens_out:,} written"
