"""What the steps of a plan will need: captions, hours of a GPU and disk, by what the lake has seen so far."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from dataset_build.captions.bindings import bound
from dataset_build.captions.recipe import load_recipe
from dataset_build.locations import scratch
from dataset_build.release.reader import folder_of, releases
from dataset_build.release.tags import newest
from resources.journal import Journal
from resources.lake import TABLES, Lake

A_SECOND = 10  # captions of one GPU, where no run was measured; an assumption
OF_TABLES, OF_RELEASE = 5_000, 1_000  # bytes an image, where there is no release to go by (docs/scale.md)


@dataclass(frozen=True)
class Read:
    """What is to be read from sources."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Needs:
    """Of one build. `measured` is whether the hours are those of earlier runs, else they are assumed."""

    captions: int
    gpu_hours: float
    measured: bool
    disk: int  # bytes that are written and stay, a release included

    def __str__(self) -> str:
        why = "as in earlier runs" if self.measured else f"at {A_SECOND} captions a second, which nobody has measured"
        gpu = f"{self.gpu_hours:,.2g} GPU hours ({why})" if self.gpu_hours else "no GPU"
        return f"about {self.captions:,} captions, {gpu}, {self.disk / 1e6:,.1f} MB of disk"


def needs_of(lake: Lake, read: Sequence[Read], waiting: Mapping[str, int]) -> Needs:
    """`waiting` are the images without a caption by recipe; those to be read are taken to fare like those before."""
    files, size = sum(each.files for each in read), sum(each.bytes for each in read)
    last, before = newest(releases(lake.root)), sum(drop.bytes for drop in lake.drops.active())
    held = last["files"]["images.parquet"]["rows"] if last else 0
    share = size / before if held and before else 0.0
    images = round(held * share) if held else files
    counts = {name: _capped(lake, name, waiting.get(name, 0) + images) for name in lake.config.captions.recipes}
    hours = [_hours(lake, name, count) for name, count in counts.items()]
    tables = round(_bytes_of_tables(lake) * share) if held else images * OF_TABLES
    return Needs(
        sum(counts.values()),
        sum(each for each, _ in hours),
        all(measured for _, measured in hours),
        tables + (_bytes_of_release(lake, last["version"]) if last else images * OF_RELEASE),
    )


def _capped(lake: Lake, recipe: str, images: int) -> int:
    limit = lake.config.captions.limit if load_recipe(recipe).roles else 0
    return min(images, limit) if limit else images


def _hours(lake: Lake, name: str, images: int) -> tuple[float, bool]:
    """Of a GPU, for a recipe; and whether they were measured."""
    recipe = load_recipe(name)
    models = ", ".join(sorted({binding.model for binding in bound(recipe.roles, lake.config.models).values()}))
    if not (models and images):
        return 0.0, True
    with closing(Journal(scratch(lake.root / "journal"))) as journal:
        runs = journal.runs(recipe.name, models)
    each = runs["seconds"] / runs["images"] if runs else 1 / A_SECOND
    return images * each / 3600, bool(runs)


def _bytes_of_tables(lake: Lake) -> int:
    pieces = (piece for name in TABLES for piece in lake.pieces(name).values())
    return sum(part["bytes"] for piece in pieces for part in (piece.manifest or {"parts": []})["parts"])


def _bytes_of_release(lake: Lake, version: str) -> int:
    return sum(file.stat().st_size for file in (folder_of(lake.root) / version).iterdir())
