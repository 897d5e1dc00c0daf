"""A limit on the time that one image may take, kept even against code that never returns to Python."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_CODE = -signal.SIGALRM  # of a process that took too long, as multiprocessing tells it

_seconds = 0.0


def arm(seconds: float) -> None:
    """From now on, this process is ended by the kernel when a block under `limited` takes longer than `seconds`.

    For worker processes only: whoever started them must answer for the image.
    """
    global _seconds
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _seconds = seconds


@contextmanager
def limited() -> Iterator[None]:
    """Hold the block to the limit, where one is armed."""
    signal.setitimer(signal.ITIMER_REAL, _seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def paused() -> Iterator[None]:
    """Stop the clock for as long as the block runs, which waits for others and keeps to limits of its own."""
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
