"""The command line's `drop` and `source` commands: what has arrived, and where it lies."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, LakeOption, out

drop_app = typer.Typer(help="Look at drops, and take them out.", no_args_is_help=True)
source_app = typer.Typer(help="Say where sources lie, or forget them.", no_args_is_help=True)

PlaceArgument = Annotated[str, typer.Argument(metavar="PLACE", help="A folder, or s3://bucket/prefix.")]


@drop_app.command("list")
def drop_list(lake: LakeOption = LAKE) -> None:
    """All drops, in the order of their arrival."""
    from resources.drops import Drops

    table = Table("#", "drop", "source", "files", "bytes", "vanished", "registered", "")
    for drop in Drops(lake.resolve() / "drops").all():
        state = "removed" if drop.removed else ""
        table.add_row(
            str(drop.sequence), escape(drop.name), escape(drop.source), f"{drop.files:,}", f"{drop.bytes:,}",
            str(drop.vanished), drop.registered_at, state,
        )  # fmt: skip
    out.print(table)


@drop_app.command("remove")
def drop_remove(name: str, lake: LakeOption = LAKE) -> None:
    """Leave a drop out of every later release. Nothing is deleted; `drop restore` takes it back."""
    from resources.drops import Drops

    Drops(lake.resolve() / "drops").remove(name)
    out.print(f"removed {escape(name)}; the next build makes a release without it")


@drop_app.command("restore")
def drop_restore(name: str, lake: LakeOption = LAKE) -> None:
    """Take a removed drop back."""
    from resources.drops import Drops

    Drops(lake.resolve() / "drops").restore(name)
    out.print(f"restored {escape(name)}")


@source_app.command("add")
def source_add(place: PlaceArgument, lake: LakeOption = LAKE) -> None:
    """Have every later build look into a folder or bucket; `build --source` does the same, and builds."""
    from resources.drops import Drops

    drops = Drops(lake.resolve() / "drops")
    name = drops.add_source(place)
    out.print(f"{escape(name)}: {escape(str(drops.sources()[name]))}", soft_wrap=True)


@source_app.command("list")
def source_list(lake: LakeOption = LAKE) -> None:
    """The folders and buckets that a build looks into."""
    from resources.drops import Drops

    for name, root in Drops(lake.resolve() / "drops").sources().items():
        out.print(f"{escape(name)}: {escape(str(root))}", soft_wrap=True)


@source_app.command("move")
def source_move(name: str, place: PlaceArgument, lake: LakeOption = LAKE) -> None:
    """Say where the files of a source lie now, after they were moved."""
    from resources.drops import Drops

    drops = Drops(lake.resolve() / "drops")
    drops.move_source(name, place)
    out.print(f"{escape(name)} lies in {escape(str(drops.sources()[name]))}", soft_wrap=True)


@source_app.command("forget")
def source_forget(name: str, lake: LakeOption = LAKE) -> None:
    """Leave all of a source out of every later release, and look there no more. Nothing is deleted; `source add` of the
    same place takes it back."""
    from resources.drops import Drops

    Drops(lake.resolve() / "drops").forget_source(name)
    out.print(f"forgot {escape(name)}; the next build makes a release without it")
