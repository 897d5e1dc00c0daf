"""What a run is said to cost before it starts."""

import pytest

from dataset_build.captions.recipe import built_in
from resources.estimate import counted_calls, estimate


@pytest.mark.parametrize(
    ("calls", "counted"),
    [
        ("1 vlm", 1),
        ("1 + 10 + O vlm, 1 vlm2, 5 llm, O objects", 17),
        ("2 + B + C vlm, 2 B + 3 llm, B ≤ 5 regions, C doubtful claims", 5),
        ("1 to 3 + M vlm, M tags missing at first", 1),
        ("up to 2 T vlm, T tags", 1),
        ("", 1),
    ],
)
def test_calls_that_a_recipe_gives_a_number_for_are_counted(calls: str, counted: int) -> None:
    assert counted_calls(calls) == counted


def test_an_estimate_without_and_with_earlier_runs() -> None:
    fusion = built_in()["capsfusion"]
    assert estimate(fusion, 1_000, None) == (
        "capsfusion: 1,000 images, some 2,000 calls, 2,400,000 tokens read, 400,000 written, if a call reads 1,200 and "
        "writes 200; there is no earlier run to go by (calls of this recipe: 1 vlm, 1 llm where there is alt text)"
    )
    measured = {"images": 50, "calls": 70, "tokens_in": 30_000, "tokens_out": 5_000, "seconds": 12.0}
    assert estimate(fusion, 1_000, measured) == (
        "capsfusion: 1,000 images, about 1,400 calls, 600,000 tokens read, 100,000 written, 4.0 minutes, "
        "as in earlier runs"
    )
