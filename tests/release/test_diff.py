"""Two planted releases: what changed between them is known image by image."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dataset_build.release.across import Releases
from dataset_build.release.diff import as_json, counted, diff, diff_page, listed
from dataset_build.release.errors import NoRelease, UnknownRelease
from dataset_build.release.page import render_page

SAME, WORDS, TAGS, ORDER, BLUR, GONE, SMALLER = (f"{n:02x}" * 32 for n in range(1, 8))
LARGER, BACK, NEW = (f"{n:02x}" * 32 for n in range(8, 11))
BLURRED = {"stage": "blur", "reason": "blurred", "value": 3.5, "threshold": 8.0}
NEAR = {"stage": "duplicate", "reason": "near_duplicate", "value": 12.0, "threshold": 48.0}


def kept(image_id: str, caption: str = "A cat.", tags: tuple[str, ...] = ("cat", "sun"), **made: str) -> dict[str, Any]:
    made = {"recipe": "compose", "variant": "plain", "model": "compose", "input_hash": "i", "fingerprint": "f", **made}
    where = {"drop": "scrape", "uri": f"{image_id[:2]}.jpg"}
    written = {"caption_recipe": made["recipe"], "caption_model": made["model"]}
    return {
        "images": {**where, "image_id": image_id, "caption": caption, "tags": list(tags), **written},
        "captions": {"caption_id": f"{image_id}{caption}", "image_id": image_id, "caption": caption, "n": 0, **made},
        "lineage": {"image_id": image_id, "kept": True, "failures": [], "caption_id": f"{image_id}{caption}"},
    }


def out(image_id: str, failure: dict[str, Any], duplicate_of: str | None = None) -> dict[str, Any]:
    where = {"drop": "scrape", "uri": f"{image_id[:2]}.jpg", "image_id": image_id}
    return {
        "rejects": {**where, **failure, "failures": [failure], "duplicate_of": duplicate_of},
        "lineage": {"image_id": image_id, "kept": False, "failures": [failure], "duplicate_of": duplicate_of},
    }


def tables(*rows: dict[str, Any]) -> dict[str, Any]:
    names = ("images", "captions", "lineage", "rejects")
    return {**{name: [row[name] for row in rows if name in row] for name in names}, "tags": []}


BEFORE = tables(
    kept(SAME), kept(WORDS), kept(TAGS), kept(ORDER), kept(BLUR), kept(GONE), kept(SMALLER), out(BACK, BLURRED)
)
AFTER = tables(
    kept(SAME),
    kept(WORDS, "A tabby.", recipe="dense", model="vlm", model_revision="r1", prompt_hash="9" * 64),
    kept(TAGS, tags=("cat", "moon")),
    kept(ORDER, tags=("sun", "cat")),
    out(BLUR, BLURRED),
    out(SMALLER, NEAR, duplicate_of=LARGER),
    kept(LARGER, "A large cat."),
    kept(BACK),
    kept(NEW),
)


@pytest.fixture
def lake(tmp_path: Path, make_release: Any) -> Path:
    make_release("1", 1, **BEFORE).close()
    make_release("2026.11", 2, **AFTER).close()
    return tmp_path / "lake"


def by_change(lake: Path, before: str, after: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["change"], row["image_id"]): dict(row) for row in diff(lake, before, after).changes}


def test_every_change_is_found_and_nothing_else(lake: Path) -> None:
    assert set(by_change(lake, "1", "2026.11")) == {
        ("added", LARGER),
        ("added", BACK),
        ("added", NEW),
        ("removed", BLUR),
        ("removed", GONE),
        ("replaced", SMALLER),
        ("recaptioned", WORDS),
        ("retagged", TAGS),
        ("reordered", ORDER),
    }


def test_the_reasons(lake: Path) -> None:
    found = by_change(lake, "1", "2026.11")
    removed, gone, replaced = found["removed", BLUR], found["removed", GONE], found["replaced", SMALLER]
    assert [removed[k] for k in ("stage", "reason", "value", "threshold")] == ["blur", "blurred", 3.5, 8.0]
    assert (gone["stage"], gone["reason"]) == (None, "not_found")
    assert (replaced["reason"], replaced["replaced_by"]) == ("near_duplicate", LARGER)
    assert (replaced["caption_before"], replaced["caption_after"]) == ("A cat.", "A large cat.")
    assert (found["added", BACK]["stage"], found["added", BACK]["reason"]) == ("blur", "blurred")
    assert found["added", NEW]["reason"] == "new"


def test_who_wrote_the_captions_and_which_tags(lake: Path) -> None:
    found = by_change(lake, "1", "2026.11")
    words, tags = found["recaptioned", WORDS], found["retagged", TAGS]
    assert words["reason"] == "recipe, model, prompt"
    assert words["made_before"] == "compose/plain by compose"
    assert words["made_after"] == f"dense/plain by vlm@r1, prompt {'9' * 12}"
    assert (words["caption_before"], words["caption_after"]) == ("A cat.", "A tabby.")
    assert (tags["tags_added"], tags["tags_removed"]) == (["moon"], ["sun"])


def test_the_counts_add_up(lake: Path) -> None:
    found = diff(lake, "1", "latest", limit=0)
    counts: dict[str, int] = {}
    for row in found.counts:
        counts[row["change"]] = counts.get(row["change"], 0) + row["images"]
    assert found.images == (7, 7)
    assert found.images[0] + counts["added"] - counts["removed"] - counts["replaced"] == found.images[1]
    assert found.changes == ()


def test_backwards(lake: Path) -> None:
    assert {change for change, _ in by_change(lake, "2026.11", "1")} == {
        "added", "removed", "recaptioned", "retagged", "reordered",
    }  # fmt: skip
    assert diff(lake, "1", "1").counts == ()


def test_the_limit_is_of_each_change(lake: Path) -> None:
    assert [row["change"] for row in diff(lake, "1", "2026.11", limit=1).changes] == [
        "added", "removed", "replaced", "recaptioned", "retagged", "reordered",
    ]  # fmt: skip


def test_the_same_in_sql(lake: Path) -> None:
    with Releases(lake) as releases:
        rows = releases.sql(
            "select change, count(*) from release_diff('1', '2026.11') group by 1 order by 1"
        ).fetchall()
    assert rows == [
        ("added", 3), ("recaptioned", 1), ("removed", 2), ("reordered", 1), ("replaced", 1), ("retagged", 1),
    ]  # fmt: skip


def test_an_unknown_release(lake: Path) -> None:
    with pytest.raises(UnknownRelease, match="no release '7'"):
        diff(lake, "1", "7")
    with Releases(lake) as releases, pytest.raises(duckdb.Error, match="no release 7 is open"):
        releases.sql("from release_diff('1', '7')").fetchall()


def test_json(lake: Path) -> None:
    document = json.loads(as_json(diff(lake, "1", "2026.11", limit=1)))
    assert document["after"] == {"release": "2026.11", "images": 7}
    assert {"change": "removed", "stage": "blur", "reason": "blurred", "images": 1} in document["counts"]
    assert document["changes"][0]["image_id"] == LARGER


def test_what_the_terminal_shows(lake: Path) -> None:
    found = diff(lake, "1", "2026.11")
    assert ("added", "was left out by blur: blurred", "1") in list(counted(found))
    assert ("removed", "not_found", "1") in list(counted(found))
    lines = list(listed(found))
    assert lines[lines.index(f"removed     {BLUR[:12]}  05.jpg") + 1] == "    left out: blur: blurred 3.5 < 8"


def test_the_page_shows_both_pictures_of_a_replacement(lake: Path) -> None:
    page = diff_page(diff(lake, "1", "2026.11", limit=1))
    html = render_page(page, {LARGER: b"larger"})
    assert "Replaced by a duplicate: 1 images" in html
    assert "Added: 3 images, the first 1" in html
    assert html.count("data:image/jpeg;base64,bGFyZ2Vy") == 2  # where it is added, and where it replaces
    assert html.count('class="missing"') == len(page.image_ids()) - 1


def test_all_releases_as_one_database(lake: Path) -> None:
    with Releases(lake) as releases:
        counts = releases.sql("select release, count(*) from images group by 1 order by 1").fetchall()
        query = "select release, kept from occurrences where image_id = $1 order by 1"
        story = releases.sql(query, [BLUR]).fetchall()
        names = releases.sql("select release, sequence, parent from releases order by sequence").fetchall()
        for statement in (
            "delete from images",
            "drop table release_0.images",
            "insert into release_0.tags default values",
        ):
            with pytest.raises(duckdb.Error):
                releases.sql(statement)
    assert counts == [("1", 7), ("2026.11", 7)]
    assert story == [("1", True), ("2026.11", False)]
    assert names == [("1", 1, None), ("2026.11", 2, None)]


def test_no_release_at_all(tmp_path: Path) -> None:
    with pytest.raises(NoRelease):
        Releases(tmp_path)
