"""The command line's `duplicates` commands: hold them against what another program finds."""

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, err, out
from dataset_build.errors import UserError

app = typer.Typer(help="Compare duplicates with those of another program.", no_args_is_help=True)


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
