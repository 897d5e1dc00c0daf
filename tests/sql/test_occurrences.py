"""Which occurrences count: the latest drop of each file, and none of a file that has vanished."""

from tests.sql.support import run

DROPS = [{"drop": f"d{n}", "source": "s", "sequence": n} for n in (1, 2, 3)]


def occurrence(
    drop: str, uri: str, image_id: str | None, status: str = "ok", member: str | None = None
) -> dict[str, object]:
    return {"drop": drop, "uri": uri, "member": member, "source": "s", "image_id": image_id, "status": status}


def test_the_latest_drop_of_a_file_wins() -> None:
    rows = run(
        "current_occurrences",
        drops=DROPS,
        occurrences=[
            occurrence("d1", "a.jpg", "old"),
            occurrence("d2", "a.jpg", "new"),
            occurrence("d1", "b.jpg", "b"),
        ],
    )
    assert sorted((row["uri"], row["image_id"]) for row in rows) == [("a.jpg", "new"), ("b.jpg", "b")]


def test_a_changed_archive_replaces_all_its_members() -> None:
    old = [occurrence("d1", "a.tar", "x", member="x.jpg"), occurrence("d1", "a.tar", "y", member="y.jpg")]
    rows = run("current_occurrences", drops=DROPS, occurrences=[*old, occurrence("d2", "a.tar", "y", member="y.jpg")])
    assert [(row["drop"], row["member"]) for row in rows] == [("d2", "y.jpg")]


def test_a_vanished_file_is_gone_until_it_comes_back() -> None:
    gone = [occurrence("d1", "a.jpg", "a"), occurrence("d2", "a.jpg", None, "vanished")]
    assert run("current_occurrences", drops=DROPS, occurrences=gone) == []
    back = run("current_occurrences", drops=DROPS, occurrences=[*gone, occurrence("d3", "a.jpg", "a")])
    assert [row["drop"] for row in back] == ["d3"]


def test_removed_drops_do_not_count() -> None:
    rows = run(
        "current_occurrences", drops=DROPS[:1], occurrences=[occurrence("d1", "a", "1"), occurrence("d2", "a", "2")]
    )
    assert [row["image_id"] for row in rows] == ["1"]


def test_an_image_is_read_from_its_first_current_place() -> None:
    rows = run(
        "homes",
        drops=DROPS,
        occurrences=[occurrence("d2", "a.jpg", "x"), occurrence("d1", "z.jpg", "x"), occurrence("d1", "y.jpg", "x")],
    )
    assert [(row["image_id"], row["drop"], row["uri"]) for row in rows] == [("x", "d1", "y.jpg")]


def test_an_image_found_again_in_one_drop_is_read_from_the_first_member_of_the_first_file() -> None:
    rows = run(
        "homes",
        drops=DROPS,
        occurrences=[
            occurrence("d1", "a.tar", "x", member="2.jpg"),
            occurrence("d1", "a.tar", "x", member="1.jpg"),
            occurrence("d1", "b.jpg", "x"),
            occurrence("d1", "c.jpg", "y"),
            occurrence("d2", "c.jpg", "y"),
            occurrence("d1", "d.jpg", None, "unreadable"),
            occurrence("d1", "e.jpg", None, "unreadable"),
        ],
    )
    places = sorted((row["image_id"], row["drop"], row["uri"], row["member"]) for row in rows)
    assert places == [("x", "d1", "a.tar", "1.jpg"), ("y", "d2", "c.jpg", None)]


def rejects(occurrences: list[dict[str, object]], **tables: list[dict[str, object]]) -> list[tuple[object, ...]]:
    rows = run("release_rejects", drops=DROPS, occurrences=occurrences, **tables)
    return [(row["drop"], row["uri"], row["stage"], row["reason"], row["duplicate_of"]) for row in rows]


def test_files_that_changed_or_vanished_are_rejected_where_they_first_were() -> None:
    found = [
        occurrence("d1", "a.jpg", "old"),
        occurrence("d2", "a.jpg", "new"),
        occurrence("d1", "b.jpg", "b"),
        occurrence("d3", "b.jpg", None, "vanished"),
    ]
    assert rejects(found) == [
        ("d1", "a.jpg", "source", "replaced", None),
        ("d1", "b.jpg", "source", "vanished", None),
    ]


def test_a_file_without_bytes_is_rejected_by_its_status() -> None:
    assert rejects([occurrence("d1", "a.jpg", None, "empty")]) == [("d1", "a.jpg", "source", "empty", None)]


def test_copies_of_the_same_bytes_are_rejected_but_for_one() -> None:
    found = [
        occurrence("d1", uri, "x", member=m) for uri, m in (("a.jpg", None), ("t.tar", "1.jpg"), ("t.tar", "2.jpg"))
    ]
    assert rejects(found) == [
        ("d1", "t.tar", "duplicate", "same_bytes", "x"),
        ("d1", "t.tar", "duplicate", "same_bytes", "x"),
    ]


def test_a_copy_of_a_rejected_image_fails_what_the_image_fails_and_what_comes_first_counts() -> None:
    found = [occurrence("d1", "a.jpg", "x"), occurrence("d1", "b.jpg", "x")]
    small = [{"image_id": "x", "stage": "size", "reason": "too_small", "value": 1.0, "threshold": 2.0}]
    speechless = [{"image_id": "x", "stage": "caption", "reason": "no_caption"}]
    assert [row[3] for row in rejects(found, image_verdicts=small)] == ["too_small", "too_small"]
    assert [row[3] for row in rejects(found, caption_verdicts=speechless)] == ["no_caption", "same_bytes"]


def test_a_near_duplicate_names_its_keeper_and_all_that_it_fails() -> None:
    star = [{"image_id": "k", "keeper": "k"}, {"image_id": "m", "keeper": "k", "distance": 7, "method": "hash"}]
    (row,) = run(
        "release_rejects",
        drops=DROPS,
        occurrences=[occurrence("d1", "k.jpg", "k"), occurrence("d1", "m.jpg", "m")],
        duplicates=star,
        image_verdicts=[{"image_id": "m", "stage": "blur", "reason": "blurred", "value": 1.0, "threshold": 8.0}],
        corpus_verdicts=[
            {"image_id": "m", "stage": "duplicate", "reason": "near_duplicate", "value": 7.0, "threshold": 48.0}
        ],
    )
    assert (row["reason"], row["duplicate_of"]) == ("blurred", "k")
    assert [f["reason"] for f in row["failures"]] == ["blurred", "near_duplicate"]
