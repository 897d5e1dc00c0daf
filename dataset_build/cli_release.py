"""The command line's `release` commands: make releases, look at them, and move the tags that name them."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli_common import (
    LAKE,
    ConfigOption,
    LakeOption,
    images_in,
    out,
    print_release,
    print_stages,
    watching,
)
from dataset_build.errors import RunError

app = typer.Typer(help="Make releases, look at them, move tags.", no_args_is_help=True)

VersionArgument = Annotated[str | None, typer.Argument(help="Version or tag; the latest by default.")]
NotesOption = Annotated[str, typer.Option("--notes", help="What is new in it, or what it is for.")]


@app.command("create")
def release_create(
    version: Annotated[str | None, typer.Argument(help="Version; the next number by default.")] = None,
    notes: NotesOption = "",
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Judge and caption what has been read, and release it. Sources are not looked at; `build` does that too.

    Example: dataset-build release create 2026.11.20 --notes "with the portraits"
    """
    from dataset_build.build import create_release
    from dataset_build.config import load_config

    root = lake.resolve()
    with watching() as watcher:
        outcome = create_release(root, load_config(config), version, notes, watcher)
    if outcome.release is None:
        raise RunError(f"release {outcome.twin} has the same content; nothing was published")
    print_release(outcome.release, outcome.seconds, root)


@app.command("list")
def release_list(lake: LakeOption = LAKE) -> None:
    """All releases, oldest first, and the tags that name them."""
    from dataset_build.release.reader import releases, tags

    names: dict[str, list[str]] = {}
    for tag, version in tags(lake).items():
        names.setdefault(version, []).append(tag)
    table = Table("#", "version", "tags", "images", "rejects", "created", "parent", "notes")
    for manifest in releases(lake):
        table.add_row(
            str(manifest["sequence"]),
            manifest["version"],
            " ".join(names.get(manifest["version"], [])),
            f"{images_in(manifest):,}",
            f"{manifest['files']['rejects.parquet']['rows']:,}",
            manifest["created_at"],
            manifest["parent"],
            escape(_notes(manifest)),
        )
    out.print(table)


def _notes(manifest: dict[str, Any]) -> str:
    from dataset_build.release.text import plain

    tombstone = manifest.get("tombstone")
    return plain(f"purged, see {tombstone['successor']}" if tombstone else manifest["notes"])


@app.command("show")
def release_show(version: VersionArgument = None, lake: LakeOption = LAKE) -> None:
    """One release: its funnel from files to images, and its files."""
    from dataset_build.release.reader import open_release
    from dataset_build.release.text import plain

    with open_release(version, lake) as opened:
        out.print(f"release {opened.version}, created {opened.manifest['created_at']}, in {escape(str(opened.folder))}")
        if notes := opened.manifest["notes"]:
            out.print(escape(plain(notes)), highlight=False)
        print_stages(opened.manifest)
        table = Table("file", "rows", "bytes", "sha256")
        for name, file in opened.manifest["files"].items():
            table.add_row(
                name, f"{file['rows']:,}" if "rows" in file else "", f"{file['bytes']:,}", file["sha256"][:16]
            )
        out.print(table)


@app.command("tag")
def release_tag(
    name: Annotated[str, typer.Argument(help="Tag, new or not, such as production.")],
    version: Annotated[str | None, typer.Argument(help="Version or tag that it is to mean.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Forget the tag instead.")] = False,
    lake: LakeOption = LAKE,
) -> None:
    """Let a tag mean a release. Every command that takes a version takes a tag.

    Example: dataset-build release tag production 2026.11.20
    """
    from resources.release_tags import delete_tag, move_tag

    if delete == bool(version):
        raise typer.BadParameter("give a version, or --delete")
    if version:
        out.print(f"{name} is release {move_tag(lake.resolve(), name, version)}")
    else:
        delete_tag(lake.resolve(), name)
        out.print(f"tag {name} is gone")


@app.command("rollback")
def release_rollback(
    names: Annotated[list[str], typer.Argument(metavar="[TAG] VERSION", help="The tag is latest by default.")],
    lake: LakeOption = LAKE,
) -> None:
    """Let a tag mean an earlier release. No data is touched; `latest` moves on with the next release.

    Example: dataset-build release rollback production 2026.11.20
    """
    from resources.release_tags import roll_back

    if len(names) > 2:
        raise typer.BadParameter("give a version, or a tag and a version")
    before = roll_back(lake.resolve(), names[-1], *names[:-1])
    tag = names[0] if len(names) == 2 else "latest"
    out.print(f"{tag} was release {before}, and is release {names[-1]}")
