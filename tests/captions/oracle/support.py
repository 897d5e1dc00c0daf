"""Recipes run over scenes by the oracle, without a server in between; bodies are what a server would get."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dataset_build.captions.calls import CallFailed, Model, Picture, Reply, Request, View
from dataset_build.captions.job import Job, Subject
from dataset_build.captions.pictures import Size, encode
from dataset_build.captions.recipe import Recipe, load_recipe
from dataset_build.captions.rows import Key, write
from dataset_build.captions.wire import body_of, reply_of
from dataset_build.config import ImageLimits
from tests.captions.oracle.oracle import Failed, Knobs, Oracle
from tests.captions.oracle.scenes import Scene

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SIZE = Size(1024, 2**20)
FAITHFUL = Knobs()
KEY = Key("f" * 16, "i" * 64)


class Direct(Model):
    """Asks the oracle; each role is a model of its own, named like it."""

    def __init__(self, oracle: Oracle) -> None:
        self.oracle = oracle

    async def ask(self, request: Request) -> Reply:
        body = json.loads(json.dumps(body_of(request, request.role, {})))
        try:
            return reply_of(self.oracle.answer(body), request.role, "r1")
        except Failed as failed:
            raise CallFailed("server_error", f"status {failed.status}") from failed


def views(scene: Scene) -> Any:
    """Pictures as they are made for models."""
    data = scene.png()

    async def view_of(view: View) -> Picture:
        return Picture(encode(data, view, SIZE, ImageLimits()))

    return view_of


def subject(scene: Scene, tags: Sequence[str] = (), alts: Sequence[str] = (), name: str = "ab" * 32) -> Subject:
    """The scene's image with general tags, or others as category:tag."""
    pairs = tuple((tag.partition(":")[2], tag.partition(":")[0]) if ":" in tag else (tag, "general") for tag in tags)
    return Subject(name, scene.width, scene.height, pairs, tuple(alts))


def captioned(
    recipe: str | Recipe,
    scene: Scene,
    knobs: Knobs | dict[str, Knobs] | Oracle = FAITHFUL,
    *,
    tags: Sequence[str] = (),
    alts: Sequence[str] = (),
    key: Key = KEY,
) -> list[dict[str, Any]]:
    """The rows that the recipe gives."""
    oracle = knobs if isinstance(knobs, Oracle) else Oracle(knobs if isinstance(knobs, dict) else {"": knobs})
    loaded = load_recipe(recipe) if isinstance(recipe, str) else recipe
    settings = {"max_tags": 40}
    return asyncio.run(write(loaded, subject(scene, tags, alts), views(scene), Direct(oracle), key, NOW, settings))


def caption_of(rows: list[dict[str, Any]], variant: str = "caption") -> str:
    """The text of a variant's first row, which must be there."""
    (row,) = (row for row in rows if (row["variant"], row["n"]) == (variant, 0))
    assert row["status"] == "ok", (row["status"], row["trace"])
    return str(row["caption"])


def job(scene: Scene, oracle: Oracle, *prompts: str, **texts: Any) -> Job:
    """A job over the scene for primitives that are tried by themselves."""
    from dataset_build.captions.prompts import AGAIN, load_prompt

    loaded = {name: load_prompt(name) for name in (*prompts, *AGAIN)}
    return Job(subject(scene, **texts), views(scene), Direct(oracle), loaded)


def steps(rows: list[dict[str, Any]], op: str) -> list[dict[str, Any]]:
    """The steps of one kind in the first row's trace."""
    return [step for step in json.loads(rows[0]["trace"]) if step["op"] == op]
