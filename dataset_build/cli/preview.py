"""The command line's `preview`: what a changed setting would do."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, out


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
