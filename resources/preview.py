"""What a changed configuration would keep and reject, worked out in memory from stored facts; nothing is built."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dataset_build.config import Config, ConfigError, with_settings
from dataset_build.contact_sheet import contact_sheet
from dataset_build.errors import UserError
from dataset_build.queries import load_query
from dataset_build.steps import Fingerprints
from resources.dedup import GROUPED_FROM, grouped
from resources.images import tiles
from resources.lake import TABLES, Lake

VERDICTS = ("image_verdicts", "duplicates", "image_texts", "corpus_verdicts", "caption_failures", "caption_verdicts")
TILES = 48


class NeedsFacts(UserError):
    """A setting can't be previewed: what it changes has not been measured."""


@dataclass(frozen=True)
class Preview:
    """Two outcomes side by side. `stages` has a row per stage and reason: stage, reason (null for a stage that rejects
    nothing), now and changed (images). `changes` has a row per image that changes sides: image_id, comes_in, reason.
    `to_caption` counts images that would be captioned first; here they pass."""

    images: int
    stages: pa.Table
    changes: pa.Table
    to_caption: int


class Draft(Lake):
    """A lake whose verdicts and what follows from them lie in memory, where those that are stored don't fit.

    `other` is a draft to share with as far as both are made from the same.
    """

    keeps_views = False  # a version tells of stored rows, not of held ones

    def __init__(self, root: Path, config: Config, other: "Draft | None" = None) -> None:
        super().__init__(root, config)
        self.held: dict[str, pa.Table] = {}
        stored = shared = True
        for name in VERDICTS:
            stored = stored and self._is_stored(name)
            shared = shared and other is not None and str(self.fingerprint(name)) == str(other.fingerprint(name))
            if shared and other is not None and name in other.held:
                self.held[name] = other.held[name]
            elif not (shared or stored):
                self.held[name] = self._made(name)

    def _is_stored(self, name: str) -> bool:
        inputs = GROUPED_FROM if name == "duplicates" else load_query(name).inputs
        manifest = self.piece(name).manifest or {}
        return manifest.get("inputs") == {table: self.version(table) for table in inputs}

    def _made(self, name: str) -> pa.Table:
        if name == "duplicates":
            return grouped(self)
        made = self.table(name)
        if name == "caption_verdicts":
            made = made.filter(pc.invert(pc.is_in(made.column("image_id"), _waiting(self))))
        return made.cast(TABLES[name].schema)

    def _register_table(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        if name in self.held:
            connection.register(name, self.held[name])
        else:
            super()._register_table(connection, name)


def preview(root: Path, config: Config, settings: Sequence[str]) -> tuple[Preview, Draft]:
    """What changing `settings` (section.key=value) would do to the images of a lake, and the lake as it would be.

    Raises ConfigError for a wrong setting, NeedsFacts for one that verdicts are not made from.
    """
    changed = with_settings(config, settings)
    if not Lake(root, config).pieces("image_facts"):
        raise UserError(f"{root} holds no facts under this configuration; run `dataset-build build` first")
    _refuse_new_facts(config, changed, settings)
    now = Draft(root, config)
    then = Draft(root, changed, now)
    then.held |= {"outcomes_now": now.table("outcomes"), "outcomes_changed": then.table("outcomes")}
    waiting = len(_waiting(then).unique())
    images = then.held["outcomes_now"].num_rows
    return Preview(images, then.table("preview_stages"), then.table("preview_changes"), waiting), then


def sheet(lake: Draft, changes: pa.Table) -> bytes:
    """A contact sheet (PNG) of images that change sides: + comes in, - goes out, and the reason it fails or failed."""
    rows = changes.slice(0, TILES).to_pylist()
    rows.sort(key=lambda row: (not row["comes_in"], row["reason"]))
    picks = [(row["image_id"], f"{'+' if row['comes_in'] else '-'} {row['reason']}") for row in rows]
    return contact_sheet(tiles(lake, picks))


def _waiting(lake: Lake) -> pa.ChunkedArray:
    """The images that a recipe has still to caption."""
    with lake.connect(["missing_captions"]) as connection:
        return connection.table("missing_captions").to_arrow_table().column("image_id")


def _refuse_new_facts(config: Config, changed: Config, settings: Sequence[str]) -> None:
    tables = _facts_that_differ(config, changed)
    if tables:
        guilty = [setting for setting in settings if _changes_facts(config, setting)]
        raise NeedsFacts(
            f"{', '.join(guilty or settings)}: needs new facts ({', '.join(tables)}), which only a build can make; "
            "preview settings that verdicts alone are made from"
        )


def _changes_facts(config: Config, setting: str) -> bool:
    try:
        return bool(_facts_that_differ(config, with_settings(config, [setting])))
    except ConfigError:
        return True


def _facts_that_differ(config: Config, changed: Config) -> list[str]:
    """The tables, verdicts apart, that the two configurations don't have in common."""
    facts = [name for name in TABLES if name not in VERDICTS]
    one, other = Fingerprints(config), Fingerprints(changed)
    return [name for name in facts if str(one[name]) != str(other[name])]
