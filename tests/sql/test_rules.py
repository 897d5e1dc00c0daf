"""The rules about the corpus, each with its published values, at its thresholds and beside them."""

import math
from collections import Counter
from typing import Any

import pytest

from dataset_build.config import Config
from dataset_build.steps import chosen_rules
from tests.sql.support import Rows, run

DROPS = [{"drop": "d", "source": "s", "sequence": 1}]
PROSE = "a red fox in the snow"


def text(image_id: str, *alt_texts: str, tags: tuple[str, ...] = (), category: str = "general") -> dict[str, Any]:
    """A row of image_texts."""
    listed = [{"tag": tag, "category": category} for tag in tags]
    return {
        "image_id": image_id,
        "alt_texts": list(alt_texts),
        "tags": listed,
        "merged_from": [image_id],
        "ratings": [],
    }


def place(image_id: str, **fields: Any) -> dict[str, Any]:
    """A row of occurrences."""
    return {"drop": "d", "source": "s", "uri": image_id, "status": "ok", "image_id": image_id, **fields}


def apply(
    name: str, settings: dict[str, Any] | None = None, corpus: dict[str, Any] | None = None, **tables: Any
) -> Rows:
    """What a rule rejects, by image and reason."""
    config = Config.model_validate({"corpus": {"rules": [name], **(corpus or {})}, name: settings or {}})
    ((_, values),) = chosen_rules(config)
    planted = {"drops": DROPS, **tables}
    rows = run(f"rules/{name}", values | {"without_alt_text": config.corpus.without_alt_text}, **planted)
    return sorted(rows, key=lambda row: (row["image_id"], row["reason"]))


def reasons(name: str, *texts: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    """(image id, reason) where every image is large enough."""
    facts = [{"image_id": t["image_id"], "status": "ok", "width": 512, "height": 512} for t in texts]
    found = apply(name, image_texts=list(texts), **{"current_facts": facts, **more})
    return [(row["image_id"], row["reason"]) for row in found]


def sized(name: str, width: int, height: int) -> list[tuple[Any, ...]]:
    """(reason, value, threshold) for one image of good text."""
    facts = [{"image_id": "a", "status": "ok", "width": width, "height": height}]
    rows = apply(name, image_texts=[text("a", PROSE)], current_facts=facts)
    return [(row["reason"], row["value"], row["threshold"]) for row in rows]


@pytest.mark.parametrize(
    ("alt_text", "expected"),
    [
        ("ab cd", ["datacomp_too_few_characters", "datacomp_too_few_words"]),
        ("abc def", ["datacomp_too_few_words"]),
        ("a b c", ["datacomp_too_few_characters"]),
        ("a b cd", []),
        ("a\u3000b\u00a0cd", []),
    ],
)
def test_datacomp_wants_more_than_two_words_and_five_characters(alt_text: str, expected: list[str]) -> None:
    assert [reason for _, reason in reasons("datacomp_basic", text("a", alt_text))] == expected


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (200, 600, []),
        (199, 500, [("datacomp_too_small", 199.0, 200.0)]),
        (601, 200, [("datacomp_too_elongated", 3.005, 3.0)]),
    ],
)
def test_datacomp_keeps_200_pixels_and_an_aspect_of_3(width: int, height: int, expected: list[Any]) -> None:
    assert sized("datacomp_basic", width, height) == expected


def test_one_good_alt_text_is_enough_and_of_bad_ones_the_longest_is_told() -> None:
    rows = apply(
        "datacomp_basic", image_texts=[text("good", "extraordinarily", "a b cd"), text("bad", "a b c", "longest")]
    )
    assert [(r["image_id"], r["reason"], r["value"], r["threshold"]) for r in rows] == [
        ("bad", "datacomp_too_few_words", 1.0, 3.0)
    ]


def test_images_without_an_alt_text_are_rejected_or_left_alone() -> None:
    silent = text("a", tags=("fox",))
    assert reasons("datacomp_basic", silent) == [("a", "datacomp_too_few_characters"), ("a", "datacomp_too_few_words")]
    assert reasons("align_alt_text", silent) == [("a", "align_too_few_words")]
    assert reasons("datacomp_basic", silent, corpus={"without_alt_text": "keep"}) == []


@pytest.mark.parametrize(("words", "expected"), [(2, "few"), (3, None), (20, None), (21, "many")])
def test_align_wants_3_to_20_words(words: int, expected: str | None) -> None:
    found = reasons("align_alt_text", text("a", " ".join(["word"] * words)))
    assert found == ([("a", f"align_too_{expected}_words")] if expected else [])


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (201, 602, []),
        (200, 400, [("align_too_small", 200.0, 200.0)]),
        (300, 900, [("align_too_elongated", 3.0, 3.0)]),
    ],
)
def test_align_wants_more_than_200_pixels_and_less_than_3(width: int, height: int, expected: list[Any]) -> None:
    assert sized("align_alt_text", width, height) == expected


