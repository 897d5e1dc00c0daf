"""The command line's `caption`: one recipe over the images that wait for it, by a server or a local model."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, err, out
from dataset_build.errors import UserError

EVERY = 10.0  # seconds between two lines of progress where there is no terminal


def caption(
    recipe: Annotated[str, typer.Option(help="Name, or file.py:name for your own.")],
    endpoint: Annotated[
        list[str] | None, typer.Option(help="OpenAI-compatible server that plays vlm. May be repeated.", metavar="URL")
    ] = None,
    serve: Annotated[
        str | None, typer.Option(help="Model to start vLLM with on this machine, to play vlm.", metavar="MODEL")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Name of the model at --endpoint, where it serves several.")] = None,
    limit: Annotated[int | None, typer.Option(help="Images at most: the first by id, a fair sample.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Tokens read and written at most, then no new image.")] = None,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Caption the images of a built lake by one recipe. Run it again to go on, and to retry what failed.

    Models are those of dataset.toml, vlm apart where --endpoint or --serve names another.

    Example: dataset-build caption --recipe single_pass --endpoint http://127.0.0.1:8000/v1 --limit 100
    """
    from dataset_build.config import checked, load_config
    from resources.captions import update_captions
    from resources.lake import Lake

    settings = load_config(config).model_dump()
    given = {"recipes": [recipe], "limit": limit, "max_tokens": max_tokens}
    settings["captions"] |= {key: value for key, value in given.items() if value is not None}
    if endpoint and serve:
        raise UserError("--endpoint and --serve both say who plays vlm; give one of them")
    if endpoint or serve:
        settings["models"]["vlm"] |= _vlm(settings["models"]["vlm"], endpoint or [], serve, model)
    view = Lake(lake.resolve(), checked(settings))
    if not view.piece("image_texts").version:
        raise UserError(f"{lake} has no images that are ready for captions; run `dataset-build build` first")
    try:
        with showing() as watch:
            (tally,) = update_captions(view, watch, _say)
    except KeyboardInterrupt:
        _say("interrupted; what was finished is kept, run the same command to go on")
        raise typer.Exit(130) from None
    print_tally(tally)
    if endpoint or serve:
        print_binding(view.config.models.vlm)


def _say(line: str) -> None:
    err.print(escape(line), highlight=False, soft_wrap=True)


def _vlm(before: dict[str, Any], endpoints: list[str], serve: str | None, model: str | None) -> dict[str, Any]:
    """What of the binding of vlm the options change."""
    if serve:
        same = before["model"] == serve
        return {"backend": "vllm", "model": serve, "revision": before["revision"] if same else ""}
    from resources.vllm import served

    return {"backend": "endpoints", "endpoints": endpoints, "model": model or before["model"] or served(endpoints[0])}


@contextmanager
def showing() -> Iterator[Callable[[Any], None]]:
    """A progress bar; a line now and then where there is no terminal."""
    if not err.is_terminal:
        yield _Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rates]}"))
    left = (TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, *left, console=err) as bars:
        task = bars.add_task("starting", total=None, rates="")

        def show(tally: Any) -> None:
            bars.update(
                task, description=escape(tally.recipe), total=tally.total, completed=tally.done, rates=rates(tally)
            )

        yield show


class _Lines:
    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, tally: Any) -> None:
        if tally.done == tally.total or time.monotonic() - self.last > EVERY:
            self.last = time.monotonic()
            left = tally.seconds / tally.done * (tally.total - tally.done)
            err.print(f"{tally.done:,} of {tally.total:,} images, {rates(tally)}, {left:,.0f} s left", highlight=False)


def rates(tally: Any) -> str:
    """How fast a run is, and how well it goes."""
    images, tokens = tally.done / tally.seconds, tally.spent.tokens / tally.seconds
    return f"{images:.1f} images/s, {tokens:,.0f} tokens/s, {tally.failed:,} failed"


def print_tally(tally: Any) -> None:
    """What a run did."""
    if not tally.total:
        out.print(f"{escape(tally.recipe)}: nothing to caption; every image has what it can have")
        return
    table = Table("status", "captions")
    table.columns[1].justify = "right"
    for status, count in tally.statuses.most_common():
        table.add_row(status, f"{count:,}")
    out.print(table)
    spent = tally.spent
    out.print(
        f"{escape(tally.recipe)}: {tally.done:,} of {tally.total:,} images in {tally.seconds:,.0f} s ({rates(tally)}); "
        f"{spent.calls:,} calls, {spent.tokens_in:,} tokens read, {spent.tokens_out:,} written; "
        f"{spent.kept:,} replies were known already",
        highlight=False,
        soft_wrap=True,
    )


def print_binding(binding: Any) -> None:
    """What dataset.toml must say for builds to show these captions."""
    out.print("for builds to show these captions, dataset.toml must name their recipe in captions.recipes, and say:")
    lines = [f"model = {binding.model!r}", f"revision = {binding.revision!r}", f"backend = {binding.backend!r}"]
    out.print(escape("\n".join(["[models.vlm]", *lines, f"endpoints = {binding.endpoints}"])), highlight=False)
