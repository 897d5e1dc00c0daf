"""The command line's `lake` commands: keep the tables of a lake few, needed and of the present columns."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, out
from dataset_build.errors import UserError

app = typer.Typer(help="Keep a lake tidy. No command changes what a build makes.", no_args_is_help=True)


@app.command()
def compact(lake: LakeOption = LAKE) -> None:
    """Merge small parts of tables, such as those that nights of captions leave. Rows and their order stay."""
    from dataset_build.config import Config
    from resources.housekeeping import compact as run
    from resources.lake import Lake

    saved = 0
    for piece, parts in run(Lake(_root(lake), Config())):
        out.print(f"{piece.table.name} {escape(piece.folder.name)}: {parts:,} parts less", highlight=False)
        saved += parts
    out.print(f"{saved:,} parts less" if saved else "there is nothing to merge")


@app.command()
def gc(
    apply: Annotated[bool, typer.Option("--apply", help="Delete it; without this, only say what.")] = False,
    captions: Annotated[
        bool, typer.Option("--captions", help="Captions too that no release and no configured recipe shows.")
    ] = False,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Say what neither a release nor the configuration needs, and delete it with --apply.

    Example: dataset-build lake gc --config dataset.toml
    """
    from dataset_build.config import load_config
    from resources.housekeeping import clean, waste
    from resources.lake import Lake

    held = Lake(_root(lake), load_config(config))
    table, freed, spared = Table("table", "where", "bytes", "why"), 0, 0
    table.columns[2].justify = "right"
    for found in waste(held):
        spare = found.costly and not captions
        why = f"{found.why}; they may have cost much: deleted with --captions only" if spare else found.why
        table.add_row(found.table, escape(found.where), f"{found.bytes:,}", why)
        freed, spared = freed + found.bytes * (not spare), spared + found.bytes * spare
    out.print(table if table.row_count else "there is nothing to delete")
    if apply:
        freed = sum(found.bytes for found in clean(held, captions))
    if freed:
        out.print(f"{freed:,} bytes {'are deleted' if apply else 'would be deleted by --apply'}")
    if spared:
        out.print(f"{spared:,} bytes of captions are kept without --captions")


@app.command()
def upgrade(lake: LakeOption = LAKE, config: ConfigOption = None) -> None:
    """Carry tables over that were written before columns were added. The new columns are null in them."""
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.upgrade import upgrade as run

    count = 0
    for new, old in run(Lake(_root(lake), load_config(config))):
        where = f"{old.folder.parent.name}/{old.folder.name} as {new.folder.parent.name}/{new.folder.name}"
        out.print(f"{new.table.name}: {escape(where)}", highlight=False, soft_wrap=True)
        count += 1
    out.print(f"{count:,} carried over" if count else "every table has the present columns")


def _root(lake: Path) -> Path:
    if not (lake / "tables").is_dir():
        raise UserError(f"{lake} is no lake that a build has written to; name it with --lake")
    return lake.resolve()
