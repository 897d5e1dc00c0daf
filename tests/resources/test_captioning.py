"""A run over many images: every row is written once, in parts, whatever comes meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from resources import captioning
from resources.captioning import Row, Run, Tally, TooManyFailures
from resources.journal import Spent


def over(count: int, write: Callable[[list[Row]], None], caption: Callable[[int], Awaitable[list[Row]]]) -> Tally:
    tally = Tally("r", count, Spent())
    run = Run(tally, write, lambda tally: None, 0.5, 0)
    asyncio.run(run.over(iter(range(count)), caption, 8, []))
    return tally


async def well(image: int) -> list[Row]:
    await asyncio.sleep(0)
    return [{"image": image, "status": "ok"}]


def test_rows_that_come_while_a_part_is_written_are_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captioning, "PART_IMAGES", 10)
    parts: list[list[int]] = []

    def write(rows: list[Row]) -> None:
        time.sleep(0.002)  # a disk
        parts.append([row["image"] for row in rows])

    assert over(500, write, well).done == 500
    assert sorted(image for part in parts for image in part) == list(range(500))
    assert len(parts) <= 51


def test_rows_are_written_also_when_the_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaking(image: int) -> list[Row]:
        if image == 30:
            raise LookupError("a recipe's own error")
        return await well(image)

    written: list[Row] = []
    with pytest.raises(LookupError, match="a recipe's own error"):
        over(100, written.extend, breaking)
    assert 22 <= len(written) < 40


def test_a_disk_that_is_full_ends_the_run() -> None:
    def write(rows: list[Row]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        over(10, write, well)


def test_a_run_stops_at_the_share_of_failures_and_not_before_enough_were_seen() -> None:
    async def failing(image: int) -> list[Row]:
        return [{"image": image, "status": "refusal"}]

    written: list[Row] = []
    with pytest.raises(TooManyFailures, match=r"r: 50 of 50 images have no caption \(refusal 50\)"):
        over(200, written.extend, failing)
    assert 50 <= len(written) <= 58
    assert over(40, written.extend, failing).failed == 40
