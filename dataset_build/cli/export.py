"""The command line's `export` and `mixes` commands: a release in the formats of others."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, counting, err, out

Mode = Literal["embed", "copy", "reference"]
mixes_app = typer.Typer(help="Which text each image is given.", no_args_is_help=True)


def export(
    form: Annotated[
        str, typer.Argument(metavar="FORMAT", help="webdataset, hf-parquet, kohya …; `formats` lists all.")
    ],
    folder: Annotated[Path, typer.Option("--out", help="New or empty folder.")],
    release: Annotated[str | None, typer.Option("--release", help="Version; the latest by default.")] = None,
    mix: Annotated[
        str, typer.Option("--mix", help="Which text each image is given; `mixes list` shows them.")
    ] = "caption",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Parameter of the mix: share=0.9; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", help="SQL condition over the release's images.", metavar="SQL")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Rows at most, the first by image id.")] = None,
    images: Annotated[
        Mode | None, typer.Option("--images", help="embed, copy or reference; by default the format's own.")
    ] = None,
    shard_rows: Annotated[int | None, typer.Option(min=1, help="Rows in a shard.")] = None,
    root: Annotated[
        str | None, typer.Option(help="Where the folder will lie for its reader; where it is written by default.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an export that was interrupted.")] = False,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Write a release for a trainer or another tool: its images, and a text for each.

    Example: dataset-build export webdataset --out shards --mix dalle3 --where "width >= 512"
    """
    from dataset_build.config import load_config
    from dataset_build.exports.plan import Wish
    from dataset_build.exports.registry import load_format
    from dataset_build.exports.run import export as run
    from dataset_build.release.reader import open_release
    from resources.exports import LakeImages
    from resources.lake import Lake

    chosen, held = load_format(form), Lake(lake.resolve(), load_config(config))
    wish = Wish(mix, tuple(settings or ()), where, limit, images, shard_rows, root)
    with open_release(release, lake) as opened, counting(f"writing {form}") as progress:
        manifest = run(opened, form, chosen, folder, LakeImages(held), wish, resume, progress)
    _print(manifest, folder)
    if manifest["skipped"]:
        raise typer.Exit(1)


def _print(manifest: dict[str, Any], folder: Path) -> None:
    plan = manifest["plan"]
    out.print(
        f"release [bold]{escape(plan['release'])}[/bold]: {manifest['rows']:,} images as {plan['format']} in "
        f"{escape(str(folder))}",
        soft_wrap=True,
    )
    table = Table("text", "recipe", "images", "not the first wish")
    for column in (2, 3):
        table.columns[column].justify = "right"
    for row in manifest["texts"]:
        table.add_row(row["kind"], row["recipe"], f"{row['rows']:,}", f"{row['fell_back']:,}")
    out.print(table)
    for reason, count in manifest["skipped"].items():
        err.print(f"[yellow]left out:[/yellow] {count:,} {reason}, listed in skipped.csv", highlight=False)


def formats() -> None:
    """The formats that `export` writes."""
    from dataset_build.exports.registry import FORMATS

    table = Table("format", "what is written", "images", "read by")
    for name, form in FORMATS.items():
        table.add_row(name, form.doc, ", ".join(form.modes), form.reader)
    out.print(table)


@mixes_app.command("list")
def mixes_list() -> None:
    """All mixes, with their parameters."""
    from dataset_build.mixes import mixes

    table = Table("mix", "what each image is given", "parameters")
    for mix in mixes():
        table.add_row(mix.name, escape(mix.doc), mix.arguments)
    out.print(table)


@mixes_app.command("show")
def mixes_show(name: str) -> None:
    """The query behind a mix."""
    from dataset_build.mixes import load_mix

    typer.echo(load_mix(name).text, nl=False)
