"""Results of views that one process needs again and again, in files that go when it ends.

A file is named after the version of its view, so that it holds what the view would give now, or isn't found.
"""

import atexit
import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from dataset_build.locations import scratch
from resources.storage import private_folder

# Each is a query over every image or caption, and what several steps of a night are made from.
KEPT = frozenset({"current_facts", "caption_inputs", "score_texts", "candidate_captions", "near_captions"})


def kept_file(root: Path, view: str, version: str) -> Path:
    """Where the rows of a view of the lake at `root` are kept; there may be no such file yet."""
    return _folder(root, os.getpid()) / f"{view}-{version}.parquet"


@cache
def _folder(root: Path, process: int) -> Path:
    """A folder of this process alone: a forked one has another."""
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    return until_the_end.enter_context(private_folder(scratch(root / "tmp")))
