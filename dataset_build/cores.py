"""How much is done at once on this machine."""

import os


def cores() -> int:
    """The processors that this process may use; where the system doesn't tell, as on macOS, all that there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
