"""The command line's `release` commands: make releases, look at them, and move the tags that name them."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import (
    LAKE,
    ConfigOption,
    LakeOption,
    VersionArgument,
    images_in,
    out,
    print_release,
    print_stages,
    watching,
)
from dataset_build.cli.compare import release_diff, release_statistics
from dataset_build.errors import RunError

app = typer.Typer(help="Make releases, look at them, move tags.", no_args_is_help=True)

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


@app.command("verify")
def release_verify(
    version: VersionArgument = None,
    every: Annotated[bool, typer.Option("--all", help="Every release, and what ties them together.")] = False,
    lake: LakeOption = LAKE,
) -> None:
    """Check every hash, row, reference and count of a release. Says what is wrong, and exits with 1 if anything is.

    Example: dataset-build release verify --all
    """
    from dataset_build.release.reader import VERSION, resolve
    from dataset_build.release.text import plain
    from dataset_build.release.verify import Unsound, verify, verify_lake

    if every:
        found = verify_lake(lake)
    else:
        # A damaged release can't be resolved, and is what this command is for.
        is_there = version and VERSION.fullmatch(version) and (lake / "releases" / version).is_dir()
        name = version if version and is_there else resolve(version, lake)["version"]
        found = {name: verify(lake / "releases" / name)}
    for name, problems in found.items():
        for problem in problems:
            out.print(escape(plain(f"{name or 'lake'}: {problem}")), highlight=False, soft_wrap=True)
    wrong = [name or "lake" for name, problems in found.items() if problems]
    if wrong:
        raise Unsound(f"not as the manifest says: {', '.join(wrong)}")
    out.print(f"sound: {', '.join(name for name in found if name)}")


@app.command("purge")
def release_purge(
    version: Annotated[str, typer.Argument(help="Version or tag.")],
    name: Annotated[str | None, typer.Option("--as", help="Version of the re-issue; by default a number.")] = None,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Issue a past release again without what was taken down since, and delete the data of the old one.

    Its manifest stays. Tags that name it mean the re-issue from then on.

    Example: dataset-build release purge 2026.11.20
    """
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.purge import purge

    successor, images = purge(Lake(lake.resolve(), load_config(config)), version, name)
    out.print(f"release {version} is purged; release {successor} stands for it, without {images:,} images")


app.command("diff")(release_diff)
app.command("statistics")(release_statistics)
