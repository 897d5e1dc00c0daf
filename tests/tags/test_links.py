"""Chains, cycles and closures."""

import random

from dataset_build.tags.links import MOST_IMPLIED, closed, follow


def test_a_chain_leads_to_its_end() -> None:
    assert follow({"a": "b", "b": "c", "x": "c"}) == ({"a": "c", "b": "c", "x": "c"}, set())


def test_members_of_a_cycle_stay_what_they_are_and_others_lead_to_it() -> None:
    ends, cyclic = follow({"x": "a", "a": "b", "b": "a", "y": "x", "self": "self"})
    assert ends == {"x": "a", "a": "a", "b": "b", "y": "a", "self": "self"}
    assert cyclic == {"a", "b", "self"}


def test_a_chain_of_a_million_ends() -> None:
    ends, _ = follow({str(n): str(n + 1) for n in range(1_000_000)})
    assert ends["0"] == ends["999999"] == "1000000"


def test_implications_are_closed() -> None:
    implied, undone = closed({"a": ["b"], "b": ["c", "d"], "x": ["c"]})
    assert implied == {"a": {"b", "c", "d"}, "b": {"c", "d"}, "x": {"c"}}
    assert undone == {}


def test_tags_that_imply_each_other_do_not_but_imply_what_follows() -> None:
    implied, undone = closed({"a": ["b"], "b": ["a", "c"], "x": ["a"], "s": ["s"]})
    assert implied == {"a": {"c"}, "b": {"c"}, "x": {"a", "b", "c"}, "s": set()}
    assert undone == {"a": "implication_cycle", "b": "implication_cycle", "s": "implication_cycle"}


def test_a_tag_that_implies_too_many_implies_none() -> None:
    implied, undone = closed(
        {"a": [str(n) for n in range(MOST_IMPLIED + 1)], "b": [str(n) for n in range(MOST_IMPLIED)]}
    )
    assert len(implied["b"]) == MOST_IMPLIED
    assert "a" not in implied
    assert undone == {"a": "too_many_implied"}


def test_what_remains_is_a_strict_partial_order() -> None:
    rng = random.Random(0)
    for _ in range(200):
        tags = range(rng.randrange(1, 12))
        edges = {str(t): [str(rng.choice(tags)) for _ in range(rng.randrange(4))] for t in tags}
        implied, _ = closed(edges)
        for tag, others in implied.items():
            assert tag not in others
            assert all(implied.get(other, set()) <= others for other in others)
