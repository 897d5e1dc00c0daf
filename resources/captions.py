"""Bring captions up to date: only images whose texts, recipe or model changed are captioned."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.captions.bindings import bound
from dataset_build.captions.calls import Model
from dataset_build.captions.recipe import Recipe, load_recipe
from dataset_build.captions.rows import Key, inherited, write
from dataset_build.config import Binding
from dataset_build.locations import scratch
from dataset_build.schemas import CAPTIONS
from resources.caption_work import Image, images
from resources.captioning import Run, Tally
from resources.estimate import estimate
from resources.journal import Journal, Journalled
from resources.lake import Lake
from resources.models import Roles, open_models
from resources.pictures import Pictures, picture_pool
from resources.pieces import Piece
from resources.storage import write_parquet
from resources.work import Log

AHEAD = 16  # images whose pictures are made while as many requests as may be are in flight
Watch = Callable[[Tally], None]


def update_captions(lake: Lake, watch: Watch, log: Log) -> list[Tally]:
    """Caption the survivors that a configured recipe has no final caption for, from the texts that they have now.

    Recipes that ask no model go first. Raises RunError when one can't go on; what was finished is kept.
    """
    recipes = {name: load_recipe(name) for name in lake.config.captions.recipes}
    needs = {name: bound(recipe.roles, lake.config.models) for name, recipe in recipes.items()}
    tallies: list[Tally] = []
    for names in sessions(needs):
        with ExitStack() as stack:
            works = [stack.enter_context(_prepared(lake, name, recipes[name], needs[name])) for name in names]
            if waiting := [work for work in works if work.tally.total]:
                asyncio.run(_session(waiting, sum(tally.spent.tokens for tally in tallies), watch, log))
            tallies += [work.tally for work in works]
    return tallies


def sessions(needs: Mapping[str, Mapping[str, Binding]]) -> list[list[str]]:
    """Recipes by name in groups, each of which opens its models once: those without any, and then each together with
    one that opens all of its models anyway."""
    groups: list[list[str]] = [[name for name, mine in needs.items() if not mine]]
    for name in sorted(needs, key=lambda name: -len(needs[name])):
        mine = needs[name].values()
        joined = (group for group in groups[1:] if all(each in needs[group[0]].values() for each in mine))
        if mine and (group := next(joined, None)):
            group.append(name)
        elif mine:
            groups.append([name])
    return groups


async def _session(works: Sequence["_Work"], spent: int, watch: Watch, log: Log) -> None:
    """One recipe after the other, at models that stay open. Raises RunError when one can't go on."""
    config = works[0].lake.config
    bindings = {role: binding for work in works for role, binding in work.bindings.items()}
    for work in works if bindings else ():
        log(work.estimate())
    async with open_models(bindings, config.captions, log) as opened:
        for work in works:
            with picture_pool(config, work.name) as pictures:
                await work.done(opened, pictures, spent, watch)
            spent += work.tally.spent.tokens


@contextmanager
def _prepared(lake: Lake, name: str, recipe: Recipe, bindings: Mapping[str, Binding]) -> Iterator["_Work"]:
    """A recipe with its images, and nobody else writing its captions, for as long as the block runs."""
    piece = lake.captions(name)
    with lake.writing(piece), closing(Journal(scratch(lake.root / "journal"))) as journal:
        if lake.config.captions.inherit and bindings:
            _inherit(lake, piece)
        with _waiting(lake, piece, lake.config.captions.limit if bindings else 0) as waiting:
            tally = Tally(recipe.name, pq.read_metadata(waiting).num_rows, journal.spent)
            yield _Work(lake, name, recipe, piece, bindings, journal, waiting, tally)


def _inherit(lake: Lake, piece: Piece) -> None:
    """Let images that replace a worse copy of themselves take over its captions."""
    found, now = lake.table("inherited_captions", fingerprint=str(piece.fingerprint)), datetime.now(UTC)
    if found.num_rows:
        rows = [inherited(row, now) for row in found.to_pylist()]
        piece.append([pa.RecordBatch.from_pylist(rows, CAPTIONS.schema)], {}, lake.provenance)


@contextmanager
def _waiting(lake: Lake, piece: Piece, limit: int) -> Iterator[Path]:
    """The rows of sql/caption_work.sql for one recipe, in a file for as long as the block runs."""
    file = scratch(piece.folder) / "waiting.parquet"
    with lake.reading("caption_work", fingerprint=str(piece.fingerprint), limit=limit) as found:
        write_parquet(file, found, found.schema)
    try:
        yield file
    finally:
        file.unlink()


@dataclass(frozen=True)
class _Work:
    """A recipe, named as in the settings, at work on a lake."""

    lake: Lake
    name: str
    recipe: Recipe
    piece: Piece
    bindings: Mapping[str, Binding]
    journal: Journal
    waiting: Path
    tally: Tally

    def estimate(self) -> str:
        """What it will cost, in a line."""
        return estimate(self.recipe, self.tally.total, self.journal.runs(self.recipe.name, self._models))

    async def done(self, opened: Roles, pictures: Pictures, spent: int, watch: Watch) -> None:
        """Caption all that is waiting, after recipes that cost `spent` tokens. Raises RunError when it can't go on."""
        settings, tally = self.lake.config.captions, self.tally
        max_failures = settings.max_failures if self.bindings else 1.0
        run = Run(tally, self._write, watch, max_failures, settings.max_tokens, spent)
        tally.started = time.monotonic()
        model = Journalled(opened, self.journal, self.bindings)
        work = images(self.lake, self.waiting, pictures if self.bindings else None)
        try:
            await run.over(work, lambda image: self._captioned(image, model), self._at_once, opened.lost)
        finally:
            self.journal.keep_run(self.recipe.name, self._models, tally.done, tally.seconds)

    @property
    def _models(self) -> str:
        return ", ".join(sorted({binding.model for binding in self.bindings.values()}))

    @property
    def _at_once(self) -> int:
        servers = max((len(binding.endpoints) for binding in self.bindings.values()), default=0) or 1
        return AHEAD + servers * self.lake.config.captions.max_in_flight

    async def _captioned(self, image: Image, model: Model) -> list[dict[str, object]]:
        """The rows of one image."""
        settings = self.lake.config.captions
        key = Key(str(self.piece.fingerprint), image.input_hash, image.attempts + 1, settings.attempts)
        values = settings.model_dump(include=set(self.recipe.reads))
        sampling = {role: binding.sampling for role, binding in self.bindings.items()}
        return await write(self.recipe, image.subject, image.views, model, key, datetime.now(UTC), values, sampling)

    def _write(self, rows: list[dict[str, object]]) -> None:
        if rows:
            self.piece.append([pa.RecordBatch.from_pylist(rows, CAPTIONS.schema)], {}, self.lake.provenance)