@pytest.mark.parametrize(("images", "expected"), [(10, []), (11, [("a", "align_shared_text")])])
def test_align_counts_who_shares_a_text_before_duplicates_are_removed(images: int, expected: list[Any]) -> None:
    places = [place(f"gone{n}", alt_text=PROSE) for n in range(images - 1)] + [place("a", alt_text=PROSE)] * 2
    assert reasons("align_alt_text", text("a", PROSE), occurrences=places) == expected


@pytest.mark.parametrize(("texts", "expected"), [(1000, []), (1001, [("a", "align_too_many_texts")])])
def test_align_allows_1000_texts_of_an_image(texts: int, expected: list[Any]) -> None:
    assert reasons("align_alt_text", text("a", *(f"text number {n}" for n in range(texts)))) == expected


def test_align_rejects_texts_with_a_word_or_a_pair_outside_of_the_vocabulary() -> None:
    common, unusual = "one two three", "Two one three"
    places = [place(f"{n}", alt_text=common) for n in range(5)] + [place("x", alt_text=unusual)]
    planted = {"occurrences": places, "settings": {"vocabulary": 5}}
    assert reasons("align_alt_text", text("a", common), text("b", unusual), **planted) == [("b", "align_rare_words")]
    off = planted | {"settings": {"vocabulary": 0}}
    assert reasons("align_alt_text", text("b", unusual), **off) == []


@pytest.mark.parametrize(
    ("alt_text", "expected"),
    [
        (PROSE, []),
        ("two words", ["realsyn_too_few_words"]),
        (" ".join(map(str, range(81))), []),
        (" ".join(map(str, range(82))), ["realsyn_too_many_words"]),
        ("a red fox 🦊", ["realsyn_emoji"]),
        ("a red fox ☃", ["realsyn_emoji"]),
        ("fox, see https://example.org/fox", ["realsyn_url"]),
        ("a fox on WWW.example.org", ["realsyn_url"]),
        ("fox fox fox", ["realsyn_low_entropy"]),
        ("fox fox hen", []),
        ("", ["realsyn_low_entropy", "realsyn_too_few_words"]),
    ],
)
def test_realsyn_on_hand_made_strings(alt_text: str, expected: list[str]) -> None:
    assert [reason for _, reason in reasons("realsyn_text", text("a", alt_text))] == expected


def test_realsyn_measures_the_entropy_of_words_in_bits() -> None:
    rows = apply("realsyn_text", {"min_entropy": 8}, image_texts=[text("a", "fox hen fox hen"), text("b", "a b c d")])
    assert [(row["image_id"], row["value"]) for row in rows] == [("a", 1.0), ("b", 2.0)]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (100, 300, []),
        (99, 200, [("realsyn_too_small", 99.0, 100.0)]),
        (100, 301, [("realsyn_too_elongated", 3.01, 3.0)]),
    ],
)
def test_realsyn_keeps_100_pixels_and_an_aspect_of_3(width: int, height: int, expected: list[Any]) -> None:
    assert sized("realsyn_text", width, height) == expected


def balanced(t: int, *images: dict[str, Any], **settings: Any) -> Rows:
    corpus = {"seed": settings.pop("seed", 0)}
    return apply("tag_balance", {"images_per_tag": t, **settings}, corpus, image_texts=list(images))


def tagged(count: int, *tags: str, prefix: str = "") -> list[dict[str, Any]]:
    return [text(f"{prefix}{n:05}", tags=tags) for n in range(count)]


@pytest.mark.parametrize(("second", "expected"), [(None, 0.5), (40, 0.625), (-1, 1.0)])
def test_metaclip_keeps_with_the_published_probabilities(second: int | None, expected: float) -> None:
    """Counts [40000] give 0.5 at t = 20000, [40000, 80000] give 0.625, a count of t or less gives 1; here / 1000."""
    if second is None:
        images = tagged(40, "a")
    elif second > 0:
        images = tagged(40, "a", "b") + tagged(40, "b", prefix="x")
    else:
        images = tagged(20, "a", "b") + tagged(20, "a", prefix="x")
    rows = balanced(20, *images)
    chances = {row["threshold"] for row in rows if not row["image_id"].startswith("x")}
    assert chances == (set() if expected == 1 else {expected})


def test_the_share_that_is_kept_is_the_probability() -> None:
    count, chance = 4000, 0.5
    kept = count - len(balanced(2000, *tagged(count, "a")))
    assert abs(kept - count * chance) < 2.6 * math.sqrt(count * chance * (1 - chance))


