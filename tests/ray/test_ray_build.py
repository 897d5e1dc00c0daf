"""A scrape read on a Ray cluster of two nodes: the same bytes as on one machine, whatever dies."""

import os
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build import watchdog
from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.reader import releases
from resources.engine import BatchFunction, Engine, LocalEngine
from resources.ingest import ingest_drop
from resources.lake import Lake
from resources.ray_engine import RayEngine
from resources.storage import sha256_of
from resources.work import unit_rows
from tests.pictures import put

CRASHES, HANGS = "05.png", "70.png"


def tables(root: Path) -> dict[str, str]:
    """Captions apart, which say when they were written, and what a process keeps for itself."""
    apart = {"captions", "tmp"}
    parts = (part for part in sorted(root.rglob("*.parquet")) if not apart & {*part.relative_to(root).parts})
    return {str(part.relative_to(root)): sha256_of(part) for part in parts}


def test_a_build_on_ray_gives_the_same_bytes(cluster: Any, tmp_path: Path) -> None:
    source = scrape(tmp_path / "scrape", 20)
    (source / "broken.png").write_bytes((source / "00.png").read_bytes()[:500])
    shutil.copy(source / "01.png", source / "copy.png")
    on_ray = {"engine": {"kind": "ray", "address": cluster.address}}
    for folder, settings in (("local", {}), ("ray", on_ray)):
        build(tmp_path / folder, Config.model_validate(settings), [source])
    found = tables(tmp_path / "ray")
    assert found == tables(tmp_path / "local")
    assert releases(tmp_path / "ray")[0]["content"] == releases(tmp_path / "local")[0]["content"]
    assert {Path(part).parts[1] for part in found} >= {"occurrences", "image_facts", "duplicates", "1"}


class Planted:
    """An engine whose workers die over one image, and never return from another."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def run(self, work: BatchFunction, units: Any, **kwargs: Any) -> Iterator[Any]:
        yield from self.engine.run(partial(deadly, work=work), units, **kwargs)


def deadly(rows: pa.RecordBatch, work: BatchFunction) -> pa.RecordBatch:
    names = rows.column("uri").to_pylist()
    with watchdog.limited():
        while HANGS in names:
            time.sleep(0.01)
    if CRASHES in names:
        os.abort()
    return work(rows)


class Losing:
    """An engine that loses a node of its cluster after the first unit."""

    def __init__(self, engine: Engine, cluster: Any) -> None:
        self.engine, self.cluster = engine, cluster

    def run(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        units = self.engine.run(*args, **kwargs)
        yield next(units)
        self.cluster.remove_node(self.cluster.worker_nodes.copy().pop(), allow_graceful=False)
        yield from units


def scrape(folder: Path, count: int) -> Path:
    for number in range(count):
        put(folder / f"{number:02}.png", seed=number, text="red")
    return folder


def read_with(engine: Engine, source: Path, root: Path) -> Lake:
    lake = Lake(root, Config.model_validate({"images": {"timeout": 3}}))
    lake.drops.add_source(source)
    (drop,) = lake.drops.discover(source.name)
    ingest_drop(lake, engine, drop, lambda done, total: None)
    return lake


def test_a_lost_node_and_images_that_kill_change_nothing_else(cluster: Any, tmp_path: Path) -> None:
    source = scrape(tmp_path / "scrape", 80)
    assert unit_rows(80) == 16
    read_with(Planted(LocalEngine(2)), source, tmp_path / "local")
    engine = Losing(Planted(RayEngine(cluster.address)), cluster)
    lake = read_with(engine, source, tmp_path / "ray")
    assert tables(tmp_path / "ray") == tables(tmp_path / "local")
    rows = pa.Table.from_batches(lake.piece("occurrences", "scrape.loose").batches()).to_pylist()
    bad = {row["uri"]: (row["status"], row["reason"]) for row in rows if row["status"] != "ok"}
    assert bad == {
        CRASHES: ("crashed", "the process that read it died or had no memory left"),
        HANGS: ("timeout", "took longer than images.timeout"),
    }
    assert len(rows) == 80
