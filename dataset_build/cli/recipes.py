"""The command line's `recipes` commands: which there are, what one does, and what it makes of an image."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import ConfigOption, err, out
from dataset_build.release.text import plain

app = typer.Typer(help="Look at the recipes that write captions, and try them.", no_args_is_help=True)

RecipeArgument = Annotated[str, typer.Argument(metavar="RECIPE", help="Name, or file.py:name for your own.")]


@app.command("list")
def list_all() -> None:
    """All recipes that come with the project: models asked, texts needed, calls for each image, source."""
    from dataset_build.captions.recipe import built_in

    table = Table("recipe", "asks", "needs", "calls", "from")
    for each in built_in().values():
        cells = (each.name, " ".join(each.roles), " ".join(each.needs), each.calls, each.paper)
        table.add_row(*map(escape, cells))
    table.columns[0].no_wrap = True
    out.print(table)


@app.command()
def show(name: RecipeArgument) -> None:
    """What a recipe does, step by step, and its prompts.

    Example: dataset-build recipes show capsfusion
    """
    from dataset_build.captions.recipe import load_recipe

    recipe = load_recipe(name)
    facts = {
        "steps": recipe.steps,
        "asks": ", ".join(recipe.roles) or "no model",
        "calls": recipe.calls,
        "needs": ", ".join(("image", *recipe.needs) if recipe.roles else recipe.needs),
        "settings": ", ".join(recipe.reads),
        "shown": ", ".join(recipe.variants) or "nothing: it is kept only",
        "from": recipe.paper,
        "file": str(recipe.file),
    }
    out.print(f"[bold]{escape(recipe.name)}[/bold]")
    out.print(escape(recipe.about), highlight=False)
    for title, said in facts.items():
        if said:
            out.print(f"[dim]{title}:[/dim] {escape(said)}", highlight=False, soft_wrap=True)
    for prompt in recipe.loaded.values():
        if not prompt.name.startswith("again/"):
            out.print(f"\n[bold]{escape(prompt.name)}[/bold] [dim]{prompt.sha256[:12]}[/dim]", highlight=False)
            out.print(escape(prompt.text.strip()), highlight=False)


@app.command("try")
def try_out(
    name: RecipeArgument,
    image: Annotated[Path, typer.Argument(help="Image file.")],
    endpoint: Annotated[
        list[str] | None,
        typer.Option(help="OpenAI-compatible server; plays every role that dataset.toml leaves open.", metavar="URL"),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model at --endpoint, where it serves several.")] = None,
    tags: Annotated[str, typer.Option(help="Tags with commas between them, or category:tag.")] = "",
    alt: Annotated[list[str] | None, typer.Option(help="Text that came with the image. May be repeated.")] = None,
    config: ConfigOption = None,
) -> None:
    """Run a recipe over one image file and print each step and the captions. Nothing is kept.

    Example: dataset-build recipes try single_pass cat.jpg --endpoint http://127.0.0.1:8000/v1
    """
    from dataset_build.config import Binding, load_config
    from resources.trying import try_recipe

    vlm = None
    if endpoint:
        from resources.vllm import served

        vlm = Binding(model=model or served(endpoint[0]), endpoints=endpoint)
    settings, given = load_config(config), read_tags(tags)
    rows = try_recipe(name, image, settings, vlm, given, alt or [], lambda line: err.print(escape(line)))
    print_steps(json.loads(rows[0]["trace"] or "[]"))
    print_captions(rows)
    if all(row["status"] != "ok" for row in rows):
        raise typer.Exit(1)


def read_tags(text: str) -> list[tuple[str, str]]:
    """(tag, category) pairs of `cat, character:mira`, folded; without a category that we know: general."""
    from dataset_build.tags.fold import fold
    from dataset_build.tags.tagtext import LINES

    pairs = []
    for part in filter(None, map(str.strip, text.split(","))):
        category, colon, tag = part.partition(":")
        pairs.append((fold(tag), category) if colon and category in LINES else (fold(part), "general"))
    return [pair for pair in pairs if pair[0]]


def print_steps(steps: list[dict[str, Any]]) -> None:
    """A trace, one step after the other."""
    for number, step in enumerate(steps, 1):
        head = " ".join(str(step[key]) for key in ("op", "prompt", "role", "model") if step.get(key))
        tokens = "{} + {} tokens".format(*step["tokens"]) if step.get("tokens") else ""
        out.print(f"[bold]{number}[/bold] {escape(plain(head))} [dim]{tokens}[/dim]", highlight=False)
        for key, value in step.items():
            if key not in ("op", "prompt", "role", "model", "tokens"):
                for line in value if isinstance(value, list) else [value]:
                    told = line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
                    out.print(f"    [dim]{key}:[/dim] {escape(plain(told))}", highlight=False)


def print_captions(rows: list[dict[str, Any]]) -> None:
    """What came of it."""
    table = Table("variant", "status", "model", "tokens", "caption")
    for row in rows:
        tokens = "" if row.get("tokens_in") is None else f"{row['tokens_in']:,} + {row['tokens_out']:,}"
        cells = (f"{row['variant']} {row['n']}", row["status"], row["model"], tokens, row["caption"] or "")
        table.add_row(*(escape(plain(cell)) for cell in cells))
    out.print(table)
