"""The command line's `vocabulary` commands: import tag vocabularies, look at them, try them out."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, out
from dataset_build.release.text import plain

app = typer.Typer(help="Import tag vocabularies, look at them, and try them out.", no_args_is_help=True)

LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Lines to print at the most.")]


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV file.")],
    name: Annotated[str | None, typer.Option(help="Name to use in dataset.toml; the file's own by default.")] = None,
    kind: Annotated[
        Literal["tagcomplete", "aliases", "implications"],
        typer.Option(help="tagcomplete: name,category,count,aliases; else: antecedent,consequent."),
    ] = "tagcomplete",
    site: Annotated[
        Literal["danbooru", "e621"] | None, typer.Option(help="Whose category codes; told by the codes by default.")
    ] = None,
    lake: LakeOption = LAKE,
) -> None:
    """Import a vocabulary: tag names with categories and aliases, or a table of aliases or implications.

    An import of the same name takes the place of the earlier one, which stays in the lake and can be pinned.

    Example: dataset-build vocabulary import danbooru.csv
    """
    from resources.vocabularies import Vocabularies

    held = Vocabularies(lake.resolve())
    entry = held.add(file, name, kind, site)
    rows = held.statements(f"{entry['name']}@{entry['fingerprint']}").select(["kind", "written", "reason"]).to_pylist()
    used = Counter(row["kind"] for row in rows if not row["reason"])
    counts = ", ".join(f"{number:,} {kind}{'es' if kind == 'alias' else 's'}" for kind, number in used.items())
    out.print(f"{escape(entry['name'])}@{entry['fingerprint']}: {counts}", highlight=False)
    unused: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["reason"]:
            unused.setdefault((row["kind"], row["reason"]), []).append(row["written"])
    if unused:
        _print(
            ("not used", "why", "lines", "such as"),
            ((*key, f"{len(said):,}", ", ".join(dict.fromkeys(said[:3]))) for key, said in sorted(unused.items())),
        )
    out.print(f'to use it, name it in dataset.toml: \\[tags] vocabularies = \\["{escape(entry["name"])}"]')


@app.command("list")
def list_all(lake: LakeOption = LAKE, config: ConfigOption = None) -> None:
    """The vocabularies in the lake, and the order in which the configuration asks them."""
    from dataset_build.config import load_config
    from resources.lake import Lake
    from resources.vocabularies import Vocabularies

    held, pins = Vocabularies(lake.resolve()), Lake(lake.resolve(), load_config(config)).config.tags.vocabularies
    places = {pin: str(number) for number, pin in enumerate(pins, 1)}
    entries = [each for latest in held.all() for each in held.imports(latest["name"])]
    rows = []
    for each in entries:
        pin = f"{each['name']}@{each['fingerprint']}"
        rows.append(
            (places.get(pin, ""), pin, each["kind"], f"{held.piece(pin).rows:,}", each["file"], each["imported_at"])
        )
    _print(("order", "vocabulary", "kind", "statements", "file", "imported"), rows)


@app.command()
def show(
    tag: Annotated[str, typer.Argument(help="A tag, in any spelling.")],
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """What each vocabulary says about a tag, and what the configuration makes of it.

    Example: dataset-build vocabulary show "Long Hair"
    """
    from dataset_build.config import load_config
    from dataset_build.errors import UserError
    from dataset_build.tags.fold import fold
    from resources.lake import Lake
    from resources.tags import meaning, statements_about

    held, folded = Lake(lake.resolve(), load_config(config)), fold(tag)
    found, rows = meaning(held, folded), statements_about(held, folded)
    if found is None and not rows:
        raise UserError(f"no vocabulary knows {folded!r}; it would be kept as it is")
    if found:
        is_there = "blacklisted" if found["blacklisted"] else found["category"] or "no category"
        out.print(f"{escape(plain(folded))} -> {escape(plain(found['tag']))} ({is_there})", highlight=False)
        if found["implied"]:
            out.print(f"implies: {escape(' '.join(map(plain, found['implied'])))}", highlight=False)
    header = ("vocabulary", "line", "kind", "written", "tag", "target", "category", "posts", "reason")
    _print(header, ([row[column] for column in header] for row in rows))


@app.command()
def problems(
    name: Annotated[str, typer.Argument(help="Vocabulary, or name@fingerprint.")],
    lake: LakeOption = LAKE,
    limit: LimitOption = 50,
) -> None:
    """The statements of a vocabulary that are not used, each with its reason."""
    from resources.vocabularies import Vocabularies

    held = Vocabularies(lake.resolve())
    rows = [row for row in held.statements(held.pinned(name)).to_pylist() if row["reason"]]
    header = ("line", "kind", "written", "tag", "target", "reason")
    _print(header, ([row[column] for column in header] for row in rows[:limit]))
    out.print(f"{min(limit, len(rows)):,} of {len(rows):,}")


@app.command()
def unknown(lake: LakeOption = LAKE, config: ConfigOption = None, limit: LimitOption = 50) -> None:
    """The tags in the lake that no configured vocabulary knows, the most frequent first."""
    from itertools import islice

    from dataset_build.config import load_config
    from resources.lake import Lake

    held = Lake(lake.resolve(), load_config(config))
    rows = (row for batch in held.query("unknown_tags") for row in batch.to_pylist())
    _print(("tag", "category", "images"), ((r["tag"], r["category"], r["images"]) for r in islice(rows, limit)))


@app.command("try")
def try_out(
    tags: Annotated[str, typer.Argument(help="Tags, with commas or newlines between them.")],
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """What a build would make of the tags of an image, as tag text.

    Example: dataset-build vocabulary try "1girl, Long Hair, (red hat:1.2), rating:safe"
    """
    from dataset_build.config import load_config
    from dataset_build.sources.dialects import texts_of
    from dataset_build.sources.plain_text import BREAKS
    from dataset_build.tags.tagtext import render
    from resources.lake import Lake
    from resources.tags import normalised

    said = texts_of({"tags": [tag for tag in BREAKS.split(tags) if tag.strip()]})
    named = normalised(Lake(lake.resolve(), load_config(config)), said.raw_tags)
    _print(("tag", "category", "origin"), named)
    out.print(escape(plain_lines(render([(tag.tag, tag.category) for tag in named], said.rating))), highlight=False)


def plain_lines(text: str) -> str:
    """Several lines, each fit to be shown."""
    return "\n".join(map(plain, text.split("\n")))


def _print(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    table = Table()
    for column in header:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else escape(plain(str(cell))) for cell in row))
    out.print(table)
