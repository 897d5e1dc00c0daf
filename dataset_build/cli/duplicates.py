"""The command line's `duplicates` commands: list variants, and hold duplicates against what another program finds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, err, out
from dataset_build.errors import UserError

app = typer.Typer(help="List variants, and compare duplicates with those of another program.", no_args_is_help=True)


@app.command()
def compare(lake: LakeOption = LAKE, config: ConfigOption = None) -> None:
    """Let fastdup look for duplicates among the images of the last build, and count the pairs on which both agree.

    It needs duplicates.fastdup = true and `make fastdup-env`. No release depends on what it finds.
    """
    from dataset_build.build import second_opinion
    from dataset_build.config import load_config
    from resources.fastdup import NOTICE
    from resources.lake import Lake

    settings, root = load_config(config), lake.resolve()
    if not settings.duplicates.fastdup:
        raise UserError("duplicates.fastdup is false; set it to true in dataset.toml, and read its licence first")
    if not Lake(root, settings).pieces("image_verdicts"):
        raise UserError(f"{root} holds no verdicts under this configuration; run `dataset-build build` first")
    err.print(escape(NOTICE), highlight=False, soft_wrap=True)
    second_opinion(root, settings)
    table = Table("found by", "here", "pairs", "similarity", "example")
    table.columns[2].justify = "right"
    for row in Lake(root, settings).table("compare_duplicate_methods").to_pylist():
        span = (
            "" if row["most_similarity"] is None else f"{row['least_similarity']:.3f} to {row['most_similarity']:.3f}"
        )
        example = f"{row['example_a'][:12]} {row['example_b'][:12]}"
        table.add_row(row["found_by"], row["relation"], f"{row['pairs']:,}", span, example)
    out.print(table)


@app.command()
def variants(
    limit: Annotated[int, typer.Option(min=1, help="Pairs to list.")] = 20,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="PNG to write: the pairs side by side.")] = None,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """List the pairs of images that show the same picture recoloured or locally redrawn, and are both kept."""
    from dataset_build.config import load_config
    from dataset_build.contact_sheet import contact_sheet
    from resources.images import tiles
    from resources.lake import Lake

    here = Lake(lake.resolve(), load_config(config))
    if not here.pieces("image_verdicts"):
        raise UserError(f"{here.root} holds no verdicts under this configuration; run `dataset-build build` first")
    pairs = here.table("variant_places")
    some = pairs.slice(0, limit).to_pylist()
    table = Table("image", "variant", "bits", "recoloured", "redrawn")
    for row in some:
        marks = [f"{row[sign]:.1f}" if row[f"is_{sign}"] else "" for sign in ("recoloured", "redrawn")]
        table.add_row(escape(row["uri_a"]), escape(row["uri_b"]), str(row["distance"]), *marks)
    out.print(table)
    out.print(f"{len(some):,} of {pairs.num_rows:,} pairs")
    if sheet and some:
        picks = [(row[f"image_id_{side}"], Path(row[f"uri_{side}"]).name) for row in some for side in "ab"]
        sheet.write_bytes(contact_sheet(tiles(here, picks)))
        out.print(f"wrote {escape(str(sheet))}: pairs side by side")
