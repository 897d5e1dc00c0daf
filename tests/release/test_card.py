from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from dataset_build.release.card import card
from dataset_build.release.markdown import escape

Manifest = dict[str, Any]
Images = tuple[pa.ChunkedArray, list[dict[str, Any]]]


@pytest.fixture
def manifest(tmp_path: Path, write_tables: Callable[..., Path], manifest_of: Callable[..., Manifest]) -> Manifest:
    return manifest_of(write_tables(tmp_path / "2026-01"))


def images(
    *captions: str, licences: list[str | None] | None = None, rows: int = 0
) -> tuple[pa.ChunkedArray, list[dict[str, Any]]]:
    texts = [*captions, *["x"] * (rows - len(captions))]
    ids = [f"{n:064x}" for n in range(len(texts))]
    stated = pa.array(licences or [None] * len(texts), pa.string())
    examples = [{"image_id": image_id, "caption": text} for image_id, text in zip(ids, texts, strict=True)]
    return pa.chunked_array([stated]), examples


def front_matter(text: str) -> Any:
    start, matter, _ = text.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(matter)


def test_front_matter(manifest: Manifest) -> None:
    assert front_matter(card(manifest, *images("A cat.", licences=["CC BY-SA 4.0"]))) == {
        "configs": [
            {"config_name": "images", "data_files": "images.parquet", "default": True},
            {"config_name": "captions", "data_files": "captions.parquet"},
            {"config_name": "tags", "data_files": "tags.parquet"},
            {"config_name": "rejects", "data_files": "rejects.parquet"},
            {"config_name": "lineage", "data_files": "lineage.parquet"},
        ],
        "license": "cc-by-sa-4.0",
        "size_categories": ["n<1K"],
        "task_categories": ["text-to-image", "image-to-text"],
        "tags": ["dataset-build"],
    }


@pytest.mark.parametrize(
    "licences", [["mit", "cc0-1.0"], ["mit", None], ["all rights: reserved\n- x", "all rights: reserved\n- x"]]
)
def test_no_licence_unless_all_share_a_known_one(manifest: Manifest, licences: list[str | None]) -> None:
    assert "license" not in front_matter(card(manifest, *images("a", "b", licences=licences)))


@pytest.mark.parametrize(("rows", "category"), [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10_000, "10K<n<100K")])
def test_size_category(manifest: Manifest, rows: int, category: str) -> None:
    assert front_matter(card(manifest, *images(rows=rows)))["size_categories"] == [category]


def test_the_tables_show_the_counts(manifest: Manifest) -> None:
    lines = card(manifest, *images("A cat.")).splitlines()
    assert "# Release 2026-01" in lines
    assert "2 captioned images, out of 8 occurrences of images and broken files." in lines
    assert "| source | 8 | not_an_image 1, replaced 1 | 6 |" in lines
    assert "| duplicate | 4 | near_duplicate 1, same_bytes 1 | 2 |" in lines
    assert "| scrape | scrape | 8 | 99 | d0 |" in lines
    assert "| phash | string | ImageHash's 64-bit phash, hex |" in lines
    assert "| 000000000000 | A cat. |" in lines
    assert any(line.startswith("| lineage.parquet | 6 | ") for line in lines)


def test_no_clock_and_no_run_id(manifest: Manifest) -> None:
    later = {**manifest, "created_at": "2031-01-01T00:00:00+00:00", "run_id": "other"}
    later["drops"] = [{**drop, "registered_at": "2030", "run_id": "other"} for drop in manifest["drops"]]
    assert card(manifest, *images("A cat.")) == card(later, *images("A cat."))


def test_failed_drops_are_named(manifest: Manifest) -> None:
    text = card({**manifest, "failed_drops": ["bad*drop"]}, *images())
    assert "Left out, since they failed: bad\\*drop." in text


def test_hostile_captions_stay_in_their_cell(manifest: Manifest) -> None:
    hostile = "x | y\n---\n# T <img onerror=alert(1)> [a](http://b) `c` ${d} \x1b[0m"
    lines = card(manifest, *images(hostile)).splitlines()
    assert [line for line in lines if line.startswith("| 000000000000")] == [
        r"| 000000000000 | x \| y\\n---\\n\# T &lt;img onerror=alert(1)&gt; \[a\](http\://b) \`c\` \${d} \\x1b\[0m |"
    ]


def test_long_captions_are_cut(manifest: Manifest) -> None:
    assert f"| 000000000000 | {'a' * 300} … |" in card(manifest, *images("a" * 301))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("not_an_image", "not_an_image"),
        ("_a_ and __b__", r"\_a\_ and \_\_b\_\_"),
        ("*a* ~~b~~ `c` $d$", r"\*a\* \~\~b\~\~ \`c\` \$d\$"),
        ("![i](j) a|b\\", r"!\[i\](j) a\|b" + "\\\\"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("see http://a.b, WWW.c.d, @e", r"see http\://a.b, WWW\.c.d, \@e"),
        ("a: b. c", "a: b. c"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert escape(text) == escaped
