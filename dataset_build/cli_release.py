"""The command line's `release` commands: look at releases."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli_common import LAKE, LakeOption, images_in, out, print_stages

app = typer.Typer(help="Look at releases.", no_args_is_help=True)


@app.command("list")
def release_list(lake: LakeOption = LAKE) -> None:
    """All releases, oldest first."""
    from dataset_build.release.reader import releases

    table = Table("version", "images", "rejects", "created", "parent")
    for manifest in releases(lake):
        rejects = manifest["files"]["rejects.parquet"]["rows"]
        table.add_row(
            manifest["version"],
            f"{images_in(manifest):,}",
            f"{rejects:,}",
            manifest["created_at"],
            manifest["parent"],
        )
    out.print(table)


@app.command("show")
def release_show(
    version: Annotated[str | None, typer.Argument(help="Version; the latest by default.")] = None,
    lake: LakeOption = LAKE,
) -> None:
    """One release: its funnel from files to images, and its files."""
    from dataset_build.release.reader import open_release

    with open_release(version, lake) as opened:
        out.print(f"release {opened.version}, created {opened.manifest['created_at']}, in {escape(str(opened.folder))}")
        print_stages(opened.manifest)
        table = Table("file", "rows", "bytes", "sha256")
        for name, file in opened.manifest["files"].items():
            table.add_row(
                name, f"{file['rows']:,}" if "rows" in file else "", f"{file['bytes']:,}", file["sha256"][:16]
            )
        out.print(table)
