"""Rows of captions: a recipe is run over one image, and what it says, or why it says nothing, becomes rows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dataset_build.captions.calls import TRANSIENT, CallFailed, Model, Status, Views
from dataset_build.captions.job import Job, Said, Step, Subject, params, trace
from dataset_build.captions.recipe import NEEDS, Recipe, Texts
from dataset_build.errors import UserError
from dataset_build.fingerprint import digest

Row = dict[str, Any]
IDENTITY = ("image_id", "recipe", "variant", "fingerprint", "input_hash", "n")


@dataclass(frozen=True)
class Key:
    """What a caption is made from, in short, and which attempt this is, of how many."""

    fingerprint: str
    input_hash: str
    attempt: int = 1
    attempts: int = 1


async def write(
    recipe: Recipe,
    subject: Subject,
    views: Views,
    model: Model,
    key: Key,
    now: datetime,
    settings: Mapping[str, Any] | None = None,
    sampling: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Row]:
    """Rows of schemas.CAPTIONS for this image, one at least. A call that fails is a row with its status.

    While a failure is transient and attempts are left, only failures are written, so that there is never a second
    row for a text that is there: the next attempt finds the answers in the journal. `settings` are the values of
    `recipe.reads`, `sampling` overrides by role. Errors in a recipe's own code are raised.
    """
    unread: Row = {name: () for name in NEEDS if name not in recipe.needs}  # their changes make nothing stale
    told = replace(subject, **unread)
    job = Job(told, views, model, recipe.loaded, settings or {}, sampling or {}, recipe.roles)
    try:
        said = await recipe.run(job)
    except CallFailed as failed:
        said = {recipe.main: failed}
    calls = [step for step in job.steps if step.sampling]
    texts = _listed(said) or [(recipe.main, 0, "")]
    writers = [_writer(calls, text) for *_, text in texts]
    shared = {
        "image_id": subject.image_id,
        "recipe": recipe.name,
        "fingerprint": key.fingerprint,
        "input_hash": key.input_hash,
        "attempt": key.attempt,
        "trace": json.dumps(trace(job.steps), ensure_ascii=False) if job.steps else None,
        "created_at": now,
    }
    rows = [
        _row(shared, variant, n, text, writer or recipe.name, cost, key)
        for (variant, n, text), writer, cost in zip(texts, writers, _costs(calls, writers), strict=True)
    ]
    for row, writer in zip(rows, writers, strict=True):
        row["parent"] = _parent(row, rows, writer)
    return [row for row in rows if not row["final"]] or rows


def inherited(row: Row, now: datetime) -> Row:
    """A row of schemas.CAPTIONS for an image that takes over the caption `parent`; no model is asked."""
    trace = json.dumps([{"op": "inherit", "from": row["parent"]}])
    row = {**row, "trace": trace, "created_at": now, "tokens_in": None, "tokens_out": None}
    return {**row, "caption_id": digest({name: row[name] for name in IDENTITY})}


def _listed(said: Texts) -> list[tuple[str, int, str | CallFailed]]:
    """(variant, n, text) of everything that was said. Raises UserError where it is no mapping."""
    if not isinstance(said, Mapping):
        raise UserError(
            f"a recipe returns its texts by variant, such as {{'caption': text}}, not {type(said).__name__}"
        )
    return [
        (variant, n, text)
        for variant, value in said.items()
        for n, text in enumerate([value] if isinstance(value, str | CallFailed) else value)
    ]


def _writer(calls: list[Step], text: str | CallFailed) -> Step | None:
    """The call that wrote the text, or the last that wrote any where a recipe put it together; for failures theirs."""
    if isinstance(text, Said):
        return text.step
    if isinstance(text, CallFailed):
        return next((step for step in calls if step.status == text.status), calls[-1] if calls else None)
    wrote = [step for step in calls if step.said]
    return next((step for step in wrote if any(text in said for said in step.said)), wrote[-1] if wrote else None)


def _costs(calls: list[Step], writers: list[Step | None]) -> list[Row]:
    """Tokens by row: each call counts once, in the first row that it wrote, or in the first row of all."""
    if not calls:
        return [{} for _ in writers]
    costs = [{"tokens_in": 0, "tokens_out": 0} for _ in writers]
    for step in calls:
        row = next((number for number, writer in enumerate(writers) if writer is step), 0)
        costs[row]["tokens_in"] += step.tokens_in
        costs[row]["tokens_out"] += step.tokens_out
    return costs


def _row(shared: Row, variant: str, n: int, text: str | CallFailed, writer: Step | str, cost: Row, key: Key) -> Row:
    status: Status = text.status if isinstance(text, CallFailed) else "ok" if text.strip() else "empty"
    row = {**shared, "variant": variant, "n": n, "status": status, "caption": str(text) if status == "ok" else None}
    row["final"] = status not in TRANSIENT or key.attempt >= key.attempts
    row["caption_id"] = digest({name: row[name] for name in IDENTITY})
    return {**row, **_origin(writer), **cost}


def _origin(writer: Step | str) -> Row:
    if isinstance(writer, str):
        return {"model": writer, "params": "{}"}
    return {
        "model": writer.model,
        "model_revision": writer.revision,
        "prompt_hash": writer.prompt.sha256 if writer.prompt else None,
        "params": json.dumps(params(writer.sampling)),
        "seed": writer.sampling.seed if writer.sampling else None,
    }


def _parent(row: Row, rows: list[Row], writer: Step | None) -> str | None:
    """The first caption of this image among the texts that the call was given."""
    given = writer.given if writer else ()
    parents = (other["caption_id"] for text in given for other in rows if other["caption"] == text)
    return next((parent for parent in parents if parent != row["caption_id"]), None)
