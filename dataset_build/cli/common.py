"""What the commands share: options, consoles, and how a release's funnel is printed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from dataset_build.errors import UserError

if TYPE_CHECKING:
    from dataset_build.release.page import Page


def _place(context: typer.Context, lake: str | Path) -> Path:
    """A lake in a bucket is reached as the settings say."""
    if not str(lake).startswith("s3://"):
        return Path(lake)
    from dataset_build.config import load_config
    from dataset_build.locations import locate

    return locate(lake, load_config(context.params.get("config")).s3)


LakeOption = Annotated[
    Path,
    typer.Option(
        "--lake",
        envvar="DATASET_BUILD_LAKE",
        help="Folder that holds all tables and releases, or s3://bucket/prefix.",
        parser=str,
        metavar="PLACE",
        callback=_place,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="DATASET_BUILD_CONFIG",
        help="Settings; ./dataset.toml is taken when it exists.",
        is_eager=True,  # they say how a lake in a bucket is reached
    ),
]
VersionArgument = Annotated[str | None, typer.Argument(help="Version or tag; the latest by default.")]
LAKE = Path("lake")
out = Console()
err = Console(stderr=True)


class Interrupted(UserError):
    """Ctrl-C."""

    exit_code = 130


@contextmanager
def watching() -> Iterator[Any]:
    """A progress bar for each job that counts images. Raises Interrupted."""
    from dataset_build.build import Watcher

    try:
        with progress_bars() as bars:
            task = bars.add_task("starting", total=None)
            yield Watcher(
                stage=lambda name: bars.reset(task, description=name, total=None, completed=0),
                progress=lambda done, total: bars.update(task, completed=done, total=total),
            )
            bars.remove_task(task)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; what was finished is kept, run the same command to go on") from None


def print_release(manifest: dict[str, Any], seconds: dict[str, float], root: Path) -> None:
    """A release that was just made."""
    print_stages(manifest)
    version = manifest["version"]
    out.print(f"release [bold]{version}[/bold]: {images_in(manifest):,} images in {root / 'releases' / version}")
    out.print(f"[dim]{', '.join(f'{job} {spent:.1f} s' for job, spent in seconds.items())}[/dim]")
    if speechless := manifest["stages"][-1]["rejected"].get("no_caption"):
        out.print(f"{speechless:,} images have no text to make a caption from: give them sidecars, such as <name>.txt")


def print_stages(manifest: dict[str, Any]) -> None:
    """The funnel from files found to images kept."""
    table = Table("stage", "in", "rejected", "why", "out")
    for column in (1, 2, 4):
        table.columns[column].justify = "right"
    for stage in manifest["stages"]:
        reasons = sorted(stage["rejected"].items(), key=lambda item: (-item[1], item[0]))
        why = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
        table.add_row(
            stage["stage"],
            f"{stage['in']:,}",
            f"{sum(stage['rejected'].values()):,}",
            why,
            f"{stage['out']:,}",
        )
    out.print(table)
    for name, why in manifest.get("skipped", {}).items():
        out.print(f"[yellow]not judged:[/yellow] {name}: {escape(why)}", highlight=False, soft_wrap=True)


def images_in(manifest: dict[str, Any]) -> int:
    """Images that a release keeps."""
    return int(manifest["files"]["images.parquet"]["rows"])


def progress_bars() -> Progress:
    """Progress bars on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar, moved by calling what is yielded with how many are done, of how many."""
    with progress_bars() as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def write_page(path: Path, page: "Page", lake: Path, config: Path | None) -> None:
    """Write a page and the pictures on it as one HTML file."""
    from dataset_build.config import load_config
    from dataset_build.release.page import render_page
    from resources.images import jpegs
    from resources.lake import Lake
    from resources.storage import write_text

    pictures = jpegs(Lake(lake.resolve(), load_config(config)), page.image_ids())
    write_text(path, render_page(page, pictures))
