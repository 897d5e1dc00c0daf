"""What a run of captions will cost, said before it starts."""

from collections.abc import Mapping

from dataset_build.captions.recipe import Recipe

CALLS, TOKENS_IN, TOKENS_OUT = 1, 1_200, 200  # an image, a call, a call: assumed where nothing was measured


def estimate(recipe: Recipe, images: int, measured: Mapping[str, float] | None) -> str:
    """A line of text; `measured` are the sums of earlier runs, as the journal has them."""
    if measured:
        share = images / measured["images"]
        minutes = measured["seconds"] * share / 60
        costs = _costs(*(round(measured[key] * share) for key in ("calls", "tokens_in", "tokens_out")))
        return f"{recipe.name}: {images:,} images, about {costs}, {minutes:,.1f} minutes, as in earlier runs"
    calls = images * CALLS
    return (
        f"{recipe.name}: {images:,} images, at least {_costs(calls, calls * TOKENS_IN, calls * TOKENS_OUT)}, if a call "
        f"reads {TOKENS_IN:,} and writes {TOKENS_OUT}; there is no earlier run to go by"
        + (f" (calls of this recipe: {recipe.calls})" if recipe.calls else "")
    )


def _costs(calls: int, tokens_in: int, tokens_out: int) -> str:
    return f"{calls:,} calls, {tokens_in:,} tokens read, {tokens_out:,} written"
