"""Captions that nearly say the same of several images."""

import random
from itertools import combinations
from typing import Any

from tests.sql.support import run

TEXT = "A red ball lies on green grass before a small white house with a blue door under a pale evening sky"


def near(captions: list[str], likeness: float = 0.9, images: int = 1, **fields: Any) -> dict[str, float]:
    """Images that share, by the number of the caption."""
    rows = [{"caption_id": str(number), "caption": each, "status": "ok"} for number, each in enumerate(captions)]
    same = {"fingerprint": "f", "variant": "caption", "n": 0}
    candidates = [{**same, "caption_id": str(n), "image_id": f"i{n}"} for n in range(len(captions))]
    for number, values in fields.items():
        candidates[int(number.removeprefix("of_"))] |= values
    values = {"near_images": images, "near_likeness": likeness}
    found = run("near_captions", values, candidate_captions=candidates, captions=rows)
    return {row["caption_id"]: row["images"] for row in found}


def test_captions_that_share_most_of_their_words() -> None:
    captions = [
        TEXT,
        TEXT.upper() + "!",
        TEXT.replace("evening", "morning"),
        "A cat sleeps on a chair.",
        "",
        "?!",
        "夏の海",
        "夏の海。",
    ]
    assert near(captions, 0.89) == {"0": 2, "1": 2, "2": 2, "6": 1, "7": 1}
    assert near(captions, 0.9) == {"0": 1, "1": 1, "6": 1, "7": 1}
    assert near(captions, 0.9, images=0) == {}


def test_only_captions_by_the_same_recipe_of_the_same_kind_are_compared() -> None:
    assert near([TEXT, TEXT]) == {"0": 1, "1": 1}
    for other in ({"fingerprint": "g"}, {"variant": "short"}, {"n": 1}):
        assert near([TEXT, TEXT], of_1=other) == {}


def test_no_pair_is_missed() -> None:
    rng = random.Random(1)
    words = [f"w{number}" for number in range(30)]
    said = [rng.sample(words, rng.randint(6, 12)) for _ in range(60)]
    said += [[*each[:-1], rng.choice(words)] for each in said]
    for likeness in (0.5, 0.7, 0.9):
        expected = dict.fromkeys(map(str, range(len(said))), 0)
        for (a, one), (b, other) in combinations(enumerate(said), 2):
            if len({*one} & {*other}) / len({*one} | {*other}) >= likeness - 1e-9:
                expected[str(a)] += 1
                expected[str(b)] += 1
        assert near([" ".join(each) for each in said], likeness) == {k: n for k, n in expected.items() if n}
