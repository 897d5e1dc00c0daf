"""How many requests a server is given at a time: as many as keep it busy, found from what it says of itself."""

import re
from dataclasses import dataclass

FIRST = 32  # requests, before the server was asked; what a server that says nothing gets
FEWEST = 4
FULL = 0.95  # share of the cache in use, from which more requests would only push each other out
_METRIC = re.compile(r"^vllm:(num_requests_running|num_requests_waiting|kv_cache_usage_perc)(?:\{.*\})? (\S+)$", re.M)


@dataclass(frozen=True)
class Load:
    """What a server is doing: requests that it works on, requests that wait, share of its cache in use."""

    running: int
    waiting: int
    cache: float


def load_in(metrics: str) -> Load | None:
    """The load in the text of vLLM's /metrics, over all of its engines; None where it doesn't say."""
    found: dict[str, list[float]] = {}
    for name, value in _METRIC.findall(metrics):
        found.setdefault(name, []).append(float(value))
    if len(found) < 3:
        return None
    running, waiting = sum(found["num_requests_running"]), sum(found["num_requests_waiting"])
    return Load(round(running), round(waiting), max(found["kv_cache_usage_perc"]))


def next_limit(limit: int, busy: int, load: Load | None, most: int) -> int:
    """The requests to have in flight from now on, of which `busy` are.

    As many may wait at the server as it works on, so that the next are there when a batch ends. Until then there are
    half as many more each time. A server that says nothing gets no more than FIRST.
    """
    if load is None:
        return min(limit + 1, FIRST, most)
    excess = load.waiting - max(FEWEST, load.running)
    if excess > 0:
        return max(FEWEST, limit - excess)
    if load.waiting == 0 and busy >= limit and load.cache < FULL:
        return min(most, limit + limit // 2)
    return min(most, limit)
