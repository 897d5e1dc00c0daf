"""The command line's `takedown`, `override` and `annotations` commands: what people say about images."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, err, out
from dataset_build.release.text import plain

takedown_app = typer.Typer(help="Keep images out of every release.", no_args_is_help=True)
override_app = typer.Typer(help="Keep or reject single images by hand.", no_args_is_help=True)

SHOWN = 50  # lines that could not be used
annotations_app = typer.Typer(help="Captions that people wrote.", no_args_is_help=True)

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; releases show it, so name no persons.")]
ImageArgument = Annotated[str, typer.Argument(help="Image id, the beginning of one, or a file name.")]


@takedown_app.command("add")
def takedown_add(
    reason: ReasonOption,
    image: Annotated[str | None, typer.Option(help="Image id, the beginning of one, or a file name.")] = None,
    phash: Annotated[str | None, typer.Option(help="ImageHash's 64-bit phash, 16 hex digits.")] = None,
    source_id: Annotated[str | None, typer.Option(help="Post id at the site it was scraped from.")] = None,
    url: Annotated[str | None, typer.Option(help="Pattern of source addresses, * for any characters.")] = None,
    radius: Annotated[int, typer.Option(min=0, max=16, help="Bits of 64 by which a phash may differ.")] = 6,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Take images down: they, and what looks like them, are in no release from now on, and shown nowhere.

    Example: dataset-build takedown add --url "https://example.org/jane/*" --reason "asked by the artist"
    """
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.people import held_by, images_of, take_down

    named = {"image": image, "phash": phash, "source_id": source_id, "url": url}
    given = [(kind, value) for kind, value in named.items() if value is not None]
    if len(given) != 1:
        raise typer.BadParameter("give one of --image, --phash, --source-id, --url")
    held = Lake(lake.resolve(), load_config(config))
    row = take_down(held, *given[0], reason, radius)  # type: ignore[arg-type]
    number = row["number"]
    out.print(f"take-down {number}: {images_of(held).get(number, 0):,} images of the lake")
    for version, images in held_by(held).get(number, {}).items():
        out.print(f"release {version} holds {images:,}; `dataset-build release purge {version}` re-issues it without")


@takedown_app.command("list")
def takedown_list(lake: LakeOption = LAKE, config: ConfigOption = None) -> None:
    """All take-downs in force, the images that they take down, and the releases that hold these."""
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.people import held_by, images_of

    held = Lake(lake.resolve(), load_config(config))
    images, releases = images_of(held), held_by(held)
    value, held_by_releases = (Column(name, overflow="fold") for name in ("value", "held by releases"))
    table = Table("#", "what", value, "radius", "reason", "added", "images", held_by_releases)
    for row in held.view("active_takedowns").sort_by("number").to_pylist():
        number = row["number"]
        table.add_row(
            str(number), row["kind"], escape(row["value"]), "" if row["radius"] is None else str(row["radius"]),
            escape(row["reason"]), f"{row['added_at']:%Y-%m-%d %H:%M}", f"{images.get(number, 0):,}",
            ", ".join(f"{version} ({count:,})" for version, count in releases.get(number, {}).items()),
        )  # fmt: skip
    out.print(table)


@takedown_app.command("lift")
def takedown_lift(number: int, reason: ReasonOption, lake: LakeOption = LAKE, config: ConfigOption = None) -> None:
    """End a take-down, such as one that was mistyped. Later releases may hold the images again."""
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.people import lift

    lift(Lake(lake.resolve(), load_config(config)), number, reason)
    out.print(f"lifted take-down {number}")


def _say(verdict: str, image: str, reason: str, lake: LakeOption, config: ConfigOption) -> None:
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.people import override

    row = override(Lake(lake.resolve(), load_config(config)), image, verdict, reason)
    out.print(f"{verdict} {row['image_id']}; the next release follows", soft_wrap=True)


@override_app.command("keep")
def override_keep(
    image: ImageArgument, reason: ReasonOption, lake: LakeOption = LAKE, config: ConfigOption = None
) -> None:
    """Keep an image whatever rule it fails, unless it is taken down, can't be read, doubles another's pixels, or has no
    caption.

    Example: dataset-build override keep photos/fog.jpg --reason "blurred on purpose"
    """
    _say("keep", image, reason, lake, config)


@override_app.command("reject")
def override_reject(
    image: ImageArgument, reason: ReasonOption, lake: LakeOption = LAKE, config: ConfigOption = None
) -> None:
    """Leave an image out whatever rule it passes. A duplicate of it may take its place."""
    _say("reject", image, reason, lake, config)


@override_app.command("clear")
def override_clear(
    image: ImageArgument, reason: ReasonOption, lake: LakeOption = LAKE, config: ConfigOption = None
) -> None:
    """Leave an image to the rules again."""
    _say("clear", image, reason, lake, config)


@annotations_app.command("import")
def annotations_import(
    path: Annotated[Path, typer.Argument(help="A .csv, a .jsonl, or a folder of .txt files.")],
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Take in captions that people wrote; releases show them before all others.

    A line has a caption, and an image_id, a path or a source_id. A text file is named after its image's file or id.
    Lines that can't be used are listed, the others are taken in.

    Example: dataset-build annotations import corrections.csv
    """
    from dataset_build.config import load_config
    from resources.annotations import import_annotations
    from resources.lake import Lake

    new, known, problems = import_annotations(Lake(lake.resolve(), load_config(config)), path)
    for each in problems[:SHOWN]:
        err.print(f"{escape(plain(f'{each.file}:{each.line}: {each.problem}'))}", highlight=False, soft_wrap=True)
    if len(problems) > SHOWN:
        err.print(f"… and {len(problems) - SHOWN:,} more")
    out.print(f"{new:,} captions are new, {known:,} were known, {len(problems):,} lines could not be used")
    if problems:
        raise typer.Exit(1)
