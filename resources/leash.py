"""Runs a command that ends with whoever started it: python -m resources.leash COMMAND …

The parent holds the other end of standard input. When it lets go, because it is done or dead, the command and all that
it has started are ended, politely at first.
"""

import os
import select
import signal
import subprocess
import sys
from contextlib import suppress

POLL = 0.2  # seconds between two looks
POLITE = 15.0  # seconds between asking and forcing


def main(command: list[str]) -> int:
    """Run the command until it ends or standard input does. Returns its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - as asked
    try:
        while child.poll() is None and _held():
            pass
    finally:
        code = _end(child)
    return code


def _held() -> bool:
    """Whether the parent holds on. Takes up to POLL seconds."""
    readable, _, _ = select.select([sys.stdin], [], [], POLL)
    return not readable or bool(os.read(sys.stdin.fileno(), 1024))


def _end(child: subprocess.Popen[bytes]) -> int:
    """End the command, and what it has started as far as that shares its process group."""
    _signal(child, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(POLITE)
    _signal(child, signal.SIGKILL)
    return child.wait()


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
