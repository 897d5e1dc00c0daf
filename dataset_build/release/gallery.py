"""The rows of any query that names images, as a page of pictures."""

from collections.abc import Iterator, Mapping
from typing import Any

from dataset_build.queries import load_query
from dataset_build.release.errors import BadQuery
from dataset_build.release.explain import Failure, rule
from dataset_build.release.page import Card, Page, Section
from dataset_build.release.query import as_cell, as_json, run_sql, unique
from dataset_build.release.reader import Release

Row = Mapping[str, Any]


def gallery(release: Release, query: str, limit: int = 200) -> Page:
    """A page with the first `limit` rows of a query, in its order, each with what the release knows of its image.

    The query needs a column image_id; its other columns are shown beside caption, tags, verdict and duplicates.
    Raises BadQuery.
    """
    rows, more = _rows(release, query, limit)
    known = _known(release, list(map(_id, rows)))
    cards = [_card(row, known.get(_id(row), {})) for row in rows]
    count = f"the first {limit:,} rows; there are more" if more else f"{len(rows):,} rows"
    return Page(f"Release {release.version}", [query, count], [Section("", cards)])


def _rows(release: Release, query: str, limit: int) -> tuple[list[Row], bool]:
    found = run_sql(release, query, limit + 1)
    if found is None or "image_id" not in found.columns:
        raise BadQuery("the query gives no column image_id, by which the pictures are found")
    columns, rows = list(unique(found.columns)), found.fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows[:limit]], len(rows) > limit


def _known(release: Release, image_ids: list[str]) -> dict[str, Row]:
    found = release.sql(load_query("gallery").text, {"image_ids": image_ids})
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return {row["image_id"]: row for row in rows}


def _card(row: Row, known: Row) -> Card:
    own = [(name, as_cell(as_json(value))) for name, value in row.items() if name != "image_id"]
    words = [line for line in _words(known) if line not in own]
    image_id = _id(row)
    return Card([image_id], known.get("place") or image_id or "no bytes", [*own, *words, ("image_id", image_id)])


def _id(row: Row) -> str:
    return "" if row["image_id"] is None else str(row["image_id"])


def _words(known: Row) -> Iterator[tuple[str, str]]:
    if not known:
        return
    yield "verdict", "kept" if known["kept"] else "left out"
    yield from (("failed", rule(Failure(**failure))) for failure in known["failures"])
    for name in ("by_hand", "caption", "captioned_by", "tags"):
        if known[name]:
            yield name, known[name]
    if known["duplicate_of"]:
        bits = known["duplicate_distance"]
        yield "duplicate of", known["duplicate_of"] + ("" if bits is None else f", {bits} of 256 bits differ")
    if known["merged"]:
        yield "merged into it", " ".join(known["merged"])
