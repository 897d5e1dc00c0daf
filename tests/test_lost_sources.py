"""A share that goes away while it is read, and files that can't be read for a while: nothing of them is lost."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.reader import open_release
from resources.drops import Drops
from resources.engine import BatchFunction, LocalEngine
from tests.pictures import put


def gone(root: Path, leaves: bool, work: BatchFunction, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The work, after its source went away; an empty folder may stand in its place."""
    root.rename(root.with_name("away"))
    if leaves:
        root.mkdir()
    return work(batch)


def for_a_moment(file: Path, work: BatchFunction, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The work, while a file is not where it was."""
    away = file.rename(file.parent.with_name("away"))
    try:
        return work(batch)
    finally:
        away.rename(file)


class Wrapped(LocalEngine):
    """An engine in whose workers something else happens besides."""

    def __init__(self, around: Callable[..., pa.RecordBatch]) -> None:
        super().__init__(1)
        self.around = around

    def run(self, work: BatchFunction, units: Any, **given: Any) -> Iterator[Any]:
        yield from super().run(partial(self.around, work), units, **given)


@pytest.fixture
def scrape(tmp_path: Path) -> Path:
    root = tmp_path / "scrape"
    for number in range(4):
        put(root / f"{number}.png", seed=number, text=f"tag_{number}")
    return root


def released(lake: Path) -> list[str]:
    with open_release(lake=lake) as release:
        return sorted(row["uri"] for row in release.arrow("images").to_pylist())


@pytest.mark.parametrize("leaves", [True, False])
def test_a_share_that_goes_away_while_a_drop_is_read_leaves_the_drop_unread(
    tmp_path: Path, scrape: Path, leaves: bool
) -> None:
    lake, away = tmp_path / "lake", tmp_path / "away"
    failed = build(lake, Config(), [scrape], engine=Wrapped(partial(gone, scrape, leaves))).failed_drops
    assert f"{scrape} went away while it was read: mount it again" in failed["scrape.loose"]
    shutil.rmtree(scrape, ignore_errors=True)
    away.rename(scrape)
    build(lake, Config(), [])
    assert released(lake) == ["0.png", "1.png", "2.png", "3.png"]
    assert [drop.name for drop in Drops(lake / "drops").all()] == ["scrape.loose"]


def test_a_file_that_was_missing_for_a_moment_is_read_by_the_next_build(tmp_path: Path, scrape: Path) -> None:
    (scrape / "link.png").symlink_to("nothing.png")  # never opens, and is not tried again
    lake = tmp_path / "lake"
    build(lake, Config(), [scrape], engine=Wrapped(partial(for_a_moment, scrape / "2.png")))
    assert released(lake) == ["0.png", "1.png", "3.png"]
    assert build(lake, Config(), []).new_drops == ["scrape.loose.2"]
    assert released(lake) == ["0.png", "1.png", "2.png", "3.png"]
    assert build(lake, Config(), []).release is None
    held = Drops(lake / "drops").files("scrape.loose.2").to_pylist()
    assert [(row["path"], row["change"]) for row in held] == [("2.png", "changed"), ("2.txt", "changed")]
