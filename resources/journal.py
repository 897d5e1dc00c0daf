"""Replies kept as they arrive, so that no question is asked twice: not by a second recipe, nor after a killed run."""

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dataset_build.captions.calls import Choice, Model, Reply, Request, Token
from dataset_build.config import Binding
from dataset_build.errors import RunError
from dataset_build.fingerprint import digest

FORMAT = "1"  # of the file's tables and of replies in them; another format is another file
_TABLES = """
create table if not exists calls (
    key text, model text, revision text, reply blob, primary key (key, model, revision)
) without rowid;
create table if not exists runs (
    recipe text, models text, images integer, calls integer, tokens_in integer, tokens_out integer, seconds real
);
"""


@dataclass
class Spent:
    """What a run has cost so far. `kept` counts the replies that the journal had."""

    calls: int = 0
    kept: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.tokens_in + self.tokens_out


class Journal:
    """A SQLite file of replies by request key, model and revision. What was kept outlives the process, however it ends.

    To delete the file costs nothing but the calls that would be asked again.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / f"calls-{FORMAT}.sqlite"
        self.spent = Spent()

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """The file, opened when it is needed."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(self.file, timeout=30, isolation_level=None)
            connection.executescript(f"pragma journal_mode = wal; pragma synchronous = normal; {_TABLES}")
        except sqlite3.DatabaseError as error:
            raise RunError(
                f"{self.file}: {error}; where it is damaged, delete it: its calls are asked again"
            ) from error
        return connection

    def close(self) -> None:
        """Close the file, where it is open."""
        if "connection" in self.__dict__:
            self.connection.close()

    def find(self, key: str, binding: Binding) -> Reply | None:
        """The kept reply of a model to a request."""
        query = "select reply from calls where key = ? and model = ? and revision = ?"
        row = self.connection.execute(query, (key, binding.model, binding.revision)).fetchone()
        if row is None:
            return None
        self.spent.kept += 1
        return _reply(json.loads(zlib.decompress(row[0])))

    def keep(self, key: str, binding: Binding, reply: Reply) -> None:
        """Keep a reply that has just come."""
        self.spent.calls += 1
        self.spent.tokens_in += reply.tokens_in
        self.spent.tokens_out += reply.tokens_out
        data = zlib.compress(json.dumps(reply, default=vars, ensure_ascii=False).encode(), 1)
        row = (key, binding.model, binding.revision, data)
        self.connection.execute("insert or replace into calls values (?, ?, ?, ?)", row)

    def keep_run(self, recipe: str, models: str, images: int, seconds: float) -> None:
        """Note what the run has cost, for later estimates. A run that asked nothing tells nothing."""
        spent = self.spent
        if not spent.calls:
            return
        row = (recipe, models, images, spent.calls, spent.tokens_in, spent.tokens_out, seconds)
        self.connection.execute("insert into runs values (?, ?, ?, ?, ?, ?, ?)", row)

    def runs(self, recipe: str, models: str) -> dict[str, float] | None:
        """The sums of all runs of a recipe with the same models: images, calls, tokens_in, tokens_out, seconds."""
        columns = ("images", "calls", "tokens_in", "tokens_out", "seconds")
        sums = ", ".join(f"sum({column})" for column in columns)
        query = f"select {sums} from runs where recipe = ? and models = ?"  # noqa: S608 - our own words
        row = self.connection.execute(query, (recipe, models)).fetchone()
        return dict(zip(columns, row, strict=True)) if row[0] else None


class Journalled:
    """A model whose replies are kept; a captions.calls.Model."""

    def __init__(self, model: Model, journal: Journal, bindings: Mapping[str, Binding]) -> None:
        self.model, self.journal, self.bindings = model, journal, bindings

    async def ask(self, request: Request) -> Reply:
        """The kept reply, else the model's. Raises CallFailed, and nothing else, when there is none."""
        binding = self.bindings[request.role]
        key = digest([request.key, binding.extra]) if binding.extra else request.key
        if kept := self.journal.find(key, binding):
            return kept
        reply = await self.model.ask(request)
        self.journal.keep(key, binding, reply)
        return reply


def _reply(kept: dict[str, Any]) -> Reply:
    choices = tuple(Choice(each["text"], each["finish"], _tokens(each["tokens"])) for each in kept["choices"])
    return Reply(**{**kept, "choices": choices, "prompt": _tokens(kept["prompt"])})


def _tokens(kept: list[dict[str, Any]]) -> tuple[Token, ...]:
    return tuple(Token(**token) for token in kept)
