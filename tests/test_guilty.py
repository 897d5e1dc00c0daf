"""An image over which workers die is given up after two deaths, says so, and is left alone by later builds."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.reader import open_release
from resources.engine import BatchFunction, LocalEngine
from resources.lake import Lake
from tests.pictures import put


def dies_of(work: BatchFunction, uri: str, noted: Path, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The work, in a process that is killed by one image."""
    if uri in batch.column("uri").to_pylist():
        with noted.open("a") as file:
            file.write(f"{batch.num_rows}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return work(batch)


class Fragile(LocalEngine):
    """An engine whose workers die over an image."""

    def __init__(self, uri: str, noted: Path) -> None:
        super().__init__(1)
        self.uri, self.noted = uri, noted

    def run(self, work: BatchFunction, units: Any, **given: Any) -> Iterator[Any]:
        yield from super().run(partial(dies_of, work, self.uri, self.noted), units, **given)


def test_a_guilty_image_is_final_after_two_deaths_and_is_not_tried_again(tmp_path: Path) -> None:
    for number in range(4):
        put(tmp_path / "scrape" / f"{number}.png", seed=number, text=f"tag_{number}")
    lake, engine = tmp_path / "lake", Fragile("2.png", tmp_path / "deaths")
    assert build(lake, Config(), [tmp_path / "scrape"], engine=engine).release is not None
    assert (tmp_path / "deaths").read_text().split() == ["4", "1"]
    with Lake(lake, Config()).connect(["occurrences"]) as connection:
        statuses = connection.sql("select uri, status from occurrences order by uri").fetchall()
    assert statuses == [("0.png", "ok"), ("1.png", "ok"), ("2.png", "crashed"), ("3.png", "ok")]

    put(tmp_path / "scrape" / "4.png", seed=4, text="tag_4")
    assert build(lake, Config(), [], engine=engine).release is not None
    assert build(lake, Config(), [], engine=engine).release is None
    assert (tmp_path / "deaths").read_text().split() == ["4", "1"]
    with open_release(lake=lake) as release:
        assert sorted(row["uri"] for row in release.arrow("images").to_pylist()) == ["0.png", "1.png", "3.png", "4.png"]
        assert [(row["uri"], row["reason"]) for row in release.arrow("rejects").to_pylist()] == [("2.png", "crashed")]
