"""The command line's way from settings and sources to releases: set up, build, and see what is there."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, err, images_in, out, print_release, watching
from dataset_build.errors import UserError


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("dataset.toml"),
) -> None:
    """Write a settings file that explains every threshold, all at their defaults."""
    from dataset_build.config import template

    if path.exists():
        raise UserError(f"{path} exists; delete it first, or name another file")
    path.write_text(template(), "utf-8")
    out.print(f"wrote {path}")


def sample(
    folder: Annotated[Path, typer.Argument(help="New or empty folder to fill.")],
    seed: Annotated[int, typer.Option(help="Another seed draws other pictures.")] = 0,
) -> None:
    """Draw a messy sample scrape to try the build on: duplicates, broken files, sidecars in several dialects."""
    from dataset_build.sample import make_sample

    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; name a new folder")
    made = make_sample(folder, seed)
    out.print(f"drew {made.occurrences} files in {folder}")


def build(
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="Folder of images, or s3://bucket/prefix; remembered. May be repeated."),
    ] = None,
    release: Annotated[
        str | None, typer.Option("--release", help="Version to give; the next number by default.")
    ] = None,
    notes: Annotated[str, typer.Option("--notes", help="What to say about the release.")] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done, and why.")] = False,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Read what is new, judge, deduplicate and caption it, and make a release if anything changed.

    Run it again at any time: what is done is not done again.

    Example: dataset-build build --source ~/scrape --lake ./lake
    """
    from dataset_build.build import build as run
    from dataset_build.config import load_config

    root = lake.resolve()
    settings = load_config(config)
    if plan:
        if source:
            raise UserError("--plan tells of known sources: `dataset-build source add` first")
        if release or notes:
            raise UserError("--plan makes no release: leave --release and --notes out")
        print_plan(root, settings)
        return
    with watching() as watcher:
        outcome = run(root, settings, source or [], release, watcher, notes)
    print_outcome(outcome, root)
    if outcome.failed_drops:
        raise typer.Exit(1)


def print_plan(root: Path, settings: Any) -> None:
    """What the next build would do, of the sources that the lake knows."""
    from resources.lake import Lake
    from resources.plan import needs, plan

    held = Lake(root, settings)
    steps = list(plan(held))
    table = Table("what", "where", "why")
    for step in steps:
        table.add_row(escape(step.what), escape(step.where), escape(step.why))
    out.print(table if steps else "there is nothing to do")
    if steps:
        out.print(f"it may take {needs(held, steps)}", highlight=False, soft_wrap=True)


def print_outcome(outcome: Any, root: Path) -> None:
    """What a build did, stage by stage."""
    for drop, reason in outcome.failed_drops.items():
        err.print(f"[red]failed:[/red] {escape(drop)}: {escape(reason)}", highlight=False)
    if outcome.twin:
        out.print(f"the content is that of release {outcome.twin}; no release was made")
        return
    if outcome.release is None:
        since = f"since release {outcome.latest}" if outcome.latest else "yet"
        out.print(f"nothing has changed {since}; no release was made")
        return
    print_release(outcome.release, outcome.seconds, root)


def status(lake: LakeOption = LAKE, config: ConfigOption = None) -> None:
    """What the lake holds: sources, drops, tables and releases, and what the next build would do."""
    from dataset_build.config import load_config
    from dataset_build.release.reader import releases, resolve
    from resources.lake import TABLES, Lake

    held = Lake(lake.resolve(), load_config(config))
    drops = held.drops.active()
    waiting = len(drops) - len(held.complete_drops())
    text_off = held.off("text_regions")
    table = Table("table", "rows", "fingerprint")
    table.columns[1].justify = "right"
    for name in TABLES:
        rows = sum(piece.rows for piece in held.pieces(name).values())
        table.add_row(name, f"{rows:,}", str(held.fingerprint(name)))
    for name, root in held.drops.sources().items():
        out.print(f"source {escape(name)}: {escape(str(root))}")
    out.print(f"{len(drops)} drops, {waiting} waiting to be read")
    out.print(table)
    detection = f"off: {text_off}" if text_off else "on"
    out.print(f"text detection: {escape(detection)}", highlight=False, soft_wrap=True)
    latest = resolve(None, held.root) if releases(held.root) else None
    out.print(f"latest release: {latest['version']} ({images_in(latest):,} images)" if latest else "no release yet")


def text_models(
    wheel: Annotated[
        Path | None, typer.Option(help="The wheel, where it can't be downloaded: rapidocr_onnxruntime-1.4.4.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Fetch the two models of text detection (PP-OCRv4 mobile, Apache-2.0, 15 MB) out of a wheel that holds them."""
    from dataset_build.config import load_config
    from dataset_build.text.models import fetch_models, folder_of, why_off

    settings = load_config(config).text
    fetch_models(folder_of(settings), wheel)
    why = why_off(settings)
    out.print(f"the models are in {escape(str(folder_of(settings)))}", soft_wrap=True)
    out.print(f"text detection is {f'off: {escape(why)}' if why else 'on'}", highlight=False, soft_wrap=True)
