"""The command line's `release diff` and `release statistics`: what releases hold, set beside each other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, VersionArgument, out, write_page

if TYPE_CHECKING:
    from dataset_build.release.statistics import Statistics

FormatOption = Annotated[Literal["table", "json"], typer.Option("--format", help="json is one object.")]


def release_diff(
    before: Annotated[str, typer.Argument(help="Version or tag.")],
    after: Annotated[str, typer.Argument(help="Version or tag.")],
    html: Annotated[Path | None, typer.Option("--html", help="Page to write, with pictures.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Images listed of each change.")] = 10,
    form: FormatOption = "table",
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """What changed from one release to another: images added, removed, replaced, with other captions or tags.

    Example: dataset-build release diff 1 latest --html changes.html --limit 200
    """
    from dataset_build.release.diff import as_json, counted, diff, diff_page, listed, summary

    found = diff(lake, before, after, limit)
    if html:
        write_page(html, diff_page(found), lake, config)
    if form == "json":
        typer.echo(as_json(found), nl=False)
        return
    out.print(summary(found))
    _print(("change", "cause", "images"), list(counted(found)), right="images")
    for line in listed(found):
        typer.echo(line)


def release_statistics(
    version: VersionArgument = None,
    against: Annotated[str | None, typer.Option("--against", help="Version or tag to compare with.")] = None,
    plots: Annotated[Path | None, typer.Option("--plots", help="Folder for plots, SVG; needs matplotlib.")] = None,
    form: FormatOption = "table",
    lake: LakeOption = LAKE,
) -> None:
    """What a release holds, counted: biases, sizes, captions, tags, licences, reasons; by default against its parent.

    Example: dataset-build release statistics latest --against 1 --plots plots
    """
    from dataset_build.release.card_statistics import tables
    from dataset_build.release.plots import write_plots
    from dataset_build.release.reader import releases
    from dataset_build.release.statistics import as_json, compared

    now, parent = _counted(lake, version)
    with_data = {manifest["version"] for manifest in releases(lake) if "tombstone" not in manifest}
    other = against or (parent if parent in with_data else None)
    before = _counted(lake, other)[0] if other else None
    if plots:
        write_plots(now, before, plots)
    if form == "json":
        typer.echo(as_json({name: compared(now, before, name) for name in now}), nl=False)
        return
    for title, header, rows in tables(now, before):
        out.print(f"[bold]{title}[/bold]")
        _print(tuple(header), [tuple(row) for row in rows])


def _counted(lake: Path, name: str | None) -> tuple["Statistics", str | None]:
    """The statistics of a release, and its parent."""
    from dataset_build.release.reader import open_release
    from dataset_build.release.statistics import measure, read_statistics

    with open_release(name, lake) as opened:
        return read_statistics(opened.folder) or measure(opened.folder), opened.manifest["parent"]


def _print(header: tuple[str, ...], rows: list[tuple[str, ...]], right: str = "") -> None:
    if rows:
        table = Table(*header)
        for number, name in enumerate(header):
            table.columns[number].justify = "right" if name == right else "left"
        for row in rows:
            table.add_row(*map(escape, row))
        out.print(table)
