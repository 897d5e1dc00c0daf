"""Try again until it is good enough, a bounded number of times, and keep the best."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def improve(
    attempt: Callable[[list[T]], Awaitable[T]], cost: Callable[[T], float], rounds: int, enough: float = 0.0
) -> tuple[T, list[T]]:
    """The candidate of least cost, the first of equals, and all of them in order.

    `attempt` makes a candidate from those before it; no more are made once one costs at most `enough`.
    """
    made: list[T] = []
    while len(made) < rounds:
        made.append(await attempt(made))
        if cost(made[-1]) <= enough:
            break
    return min(made, key=cost), made
