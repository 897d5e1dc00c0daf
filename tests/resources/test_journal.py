"""The journal: what was answered once is not asked again, whatever becomes of the process."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from dataset_build.captions.calls import CallFailed, Choice, Reply, Request, Sampling, Token, Turn
from dataset_build.config import Binding
from dataset_build.errors import RunError
from resources.journal import Journal, Journalled

TOKENS = (Token("é", -0.5, {"é": -0.5, "a": -2.0}),)
REPLY = Reply((Choice("été", "stop", TOKENS), Choice("", "length")), "m", "r", 10, 4, (Token("Say", -1.0),))


class Counting:
    """A model that counts its calls."""

    def __init__(self, reply: Reply | CallFailed = REPLY) -> None:
        self.reply, self.calls = reply, 0

    async def ask(self, request: Request) -> Reply:
        self.calls += 1
        if isinstance(self.reply, CallFailed):
            raise self.reply
        return self.reply


def ask(folder: Path, model: Counting, binding: Binding, text: str = "Hi", seed: int = 0) -> tuple[Reply, Journal]:
    with closing(Journal(folder)) as journal:
        kept = Journalled(model, journal, {"vlm": binding})
        return asyncio.run(kept.ask(Request("vlm", (Turn("user", (text,)),), Sampling(seed=seed)))), journal


def test_a_reply_comes_back_as_it_was_without_a_call(tmp_path: Path) -> None:
    model, binding = Counting(), Binding(model="m", revision="r")
    first, cost = ask(tmp_path, model, binding)
    second, known = ask(tmp_path, model, binding)
    assert first == second == REPLY
    assert model.calls == 1
    assert (cost.spent.calls, cost.spent.kept, cost.spent.tokens) == (1, 0, 14)
    assert (known.spent.calls, known.spent.kept, known.spent.tokens) == (0, 1, 0)


def test_another_question_model_or_revision_is_asked(tmp_path: Path) -> None:
    model = Counting()
    ask(tmp_path, model, Binding(model="m", revision="r"))
    ask(tmp_path, model, Binding(model="m", revision="r"), text="Ho")
    ask(tmp_path, model, Binding(model="m", revision="r"), seed=1)
    ask(tmp_path, model, Binding(model="m", revision="r2"))
    ask(tmp_path, model, Binding(model="n", revision="r"))
    ask(tmp_path, model, Binding(model="m", revision="r", extra={"mm_processor_kwargs": {}}))
    assert model.calls == 6


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    failing, binding = Counting(CallFailed("timeout")), Binding(model="m")
    with pytest.raises(CallFailed):
        ask(tmp_path, failing, binding)
    model = Counting()
    ask(tmp_path, model, binding)
    assert model.calls == 1


def test_earlier_runs_are_summed_by_recipe_and_models(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        assert journal.runs("single_pass", "m") is None
        journal.keep_run("single_pass", "m", 5, 1.0)  # it asked nothing
        assert journal.runs("single_pass", "m") is None
        journal.keep("k", Binding(model="m"), REPLY)
        journal.keep_run("single_pass", "m", 10, 2.0)
        journal.keep_run("single_pass", "m", 10, 4.0)
        journal.keep_run("single_pass", "other", 10, 4.0)
        assert journal.runs("single_pass", "m") == {
            "images": 20, "calls": 2, "tokens_in": 20, "tokens_out": 8, "seconds": 6.0,
        }  # fmt: skip


def test_no_file_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    Journal(tmp_path / "journal").close()
    assert not (tmp_path / "journal").exists()


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.file.write_bytes(b"not a database" * 100)
    with pytest.raises(
        RunError, match=r"calls-1.sqlite: .*; where it is damaged, delete it: its calls are asked again"
    ):
        journal.runs("single_pass", "m")
