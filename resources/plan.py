"""What a build would do and why, without doing it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from dataset_build.captions.bindings import bound
from dataset_build.captions.recipe import load_recipe
from dataset_build.locations import scratch
from dataset_build.release.reader import releases
from dataset_build.release.tags import newest
from dataset_build.schemas import LAKE_TABLES
from resources.estimate import estimate
from resources.journal import Journal
from resources.lake import EVERY_FINGERPRINT, PER_DROP, Lake
from resources.needs import Needs, Read, needs_of
from resources.pieces import Piece
from resources.releases import inputs_of, twin_of
from resources.retries import to_retry
from resources.storage import read_json

SHOWN, LONGEST = 3, 150  # differences told of one step, characters of one
OF_PEOPLE = {"takedowns", "overrides"}
SEARCHED = {"duplicate_pairs": "image_facts", "embedding_pairs": "image_embeddings"}  # drop by drop


@dataclass(frozen=True)
class Step:
    """Something that would be made: a table or the share of a drop in it, or a new drop."""

    what: str
    where: str  # a drop; empty for the whole corpus
    why: str
    read: Read = field(default_factory=Read)  # what is read from sources for it
    waiting: Mapping[str, int] = field(default_factory=dict)  # images without a caption, by recipe


def plan(lake: Lake) -> Iterator[Step]:
    """The steps of the next build, in the order in which they would run. Nothing is written, and no file opened but
    those that could not be read before.

    What follows from new drops for the whole corpus is known only once they are read.
    """
    yield from _drops(lake)
    for table in LAKE_TABLES:
        if table.name in PER_DROP:
            yield from _unread(lake, table.name)
        elif table.name not in EVERY_FINGERPRINT | OF_PEOPLE and (why := _stale(lake, table.name)):
            yield Step(table.name, "", why)
    yield from _captions(lake)
    yield from _release(lake)


def needs(lake: Lake, steps: Sequence[Step]) -> Needs:
    """What the steps will cost, as far as it can be told before anything is read."""
    waiting = {name: count for step in steps for name, count in step.waiting.items()}
    return needs_of(lake, [step.read for step in steps], waiting)


def _drops(lake: Lake) -> Iterator[Step]:
    for source in lake.drops.sources():
        for group, news in lake.drops.news(source, lake.config.arrival, to_retry(lake, source)).items():
            counts = {row["values"]: row["counts"] for row in pc.value_counts(news["change"]).to_pylist()}
            here = news.filter(pc.not_equal(news["change"], "vanished"))
            size = pc.sum(here["size"]).as_py() or 0
            files = ", ".join(f"{number:,} {change}" for change, number in sorted(counts.items()))
            yield Step(
                "new drop", f"{source}, {group}", f"files: {files}; {size / 1e6:,.0f} MB", Read(here.num_rows, size)
            )


def _unread(lake: Lake, name: str) -> Iterator[Step]:
    """The drops whose share of a table is missing."""
    if lake.off(name):
        return
    for drop in lake.drops.active():
        piece = lake.piece(name, drop.name)
        if not piece.version:
            why = _changed(piece, piece.folder.parent.parent.glob(f"*/{drop.name}/manifest.json"))
            yield Step(name, drop.name, why, Read(drop.files, drop.bytes) if name == "image_facts" else Read())


def _stale(lake: Lake, name: str) -> str | None:
    """Why a table of the whole corpus would be made again, as far as can be told now."""
    piece = lake.piece(name)
    manifest = piece.manifest
    if lake.off(name):
        return None
    if manifest is None:
        return _changed(piece, piece.folder.parent.glob("*/manifest.json"))
    if name in SEARCHED:
        found = [drop.name for drop in lake.drops.all() if lake.piece(SEARCHED[name], drop.name).version]
        left = [drop for drop in found if drop not in manifest["inputs"]]
        return f"{len(left):,} drops are not searched" if left else None
    changed = [table for table, version in manifest["inputs"].items() if lake.version(table) != version]
    return f"other rows in {', '.join(changed)}" if changed else None


def _release(lake: Lake) -> Iterator[Step]:
    """A release that would be written in another way than the last."""
    last, inputs = newest(releases(lake.root)), inputs_of(lake)
    if last and not twin_of(lake.root, inputs):
        names = [name.removesuffix("_step") for name, made in inputs.items() if last["inputs"].get(name) != made]
        if queries := [name for name in names if name.startswith("release_")]:
            yield Step("release", "", f"stale: {', '.join(queries)} changed")


def _changed(piece: Piece, manifests: Iterator[Path]) -> str:
    """What is different from the last that was made, setting by setting."""
    made = sorted(manifests, key=lambda file: file.stat().st_mtime_ns)
    if not made:
        return "new"
    before, now = _flat(read_json(made[-1])["made_from"]), _flat(piece.fingerprint.parts)
    names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    told = list(dict.fromkeys(_told(name, before.get(name, "nothing"), now.get(name, "nothing")) for name in names))
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return "stale: " + ", ".join(told[:SHOWN]) + more


def _captioned(lake: Lake, recipe: str) -> Iterator[Path]:
    """Manifests of all captions by a recipe, whatever else they were made from."""
    for folder, piece in lake.pieces("captions").items():
        if (piece.manifest or {})["made_from"].get("recipe") == recipe:
            yield lake.piece("captions").folder.parent / folder / "manifest.json"


def _told(name: str, before: Any, now: Any) -> str:
    """One difference, by the query that it belongs to; values are left out where nobody would read them."""
    values = f" from {before} to {now}"
    return f"{name.rsplit('views.', 1)[-1]} changed{values if len(values) <= LONGEST else ''}"


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """A nested mapping as one of dotted names."""
    if not isinstance(value, Mapping):
        return {name: value}
    parts = [_flat(each, f"{name}.{key}".strip(".")) for key, each in value.items()]
    return {key: each for part in parts for key, each in part.items()}


def _captions(lake: Lake) -> Iterator[Step]:
    """What is to be captioned of the images that are there, by recipe, and what that may cost."""
    missing = lake.view("missing_captions")
    counts = pc.value_counts(missing["fingerprint"]).to_pylist()
    images = {row["values"]: row["counts"] for row in counts}
    for name in lake.config.captions.recipes:
        recipe, piece = load_recipe(name), lake.captions(name)
        count = images.get(str(piece.fingerprint), 0)
        if not count:
            continue
        models = ", ".join(sorted({binding.model for binding in bound(recipe.roles, lake.config.models).values()}))
        cost = f"{count:,} images, no model"
        if models:
            with closing(Journal(scratch(lake.root / "journal"))) as journal:
                cost = estimate(recipe, count, journal.runs(recipe.name, models))
        why = "no final caption" if piece.version else _changed(piece, _captioned(lake, recipe.name))
        yield Step(f"captions by {name}", "", f"{why}; {cost}", waiting={name: count})
