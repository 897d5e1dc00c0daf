"""Every rule of normalising by a golden case, and that a second time changes nothing."""

import random
from typing import Any

import pytest
from pydantic import ValidationError

from dataset_build.config import Tags
from dataset_build.tags.merge import merged
from dataset_build.tags.normalise import normalise
from dataset_build.tags.order import Named
from dataset_build.tags.vocabulary import read_vocabulary

NAMES = b"""long_hair,0,9,"longhair,/lh"
very_long_hair,0,8,
hat,0,8,
headwear,0,7,
red_hat,0,6,
bow,0,5,
elbow_gloves,0,5,
gloves,0,4,
hair_ornament,0,4,
hair,0,3,
panties,0,3,
no_panties,0,3,
mira_(paper_moon),4,3,mira
paper_moon,3,3,
wlop,1,2,
highres,5,2,hires
tail,0,1,tails
multiple_tails,0,1,tails
"""
IMPLICATIONS = b"red_hat,hat\nhat,headwear\nvery_long_hair,long_hair\nchicken,egg\negg,chicken\n"
ALIASES = b"wlop_(artist),wlop\ncranium,hair\n"
VOCABULARIES = [
    ("names", read_vocabulary(NAMES)),
    ("implications", read_vocabulary(IMPLICATIONS, "implications")),
    ("aliases", read_vocabulary(ALIASES, "aliases")),
]


def named(*tags: str, category: str = "general", **rules: Any) -> list[Named]:
    settings = Tags(**rules)
    vocabulary = merged(VOCABULARIES, settings)
    (once,) = normalise([[(tag, category) for tag in tags]], vocabulary, settings)
    (twice,) = normalise([[(tag.tag, tag.category) for tag in once]], vocabulary, settings)
    assert [tag[:2] for tag in twice] == [tag[:2] for tag in once]
    return once


def names(*tags: str, **rules: Any) -> list[str]:
    return [tag.tag for tag in named(*tags, **rules)]


@pytest.mark.parametrize(
    "tag", ["long_hair", "Long Hair", "(long hair:1.2)", "((long_hair))", "longhair", "/LH", " long  hair,"]
)
def test_every_spelling_of_a_tag_is_that_tag(tag: str) -> None:
    assert names(tag) == ["long_hair"]


def test_several_spellings_are_one_tag_that_was_given() -> None:
    assert named("longhair", "Long Hair") == [Named("long_hair", "general", "given")]
    assert named("longhair") == [Named("long_hair", "general", "alias")]


def test_categories_come_from_the_vocabulary_and_order_the_tags() -> None:
    assert named("highres", "hat", "wlop", "Mira", "paper_moon") == [
        Named("paper_moon", "copyright"),
        Named("mira_(paper_moon)", "character", "alias"),
        Named("wlop", "artist"),
        Named("hat", "general"),
        Named("highres", "meta"),
    ]
    assert named("hat", category="character") == [Named("hat", "general")]


def test_unknown_tags_are_kept_in_the_category_they_came_with() -> None:
    assert named("Unheard Of", category="artist") == [Named("unheard_of", "artist")]


def test_an_ambiguous_alias_is_an_unknown_tag() -> None:
    assert names("tails") == ["tails"]


def test_the_first_vocabulary_that_knows_a_spelling_decides() -> None:
    one, other = read_vocabulary(b"a,0,1,x\n"), read_vocabulary(b"b,4,1,x\na,1,1,\n")
    for order, tag in (([("1", one), ("2", other)], "a"), ([("2", other), ("1", one)], "b")):
        ((first,),) = normalise([[("x", "general")]], merged(order, Tags()), Tags())
        assert first.tag == tag


def test_aliases_are_followed_from_one_vocabulary_into_the_next() -> None:
    assert named("wlop (artist)") == [Named("wlop", "artist", "alias")]
    two = [("1", read_vocabulary(b"x,y\n", "aliases")), ("2", read_vocabulary(b"y,z\nz,x\n", "aliases"))]
    table = merged(two, Tags())
    assert {r["spelling"]: (r["tag"], r["reason"]) for r in table.to_pylist()} == {
        "x": ("x", "alias_cycle"), "y": ("y", "alias_cycle"), "z": ("z", "alias_cycle"),
    }  # fmt: skip


