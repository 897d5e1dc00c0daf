"""Statistics of planted releases: every count is known beforehand."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from dataset_build.release.card_statistics import sections
from dataset_build.release.plots import write_plots
from dataset_build.release.statistics import Statistics, as_json, compared, measure, read_statistics
from tests.release.conftest import caption, image, place, reject

WriteTables = Any


def planted() -> dict[str, list[dict[str, Any]]]:
    """A hundred images as biased as the published set: 99 portraits, 90 girls, 2 with several people, 5 grey."""
    ids = [f"{n:064x}" for n in range(100)]
    images = [
        image(
            image_id, f"A girl {n}.", **place(f"{n:03}.jpg"), width=600 if n else 900, height=900 if n else 600,
            greyscale=n < 5, rating=["general", "explicit", None, "general"][n % 4], license="CC0" if n < 30 else None,
        )
        for n, image_id in enumerate(ids)
    ]  # fmt: skip
    tags = [
        ("1girl", range(88)),
        ("multiple_girls", range(88, 90)),
        ("1boy", range(90, 96)),
        ("no_humans", range(96, 98)),
    ]
    rows = [{"image_id": ids[n], "tag": tag, "category": "general", "rank": 0} for tag, ns in tags for n in ns]
    rows += [{"image_id": ids[n], "tag": "sky", "category": "general", "rank": 1} for n in range(10)]
    captions = [caption(f"c{n}", image_id, f"A girl {n}.") for n, image_id in enumerate(ids)]
    captions += [caption(f"d{n}", ids[n], "tiny", recipe="dense", variant="dsc", model="vlm") for n in range(3)]
    return {
        "images": images,
        "tags": rows,
        "captions": captions,
        "rejects": [
            reject(place("x.jpg"), "ee" * 32, {"stage": "blur", "reason": "blurred", "value": 1, "threshold": 8})
        ],
    }


@pytest.fixture(scope="module")
def statistics(tmp_path_factory: pytest.TempPathFactory, write_tables: WriteTables) -> Statistics:
    return measure(write_tables(tmp_path_factory.mktemp("planted") / "1", **planted()))


def test_levels_of_alignment(tmp_path: Path, write_tables: WriteTables) -> None:
    levels = [(1, 0.2), (1, 0.25), (8, 0.4), (None, None)]
    images = [
        image(f"{n:064x}", f"A cat {n}.", **place(f"{n}.jpg"), alignment_level=level, clip_score=score)
        for n, (level, score) in enumerate(levels)
    ]
    found = measure(write_tables(tmp_path / "1", images=images))["alignment"]
    assert found == [
        {"level": 1, "images": 2, "lowest": 0.2, "highest": 0.25},
        {"level": 8, "images": 1, "lowest": 0.4, "highest": 0.4},
    ]
    older = {"tags": [{"tag": "cat", "images": 1}]}  # a release of before there were levels
    assert [row["before"] for row in compared({"alignment": found}, older, "alignment")] == [None, None]


def counts(rows: list[dict[str, Any]], *names: str) -> dict[Any, int]:
    return {tuple(row[name] for name in names): row["images"] for row in rows}


def test_the_biases_of_the_planted_set(statistics: Statistics) -> None:
    assert counts(statistics["bias"], "measure", "value") == {
        ("orientation", "portrait"): 99,
        ("orientation", "landscape"): 1,
        ("colour", "colour"): 95,
        ("colour", "greyscale"): 5,
        ("people", "girls"): 90,
        ("people", "boys"): 6,
        ("people", "several"): 2,
        ("people", "nobody"): 2,
        ("people", "not tagged"): 2,
        ("rating", "general"): 50,
        ("rating", "explicit"): 25,
        ("rating", "unknown"): 25,
    }
    assert statistics["bias"][0] == {"measure": "orientation", "value": "portrait", "images": 99, "percent": 99.0}


def test_one_girl_and_one_boy_are_several(tmp_path: Path, write_tables: WriteTables) -> None:
    ids = [f"{n:064x}" for n in range(3)]
    given = [(0, "1girl"), (0, "1boy"), (1, "2girls"), (2, "1girl"), (2, "solo")]
    tags = [{"image_id": ids[n], "tag": tag, "category": "general", "rank": r} for r, (n, tag) in enumerate(given)]
    images = [image(i, "x", **place(f"{i}.jpg")) for i in ids]
    found = measure(write_tables(tmp_path / "1", images=images, tags=tags))
    people = {row["value"]: row["images"] for row in found["bias"] if row["measure"] == "people"}
    assert people == {"girls": 3, "several": 2, "boys": 1}


def test_tags_alone_and_together(statistics: Statistics) -> None:
    assert statistics["tags"][:3] == [
        {"tag": "1girl", "category": "general", "images": 88, "percent": 88.0},
        {"tag": "sky", "category": "general", "images": 10, "percent": 10.0},
        {"tag": "1boy", "category": "general", "images": 6, "percent": 6.0},
    ]
    # ln(0.10 / (0.88 × 0.10)) / -ln(0.10)
    assert statistics["tag_pairs"] == [{"tag_a": "1girl", "tag_b": "sky", "images": 10, "npmi": 0.056}]


def test_lengths_and_bands(statistics: Statistics) -> None:
    plain, dense = statistics["captions"]
    assert plain == {
        "recipe": "compose", "variant": "plain", "model": "compose", "captions": 100, "mean": 4.0, "p5": 4,
        "median": 4, "p95": 4, "longest": 4, "band_low": None, "band_high": None, "off_band": None,
    }  # fmt: skip
    assert (dense["band_low"], dense["band_high"], dense["median"], dense["off_band"]) == (40, 60, 1, True)


def test_lengths_are_of_signs_long_words_and_cjk(tmp_path: Path, write_tables: WriteTables) -> None:
    ids = [f"{n:064x}" for n in range(3)]
    texts = ["a, b!", "internationalisation", "猫と犬"]
    rows = [caption(f"c{n}", ids[n], text, variant=str(n)) for n, text in enumerate(texts)]
    assert [row["median"] for row in measure(write_tables(tmp_path / "1", captions=rows))["captions"]] == [4, 3, 3]


def test_style(statistics: Statistics) -> None:
    plain, dense = statistics["style"]
    assert [plain[name] for name in ("leading_article", "trailing_period", "lower_case")] == [100.0, 100.0, 0.0]
    assert plain["openers"] == [{"opener": "a girl", "captions": 100}]
    assert [dense[name] for name in ("leading_article", "trailing_period", "lower_case")] == [0.0, 0.0, 100.0]


def test_sizes_licences_and_reasons(statistics: Statistics) -> None:
    assert counts(statistics["resolution"], "resolution") == {("512",): 100}
    assert counts(statistics["aspect"], "aspect") == {("2:3",): 99, ("3:2",): 1}
    assert counts(statistics["licences"], "licence") == {("not stated",): 70, ("CC0",): 30}
    assert statistics["reasons"] == [{"stage": "blur", "reason": "blurred", "occurrences": 1}]


def test_the_same_files_give_the_same_bytes(statistics: Statistics, tmp_path: Path, write_tables: WriteTables) -> None:
    assert as_json(measure(write_tables(tmp_path / "2", **planted()))) == as_json(statistics)
    assert json.loads(as_json(statistics)) == statistics


def test_an_empty_release_has_empty_tables(tmp_path: Path, write_tables: WriteTables) -> None:
    empty = measure(write_tables(tmp_path / "1", images=[], captions=[], tags=[], rejects=[], lineage=[]))
    assert set(empty) == {
        "bias", "captions", "style", "resolution", "aspect", "tags", "tag_pairs", "licences", "alignment",
        "reasons",
    }  # fmt: skip
    assert not any(empty.values())
    assert json.loads(as_json(empty)) == empty


def test_a_release_without_statistics(tmp_path: Path) -> None:
    assert read_statistics(tmp_path) is None


def test_compared_with_another() -> None:
    now = {"tags": [{"tag": "cat", "images": 3}, {"tag": "new", "images": 1}]}
    before = {"tags": [{"tag": "cat", "images": 2}, {"tag": "gone", "images": 9}]}
    assert compared(now, before, "tags") == [
        {"tag": "cat", "images": 3, "before": 2},
        {"tag": "new", "images": 1, "before": None},
        {"tag": "gone", "images": 0, "before": 9},
    ]
    assert compared(now, None, "tags") == now["tags"]
    assert compared({"tags": []}, {"tags": []}, "tags") == []


def test_the_card_shows_them(statistics: Statistics) -> None:
    lines = sections(statistics, None).splitlines()
    assert "| orientation | portrait | 99 | 99.0 |" in lines
    assert "| dense | dsc | vlm | 3 | 1.0 | 1 | 1 | 1 | 1 | 40 to 60, off it |" in lines
    lines = sections(statistics, statistics).splitlines()
    assert "| orientation | portrait | 99 | 99 | 99.0 |" in lines


def test_lengths_are_drawn_beside_the_published_and_those_before(statistics: Statistics, tmp_path: Path) -> None:
    longer = {**statistics, "captions": [{**row, "median": row["median"] + 40} for row in statistics["captions"]]}
    rows = compared(longer, statistics, "captions", "median")
    assert [(row["variant"], row["median"], row["before"]) for row in rows] == [("plain", 44, 4), ("dsc", 41, 1)]
    write_plots(longer, statistics, tmp_path)
    shown = {(each.text or "").strip() for each in ET.parse(tmp_path / "captions.svg").iter()}
    assert {"now", "published", "before", "dense: dsc: vlm"} <= shown


def test_plots_are_deterministic_and_escaped(statistics: Statistics, tmp_path: Path) -> None:
    hostile = {**statistics, "tags": [{"tag": "<script>x</script> $a_b$ 猫", "images": 3}]}
    first = write_plots(hostile, statistics, tmp_path / "a")
    again = write_plots(hostile, statistics, tmp_path / "b")
    assert [path.name for path in first] == [
        "bias.svg", "resolution.svg", "aspect.svg", "captions.svg", "tags.svg", "tag_pairs.svg", "licences.svg",
        "reasons.svg",
    ]  # fmt: skip
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    tags = ET.parse(tmp_path / "a" / "tags.svg")
    assert not [element for element in tags.iter() if element.tag.endswith("script")]
    assert "<script>x</script> $a_b$ 猫" in {(element.text or "").strip() for element in tags.iter()}
