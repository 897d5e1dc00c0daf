"""The command line: parse, call, print. Heavy imports wait until a command needs them."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli_caption import caption
from dataset_build.cli_common import LAKE, ConfigOption, LakeOption, err, images_in, out, print_release, watching
from dataset_build.cli_drops import drop_app, source_app
from dataset_build.cli_duplicates import app as duplicates_app
from dataset_build.cli_export import export, formats, mixes_app
from dataset_build.cli_lake import app as lake_app
from dataset_build.cli_look import gallery
from dataset_build.cli_people import annotations_app, override_app, takedown_app
from dataset_build.cli_recipes import app as recipes_app
from dataset_build.cli_release import app as release_app
from dataset_build.cli_ui import sheets, ui
from dataset_build.cli_vocabulary import app as vocabulary_app
from dataset_build.errors import UserError

ReleaseOption = Annotated[str | None, typer.Option("--release", help="Version or tag; the latest by default.")]
HELP = """From a folder of scraped images to versioned, deduplicated, captioned training sets.

[bold]Examples[/bold]

dataset-build build --source ~/scrape

dataset-build sql "select reason, count(*) from rejects group by 1"

dataset-build explain 3f9a
"""

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False)
app.command()(ui)
app.command()(sheets)
app.add_typer(source_app, name="source")
app.add_typer(release_app, name="release")
app.add_typer(drop_app, name="drop")
app.add_typer(lake_app, name="lake")
app.add_typer(duplicates_app, name="duplicates")
app.add_typer(vocabulary_app, name="vocabulary")
app.add_typer(takedown_app, name="takedown")
app.add_typer(annotations_app, name="annotations")
app.add_typer(override_app, name="override")
app.add_typer(mixes_app, name="mixes")
app.add_typer(recipes_app, name="recipes")
for command in (caption, export, formats, gallery):
    app.command()(command)


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 the build failed, 2 wrong argument or nothing found, 130 interrupted."""
    try:
        app(prog_name="dataset-build")
    except UserError as error:
        fail(str(error), error.exit_code)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), 1)
    except Exception as error:
        if is_of_bucket(error):
            fail(f"the bucket can't be reached: {error}", 1)
        raise


def is_of_bucket(error: Exception) -> bool:
    """Whether a request to a bucket failed in the end; what is raised then is not known without the s3 extra."""
    return any(base.__module__.startswith(("botocore.", "aiohttp.")) for base in type(error).__mro__)


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, then out."""
    err.print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(code)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path("dataset.toml"),
) -> None:
    """Write a settings file that explains every threshold, all at their defaults."""
    from dataset_build.config import template

    if path.exists():
        fail(f"{path} exists; delete it first, or name another file", 2)
    path.write_text(template(), "utf-8")
    out.print(f"wrote {path}")


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="New or empty folder to fill.")],
    seed: Annotated[int, typer.Option(help="Another seed draws other pictures.")] = 0,
) -> None:
    """Draw a messy sample scrape to try the build on: duplicates, broken files, sidecars in several dialects."""
    from dataset_build.sample import make_sample

    if folder.exists() and any(folder.iterdir()):
        fail(f"{folder} is not empty; name a new folder", 2)
    made = make_sample(folder, seed)
    out.print(f"drew {made.occurrences} files in {folder}")


@app.command()
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
            fail("--plan tells of known sources: `dataset-build source add` first", 2)
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


@app.command()
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


@app.command()
def preview(
    settings: Annotated[
        list[str],
        typer.Option("--set", help="section.key=value, as in dataset.toml; may be repeated.", metavar="SETTING"),
    ],
    sheet: Annotated[Path | None, typer.Option("--sheet", help="PNG to write: images that change sides.")] = None,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """What a changed setting would keep and reject, before anything is built. It writes nothing into the lake.

    Example: dataset-build preview --set rules.min_side=300 --sheet changes.png
    """
    from dataset_build.config import load_config
    from resources.preview import preview as run
    from resources.preview import sheet as draw

    found, draft = run(lake.resolve(), load_config(config), settings)
    print_preview(found)
    if sheet and found.changes.num_rows:
        sheet.write_bytes(draw(draft, found.changes))
        out.print(f"wrote {escape(str(sheet))}: + comes in, - goes out")


def print_preview(found: Any) -> None:
    """Images that each stage rejects and keeps, now and under the changed configuration."""
    table = Table("stage", "", "now", "changed", "difference")
    for column in (2, 3, 4):
        table.columns[column].justify = "right"
    left = {"now": found.images, "changed": found.images}
    rows = found.stages.to_pylist()
    for number, row in enumerate(rows):
        if row["reason"]:
            table.add_row(row["stage"], row["reason"], *_compared(row))
        left = {side: left[side] - row[side] for side in left}
        if number + 1 == len(rows) or rows[number + 1]["stage"] != row["stage"]:
            table.add_row(row["stage"], "kept", *_compared(left), end_section=True)
    out.print(table)
    coming = sum(found.changes.column("comes_in").to_pylist())
    out.print(f"{coming:,} images would come in, {found.changes.num_rows - coming:,} would go out")
    if found.to_caption:
        out.print(f"{found.to_caption:,} images would be captioned first; they count as kept")


def _compared(row: dict[str, int]) -> tuple[str, str, str]:
    difference = row["changed"] - row["now"]
    return f"{row['now']:,}", f"{row['changed']:,}", f"{difference:+,}" if difference else ""


@app.command()
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


@app.command()
def explain(
    image: Annotated[str, typer.Argument(help="Image id, the beginning of one, or a file name.")],
    release: ReleaseOption = None,
    lake: LakeOption = LAKE,
) -> None:
    """The whole story of one image: where it was found, what was measured, why it is in or out, who stands for it.

    Example: dataset-build explain photos/sunset.jpg
    """
    from dataset_build.release.explain import render, story
    from dataset_build.release.reader import open_release

    with open_release(release, lake) as opened:
        sys.stdout.write(render(story(opened, image)))


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement over images, captions, tags, rejects, lineage.")],
    release: ReleaseOption = None,
    every: Annotated[bool, typer.Option("--all", help="All releases, told apart by a column `release`.")] = False,
    form: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="json is a list of objects.")
    ] = "table",
    lake: LakeOption = LAKE,
) -> None:
    """Ask a release anything, in DuckDB's SQL.

    Example: dataset-build sql "select reason, count(*) from rejects group by 1 order by 2 desc"
    """
    from dataset_build.release.across import Releases
    from dataset_build.release.query import render_rows, run_sql
    from dataset_build.release.reader import open_release

    if every and release:
        raise typer.BadParameter("give --release or --all, not both")
    with Releases(lake) if every else open_release(release, lake) as opened:
        sys.stdout.write(render_rows(run_sql(opened, query), form, out.width))
