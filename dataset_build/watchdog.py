"""A limit on the time that one image may take, kept even against code that never returns to Python."""

import faulthandler
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_armed: tuple[float, TextIO] | None = None


def arm(seconds: float) -> None:
    """From now on, this process ends (exit code 1) when a block under `limited` takes longer than `seconds`.

    For worker processes only: whoever started them must answer for the image.
    """
    global _armed
    _armed = (seconds, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - stays open as long as the process


@contextmanager
def limited() -> Iterator[None]:
    """Hold the block to the limit, where one is armed."""
    if _armed is None:
        yield
        return
    faulthandler.dump_traceback_later(_armed[0], exit=True, file=_armed[1])
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