def test_draws_do_not_change_as_images_are_added_and_more_are_kept_as_t_grows() -> None:
    few, many = balanced(100, *tagged(200, "a")), balanced(200, *tagged(400, "a"))
    assert [(row["image_id"], row["value"]) for row in few] == [
        (row["image_id"], row["value"]) for row in many if row["image_id"] < "00200"
    ]
    more = {row["image_id"] for row in balanced(150, *tagged(400, "a"))}
    assert {row["image_id"] for row in many} < more
    assert all(row["value"] >= row["threshold"] for row in many)
    assert {row["image_id"] for row in balanced(200, *tagged(400, "a"), seed=1)} != {row["image_id"] for row in many}


def test_untagged_images_are_left_alone_unless_metaclip_is_followed() -> None:
    assert balanced(20, text("a")) == []
    ((row),) = balanced(20, text("a"), untagged="reject")
    assert (row["reason"], row["threshold"]) == ("tag_balance", 0.0)


@pytest.mark.parametrize(("cap", "kept"), [(20, 45), (35, 65), (180, 210)])
def test_realsyn_caps_clusters_of_5_25_and_1000(cap: int, kept: int) -> None:
    sizes = {"five": 5, "twenty-five": 25, "thousand": 1000}
    images = [
        text(f"{name}{n:04}", tags=(name,), category="artist") for name, size in sizes.items() for n in range(size)
    ]
    images.append(text("nobody", tags=("fox",)))
    homes = [place(image["image_id"]) for image in images]
    rows = apply("cluster_cap", {"cap": cap}, image_texts=images, occurrences=homes)
    assert len(images) - 1 - len(rows) == kept
    assert "five" not in Counter(row["image_id"][:4] for row in rows)
    assert {row["threshold"] for row in rows} == {cap}
    assert min(row["value"] for row in rows) == cap + 1


def test_clusters_may_be_sources_and_a_larger_cap_keeps_the_same_and_more() -> None:
    images, homes = tagged(30, "fox"), [place(f"{n:05}", source=f"s{n % 2}") for n in range(30)]
    few, more = (
        {row["image_id"] for row in apply("cluster_cap", settings, image_texts=images, occurrences=homes)}
        for settings in ({"by": "source", "cap": 5}, {"by": "source", "cap": 8})
    )
    assert (len(few), len(more)) == (20, 14)
    assert more < few


def listed(settings: dict[str, Any], places: Rows, **image: Any) -> list[str]:
    row = text("a") | {"merged_from": sorted({p["image_id"] for p in places})} | image
    return [r["reason"] for r in apply("lists", settings, image_texts=[row], occurrences=places)]


@pytest.mark.parametrize(
    ("settings", "ratings", "expected"),
    [
        ({}, ["explicit"], []),
        ({"allow_ratings": ["general"]}, ["general"], []),
        ({"allow_ratings": ["general"]}, ["explicit", "general"], ["rating_not_allowed"]),
        ({"allow_ratings": ["general"]}, [], ["rating_not_allowed"]),
        ({"allow_ratings": ["general", "unknown"]}, [], []),
        ({"block_ratings": ["explicit"]}, ["explicit", "general"], ["rating_blocked"]),
        ({"block_ratings": ["unknown"]}, [], ["rating_blocked"]),
    ],
)
def test_the_strictest_rating_counts(settings: dict[str, Any], ratings: list[str], expected: list[str]) -> None:
    assert listed(settings, [place("a")], ratings=ratings) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"allow_licenses": ["cc-by*"]}, []),
        ({"allow_licenses": ["CC0"]}, ["license_not_allowed"]),
        ({"block_licenses": ["proprietary"]}, ["license_blocked"]),
        ({"block_licenses": ["proprietary"], "allow_licenses": ["cc-by*"]}, ["license_blocked"]),
        ({"block_licenses": ["unknown"]}, []),
        ({"block_sources": ["one"]}, ["source_blocked"]),
        ({"allow_sources": ["two*"]}, []),
        ({"allow_sources": ["three"]}, ["source_not_allowed"]),
        ({"block_domains": ["Example.org"]}, ["domain_blocked"]),
        ({"block_domains": ["ample.org"]}, []),
        ({"allow_domains": ["img.example.org", "other.net"]}, []),
        ({"allow_domains": ["evil.com"]}, ["domain_not_allowed"]),
    ],
)
def test_one_copy_on_a_list_is_enough_and_block_lists_win(settings: dict[str, Any], expected: list[str]) -> None:
    copies = [
        place(
            "a", source="one", license="CC-BY-4.0", source_url="https://evil.com@IMG.example.org:443/x?u=//other.com"
        ),
        place("b", source="Two", license="Proprietary"),
    ]
    assert listed(settings, copies) == expected


def test_rules_that_sample_come_after_those_that_judge_each_image_by_itself() -> None:
    named = ["cluster_cap", "lists", "tag_balance", "datacomp_basic"]
    order = [rule.name for rule, _ in chosen_rules(Config.model_validate({"corpus": {"rules": named}}))]
    assert order == [f"rules/{name}" for name in ("lists", "datacomp_basic", "cluster_cap", "tag_balance")]
