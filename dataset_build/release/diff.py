"""What changed from one release to another, counted and listed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset_build.release.across import Releases
from dataset_build.release.explain import Failure, rule
from dataset_build.release.page import Card, Page, Section
from dataset_build.release.text import plain

Row = Mapping[str, Any]
TITLES = {
    "added": "Added",
    "removed": "Removed",
    "replaced": "Replaced by a duplicate",
    "recaptioned": "With another caption",
    "retagged": "With other tags",
    "reordered": "With the same tags in another order",
}
COUNTS = """
select change, stage, reason, made_before, made_after, count(*) as images
from differences
group by all
order by images desc, stage, reason, made_before, made_after
"""
LISTED = """
from differences
qualify row_number() over (partition by change order by image_id) <= $limit
order by image_id
"""


@dataclass(frozen=True)
class Diff:
    """Two releases compared: how many images each has, and `counts` and `changes` as rows of release_diff.

    `counts` has a row per change, stage, reason and makers of the captions; `changes` the first images of each change.
    """

    before: str
    after: str
    images: tuple[int, int]
    counts: tuple[Row, ...]
    changes: tuple[Row, ...]


def diff(lake: str | Path, before: str, after: str, limit: int = 20) -> Diff:
    """Compare two releases, named by version or tag; `limit` is the number of images listed of each change.

    An image that was left out and has a duplicate in the new release was replaced. The caption is the one that is
    chosen. Raises as `open_release` does.
    """
    with Releases(lake, before, after) as releases:
        old, new = releases.versions
        releases.sql("create temp table differences as from release_diff($a, $b)", {"a": old, "b": new})
        images = {each.version: each.manifest["files"]["images.parquet"]["rows"] for each in releases.opened}
        return Diff(
            before=old,
            after=new,
            images=(images[old], images[new]),
            counts=_rows(releases, COUNTS),
            changes=_rows(releases, LISTED, limit=limit),
        )


def _rows(releases: Releases, query: str, **values: Any) -> tuple[Row, ...]:
    """The rows in the order of TITLES."""
    found = releases.sql(query, values)
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return tuple(sorted(rows, key=lambda row: list(TITLES).index(row["change"])))


def as_json(found: Diff) -> str:
    """The comparison as JSON: what isn't known of a change is left out."""
    document = {
        "before": {"release": found.before, "images": found.images[0]},
        "after": {"release": found.after, "images": found.images[1]},
        "counts": [_known(row) for row in found.counts],
        "changes": [_known(row) for row in found.changes],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _known(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def summary(found: Diff) -> str:
    """What happened to how many images, in a line."""
    return f"release {found.before}: {found.images[0]:,} images; release {found.after}: {found.images[1]:,} images"


def counted(found: Diff) -> Iterator[tuple[str, str, str]]:
    """The counts as change, cause and images."""
    for row in found.counts:
        yield row["change"], _cause(row), f"{row['images']:,}"


def _cause(row: Row) -> str:
    if row["change"] == "added":
        return "new" if row["reason"] == "new" else f"was left out by {row['stage']}: {row['reason']}"
    if row["change"] == "recaptioned":
        makers = dict.fromkeys(filter(None, (row["made_before"], row["made_after"])))
        return f"{row['reason']} ({' → '.join(makers)})"
    return ": ".join(filter(None, (row["stage"], row["reason"])))


def listed(found: Diff) -> Iterator[str]:
    """The first images of each change, some lines each: change, start of the id, file, and what is to be said of it."""
    for row in found.changes:
        yield f"{row['change']:<11} {row['image_id'][:12]}  {plain(_place(row))}"
        yield from (f"    {name}: {plain(value)}" for name, value in _lines(row))


def _place(row: Row) -> str:
    return "/".join(filter(None, (row["uri"], row["member"])))


def _lines(row: Row) -> Iterator[tuple[str, str]]:
    """What is to be said of one change."""
    if row["stage"]:
        name = "was left out" if row["change"] == "added" else "left out"
        yield name, rule(Failure(row["stage"], row["reason"], row["value"], row["threshold"]))
    elif row["reason"]:
        yield "cause", row["reason"]
    if row["replaced_by"]:
        yield "replaced by", row["replaced_by"]
    for name in ("detail", "caption_before", "caption_after"):
        if row[name]:
            yield name.replace("_", " "), row[name]
    if row["made_before"] != row["made_after"]:
        yield "made before", row["made_before"] or ""
        yield "made after", row["made_after"] or ""
    for name in ("tags_added", "tags_removed"):
        if row[name]:
            yield name.replace("_", " "), " ".join(row[name])


def diff_page(found: Diff) -> Page:
    """The comparison as a page: the counts, and under each change its first images."""
    sections = []
    for change, title in TITLES.items():
        cards = [_card(row) for row in found.changes if row["change"] == change]
        total = sum(row["images"] for row in found.counts if row["change"] == change)
        if cards:
            shown = f", the first {len(cards):,}" if total > len(cards) else ""
            sections.append(Section(f"{title}: {total:,} images{shown}", cards))
    title = f"From release {found.before} to release {found.after}"
    return Page(title, [summary(found)], sections, ("change", "cause", "images"), list(counted(found)))


def _card(row: Row) -> Card:
    pictures = [row["image_id"], *filter(None, [row["replaced_by"]])]
    return Card(pictures, _place(row), [*_lines(row), ("image_id", row["image_id"])])