def test_implied_tags_are_kept_added_or_dropped() -> None:
    assert names("red_hat", "headwear") == ["red_hat", "headwear"]
    assert named("red_hat", implied="add") == [
        Named("red_hat", "general"),
        Named("hat", "general", "implied"),
        Named("headwear", "general", "implied"),
    ]
    assert names("headwear", "red_hat", "bow", implied="drop") == ["red_hat", "bow"]


def test_tags_that_imply_each_other_are_neither_added_nor_dropped() -> None:
    assert names("chicken", implied="add") == ["chicken"]
    assert names("chicken", "egg", implied="drop") == ["chicken", "egg"]


def test_overlaps_are_found_by_words_and_never_by_letters() -> None:
    assert names("bow", "elbow_gloves", overlaps="drop") == ["bow", "elbow_gloves"]
    assert names("gloves", "elbow_gloves", overlaps="drop") == ["elbow_gloves"]
    assert names("hair", "long_hair", "very_long_hair", overlaps="drop") == ["very_long_hair"]
    assert names("hair", "hair_ornament", overlaps="drop") == ["hair", "hair_ornament"]
    assert names("panties", "no_panties", overlaps="drop") == ["panties", "no_panties"]
    assert names("o", "o_o", overlaps="drop") == ["o", "o_o"]
    assert names("moon", "paper_moon", overlaps="drop") == ["paper_moon", "moon"]


def test_what_was_added_as_implied_is_no_overlap() -> None:
    assert names("red_hat", implied="add", overlaps="drop") == ["red_hat", "hat", "headwear"]


def test_blacklisted_tags_go_in_every_spelling_and_are_not_implied() -> None:
    assert names("longhair", "hat", "Unheard", blacklist=["Long Hair", "unheard"]) == ["hat"]
    assert names("red_hat", implied="add", blacklist=["hat"]) == ["red_hat", "headwear"]
    assert names("red_hat", "hat", implied="drop", blacklist=["red_hat"]) == ["hat"]
    assert names("hires", "hat", blacklist_categories=["meta"]) == ["hat"]


def test_renames_are_stronger_than_vocabularies() -> None:
    assert named("longhair", rename={"Long Hair": "tresses"}) == [Named("tresses", "general", "alias")]
    assert named("long_hair", rename={"Long Hair": "tresses"}) == [Named("tresses", "general", "renamed")]
    assert named("wlop", rename={"wlop": "w"}) == [Named("w", "artist", "renamed")]
    assert names("hat", rename={"hat": "longhair"}) == ["longhair"]
    with pytest.raises(ValidationError, match="rename runs in a circle: a, b"):
        Tags(rename={"a": "b", "B": "A"})
    with pytest.raises(ValidationError, match="' , ' is not a tag"):
        Tags(blacklist=[" , "])


def test_nothing_is_made_of_nothing() -> None:
    assert names() == names("", " , ", "\x00") == []


def test_a_second_time_changes_nothing() -> None:
    rng = random.Random(0)
    known = [row["spelling"] for row in merged(VOCABULARIES, Tags()).to_pylist()]
    words = [
        *known,
        "Long Hair",
        "(red hat:1.1)",
        "x" * 250,
        "hat_hat",
        "big_red_hat",
        "no_hat",
        "\u200b",
        "a\x00b",
        ":3",
    ]
    spellings = [*words, *(word.upper().replace("_", " ") for word in words)]
    images = [
        [(tag, rng.choice(["general", "artist", "meta"])) for tag in rng.sample(spellings, rng.randrange(12))]
        for _ in range(300)
    ]
    choices: list[dict[str, Any]] = [
        {"implied": implied, "overlaps": overlaps}
        for implied in ("keep", "add", "drop")
        for overlaps in ("keep", "drop")
    ]
    choices += [{**choices[-1], "blacklist": ["hat", "longhair"], "rename": {"red_hat": "cap", "tails": "tail"}}]
    for rules in (Tags(**choice) for choice in choices):
        vocabulary = merged(VOCABULARIES, rules)
        once = normalise(images, vocabulary, rules)
        twice = normalise([[tag[:2] for tag in tags] for tags in once], vocabulary, rules)
        assert [[tag[:2] for tag in tags] for tags in twice] == [[tag[:2] for tag in tags] for tags in once]
