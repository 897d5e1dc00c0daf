"""The command line's ways of asking a release: the story of an image, SQL, pages of pictures."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, out, write_page

ReleaseOption = Annotated[str | None, typer.Option("--release", help="Version or tag; the latest by default.")]


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


def gallery(
    query: Annotated[str, typer.Argument(help="SQL as in `sql`, with a column image_id.")],
    to: Annotated[Path, typer.Option("--out", help="HTML file to write.")],
    release: ReleaseOption = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows shown.")] = 200,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """The rows of a query as one page of pictures, with caption, tags, verdict and duplicates.

    Example: dataset-build gallery "from rejects where reason = 'blurred' order by value" --out blurred.html
    """
    from dataset_build.release.gallery import gallery as make
    from dataset_build.release.reader import open_release

    with open_release(release, lake) as opened:
        page = make(opened, query, limit)
    write_page(to, page, lake, config)
    out.print(f"wrote {escape(str(to))}", highlight=False, soft_wrap=True)
