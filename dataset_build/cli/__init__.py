"""The command line: parse, call, print. Heavy imports wait until a command needs them."""

import sys
from typing import NoReturn

import typer
from rich.markup import escape

from dataset_build.cli.build import build, init, sample, status, text_models
from dataset_build.cli.caption import caption
from dataset_build.cli.common import err
from dataset_build.cli.drops import drop_app, source_app
from dataset_build.cli.duplicates import app as duplicates_app
from dataset_build.cli.export import export, formats, mixes_app
from dataset_build.cli.lake import app as lake_app
from dataset_build.cli.look import explain, gallery, sql
from dataset_build.cli.people import annotations_app, override_app, takedown_app
from dataset_build.cli.preview import preview
from dataset_build.cli.recipes import app as recipes_app
from dataset_build.cli.release import app as release_app
from dataset_build.cli.ui import sheets, ui
from dataset_build.cli.vocabulary import app as vocabulary_app
from dataset_build.errors import UserError

HELP = """From a folder of scraped images to versioned, deduplicated, captioned training sets.

[bold]Examples[/bold]

dataset-build build --source ~/scrape

dataset-build sql "select reason, count(*) from rejects group by 1"

dataset-build explain 3f9a
"""
COMMANDS = {
    "Build": (build, status, preview, init, sample, text_models, ui, sheets),
    "Ask a release": (explain, sql, gallery),
    "Captions and tags": (caption,),
    "Decide by hand": (),
    "Train from it": (export, formats),
}
GROUPS = {
    "Build": {"source": source_app, "drop": drop_app, "lake": lake_app},
    "Ask a release": {"release": release_app, "duplicates": duplicates_app},
    "Captions and tags": {"recipes": recipes_app, "vocabulary": vocabulary_app},
    "Decide by hand": {"override": override_app, "annotations": annotations_app, "takedown": takedown_app},
    "Train from it": {"mixes": mixes_app},
}

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False)
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
for panel, groups in GROUPS.items():
    for name, group in groups.items():
        app.add_typer(group, name=name, rich_help_panel=panel)


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
