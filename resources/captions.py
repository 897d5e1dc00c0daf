"""Bring captions up to date: only images whose texts, recipe or model changed are captioned."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
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
from resources.models import open_models
from resources.pictures import picture_pool
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
    by_cost = sorted(recipes, key=lambda name: bool(recipes[name].roles))
    return [_update(lake, name, recipes[name], watch, log) for name in by_cost]


def _update(lake: Lake, name: str, recipe: Recipe, watch: Watch, log: Log) -> Tally:
    bindings, piece = bound(recipe.roles, lake.config.models), lake.captions(name)
    with lake.writing(piece), closing(Journal(scratch(lake.root / "journal"))) as journal, ExitStack() as stack:
        if lake.config.captions.inherit and bindings:
            _inherit(lake, piece)
        waiting = stack.enter_context(_waiting(lake, piece))
        tally = Tally(recipe.name, pq.read_metadata(waiting).num_rows, journal.spent)
        work = _Work(lake, name, recipe, piece, bindings, journal, tally)
        if tally.total:
            asyncio.run(work.done(waiting, watch, log))
    return tally


def _inherit(lake: Lake, piece: Piece) -> None:
    """Let images that replace a worse copy of themselves take over its captions."""
    found, now = lake.table("inherited_captions", fingerprint=str(piece.fingerprint)), datetime.now(UTC)
    if found.num_rows:
        rows = [inherited(row, now) for row in found.to_pylist()]
        piece.append([pa.RecordBatch.from_pylist(rows, CAPTIONS.schema)], {}, lake.provenance)


@contextmanager
def _waiting(lake: Lake, piece: Piece) -> Iterator[Path]:
    """The rows of sql/caption_work.sql for one recipe, in a file for as long as the block runs."""
    file, limit = scratch(piece.folder) / "waiting.parquet", lake.config.captions.limit
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
    tally: Tally

    async def done(self, waiting: Path, watch: Watch, log: Log) -> None:
        """Caption all that is waiting. Raises RunError when it can't go on."""
        settings, tally = self.lake.config.captions, self.tally
        models = ", ".join(sorted({binding.model for binding in self.bindings.values()}))
        if self.bindings:
            log(estimate(self.recipe, tally.total, self.journal.runs(self.recipe.name, models)))
        run = Run(tally, self._write, watch, settings.max_failures if self.bindings else 1.0, settings.max_tokens)
        async with open_models(self.bindings, settings, log) as opened:
            tally.started = time.monotonic()
            with picture_pool(self.lake.config, self.name) as pictures:
                model = Journalled(opened, self.journal, self.bindings)
                work = images(self.lake, waiting, pictures if self.bindings else None)
                try:
                    await run.over(work, lambda image: self._captioned(image, model), self._at_once, opened.lost)
                finally:
                    self.journal.keep_run(self.recipe.name, models, tally.done, tally.seconds)

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
