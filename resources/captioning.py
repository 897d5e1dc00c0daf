"""One recipe over many images: some at a time, none waiting for another's retry, rows written as they come."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dataset_build.errors import RunError
from resources.journal import Spent

T = TypeVar("T")
Row = dict[str, Any]

PART_SECONDS, PART_IMAGES = 60.0, 5_000  # after which rows become visible
JUDGED = 50  # images, before their failures can end a run


class TooManyFailures(RunError):
    """Most images get no caption: going on would cost much and give nothing."""


@dataclass
class Tally:
    """How far a run has come. `statuses` counts rows, `failed` images without any caption."""

    recipe: str
    total: int
    spent: Spent
    done: int = 0
    failed: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return max(time.monotonic() - self.started, 1e-6)

    def count(self, rows: Sequence[Row]) -> None:
        """Add an image."""
        self.done += 1
        self.failed += all(row["status"] != "ok" for row in rows)
        self.statuses.update(row["status"] for row in rows)


@dataclass
class Run:
    """What is done with the rows of each image, and what ends a run before its images do."""

    tally: Tally
    write: Callable[[list[Row]], None]
    watch: Callable[[Tally], None]
    max_failures: float
    max_tokens: int
    spent: int = 0  # tokens, before this run
    _rows: list[Row] = field(default_factory=list)
    _images: int = 0
    _written: float = field(default_factory=time.monotonic)
    _writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))  # one part after the other

    async def over(
        self,
        images: Iterator[T],
        caption: Callable[[T], Awaitable[list[Row]]],
        at_once: int,
        lost: Sequence[asyncio.Future[None]],
    ) -> None:
        """Caption the images, `at_once` under way. Rows of those that are finished are written, however it ends.

        Raises what any of `lost` holds, TooManyFailures, and errors in a recipe's own code.
        """
        try:
            async with asyncio.TaskGroup() as group:
                guards = [group.create_task(_raised(each)) for each in lost]
                await self._start(images, caption, at_once, group)
                for guard in guards:
                    guard.cancel()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            with self._writer:
                self._part().result()

    async def _start(
        self, images: Iterator[T], caption: Callable[[T], Awaitable[list[Row]]], at_once: int, group: asyncio.TaskGroup
    ) -> None:
        """Start as many as may be under way, the next when one ends; return when the last has ended."""
        slots = asyncio.Semaphore(at_once)
        for image in images:
            await slots.acquire()
            if self.max_tokens and self.spent + self.tally.spent.tokens >= self.max_tokens:
                slots.release()
                break
            group.create_task(self._one(image, caption)).add_done_callback(lambda _: slots.release())
        for _ in range(at_once):
            await slots.acquire()

    async def _one(self, image: T, caption: Callable[[T], Awaitable[list[Row]]]) -> None:
        rows = await caption(image)
        self._rows += rows
        self._images += 1
        self.tally.count(rows)
        self.watch(self.tally)
        self._judge()
        if self._images >= PART_IMAGES or time.monotonic() - self._written > PART_SECONDS:
            await asyncio.wrap_future(self._part())

    def _judge(self) -> None:
        tally = self.tally
        if tally.done >= JUDGED and tally.failed > self.max_failures * tally.done:
            why = ", ".join(f"{status} {count:,}" for status, count in tally.statuses.most_common() if status != "ok")
            raise TooManyFailures(
                f"{tally.recipe}: {tally.failed:,} of {tally.done:,} images have no caption ({why}); "
                "see their rows in captions, or raise captions.max_failures"
            )

    def _part(self) -> Future[None]:
        """Write the rows that have come, beside the event loop."""
        rows, self._rows, self._images, self._written = self._rows, [], 0, time.monotonic()
        return self._writer.submit(self.write, rows)


async def _raised(lost: asyncio.Future[None]) -> None:
    await asyncio.shield(lost)
