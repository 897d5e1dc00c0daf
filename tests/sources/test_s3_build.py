"""Builds from a bucket by the command line, over a store that fails: the same release as from a folder."""

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.build import build
from dataset_build.captions.calls import View
from dataset_build.captions.pictures import Place, Size, picture
from dataset_build.config import Config, ImageLimits
from dataset_build.definitions import build_defs
from dataset_build.images.again import look_again
from dataset_build.locations import locate
from dataset_build.release.reader import Release, open_release
from dataset_build.schemas import LISTING
from resources.drops import TRIES, Drops
from resources.exports import LakeImages
from resources.images import jpegs, read_images
from resources.ingest import list_drop
from resources.lake import Lake
from resources.retries import to_retry
from tests.buckets import Plan, Store
from tests.pictures import put
from tests.sources.conftest import tar_of

LIMITS = ImageLimits()


class Made(NamedTuple):
    """A scrape on disk and in a bucket, and the lakes built from them."""

    place: str
    of_bucket: Path
    of_folder: Path
    said: list[str]


def scrape(root: Path) -> Path:
    """Plain files with texts and a table, members of a tar, rows of a Parquet file, and what can't be read."""
    for number in range(6):
        put(root / f"a/{number}.png", seed=number, text=f"a picture of thing {number}" if number else None)
    (root / "a/data.jsonl").write_text('{"id": 0, "tags": "cat mat"}\n')
    (root / "a/broken.png").write_bytes(b"no picture")
    pictures = [put(root / f"{number}.png", seed=number).read_bytes() for number in range(10, 16)]
    members = {f"{number}.png": data for number, data in enumerate(pictures[:3])}
    (root / "00000.tar").write_bytes(tar_of(members | {"0.txt": "a thing in a tar"}))
    pq.write_table(pa.table({"image": pictures[3:5], "text": ["a row", "another"]}), root / "x.parquet")
    for number in range(10, 15):
        (root / f"{number}.png").unlink()
    return root


def uploaded(store: Store, folder: Path) -> str:
    bucket = store.bucket()
    for file in sorted(folder.rglob("*.*")):
        store.put(bucket, f"some/{folder.name}/{file.relative_to(folder).as_posix()}", file.read_bytes())
    return f"s3://{bucket}/some/{folder.name}"


def command(*words: str | Path) -> str:
    """What a command says, run as a process of its own, whose workers get this environment."""
    run = [str(Path(sys.executable).with_name("dataset-build")), *map(str, words)]
    done = subprocess.run(run, env=os.environ | {"AWS_MAX_ATTEMPTS": "3"}, capture_output=True, text=True, check=False)
    return f"{done.returncode}: {done.stdout}{done.stderr}"


def now_and_then() -> Plan:
    """One image is never given; of all else, every tenth request fails in some way the first time."""
    draw, seen = random.Random(3), set[str]()

    def plan(line: str, number: int) -> str | None:
        if "a/3.png" in line:
            return "500"
        if line in seen or draw.random() > 0.1:
            return None
        seen.add(line)
        return draw.choice(["500", "503", "cut", "drop"])

    return plan


@pytest.fixture(scope="module")
def made(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    root = scrape(folder / "scrape")
    place = uploaded(store, root)
    build(folder / "one", Config(), [root])
    said = []
    with store.asked(now_and_then()):
        said.append(command("build", "--source", place, "--lake", folder / "two"))
    said += [command("build", "--lake", folder / "two"), command("build", "--plan", "--lake", folder / "two")]
    return Made(place, folder / "two", folder / "one", said)


@pytest.fixture
def release(made: Made) -> Iterator[Release]:
    with open_release("2", lake=made.of_bucket) as found:
        yield found


@pytest.fixture
def lake(made: Made) -> Lake:
    return Lake(made.of_bucket, Config())


def content(lake: Path, version: str) -> list[tuple[Any, ...]]:
    """What a release says of every file."""
    kept = "select uri, member, image_id, caption, source_id, '' as reason from images"
    left = "select uri, member, image_id, null, null, reason from rejects where reason <> 'replaced'"
    with open_release(version, lake=lake) as release:
        return sorted(release.sql(f"{kept} union all {left}").fetchall(), key=str)


def test_what_a_store_withholds_is_a_row_and_the_next_build_has_all(made: Made) -> None:
    assert [each.partition(":")[0] for each in made.said] == ["0", "0", "0"], made.said
    whole = content(made.of_folder, "1")
    before = {row[0:2]: row for row in content(made.of_bucket, "1")}
    assert before.pop(("a/3.png", None))[5] == "unreadable"
    assert sorted(before.values(), key=str) == [row for row in whole if row[0] != "a/3.png"]
    assert content(made.of_bucket, "2") == whole
    assert "there is nothing to do" in made.said[2]


def test_images_are_read_again_for_whoever_asks(lake: Lake, release: Release) -> None:
    rows = release.arrow("images").to_pylist()
    images = LakeImages(lake)
    ids = [row["image_id"] for row in rows]
    assert [hashlib.sha256(data).hexdigest() for data in images.read(rows) if isinstance(data, bytes)] == ids
    assert {hashlib.sha256(data).hexdigest() for data in read_images(lake, ids).values()} == set(ids)
    assert set(jpegs(lake, ids)) == set(ids)
    reasons = {row["member"] is None: images.path(row).reason for row in rows}
    assert reasons == {True: "in_bucket", False: "in_archive"}


def test_models_are_shown_pictures(lake: Lake, made: Made) -> None:
    drop = lake.drops.get("scrape.a.2")
    listed = next(row for row in pq.read_table(list_drop(lake, drop)).to_pylist() if row["status"] is None)
    root = lake.drops.root_of(drop)
    (image_id,) = pq.read_table(lake.piece("image_facts", drop.name).parts())["image_id"].to_pylist()
    assert (str(root), listed["uri"]) == (made.place, "a/3.png")
    shown = picture(Place(image_id, root, listed), View(), Size(64, 4096), LIMITS)
    assert shown[:2] == b"\xff\xd8"
    rows = pa.RecordBatch.from_pylist([listed], LISTING.schema).append_column("image_id", pa.array([image_id]))
    (pixels,) = look_again(rows, root, LIMITS, 64)
    assert (pixels.shape[0] / pixels.shape[1], pixels.ndim) == (0.75, 3)


def test_what_stays_unreadable_is_left_after_some_tries(made: Made, tmp_path: Path) -> None:
    drops = Drops(tmp_path / "drops")
    name = drops.add_source(made.place)
    assert [drop.files for drop in drops.discover(name)] == [13, 1, 2]
    again = ["a/3.png"]
    tried = [[(drop.name, drop.files) for drop in drops.discover(name, again=again)] for _ in range(TRIES)]
    assert tried == [[("scrape.a.2", 3)], [("scrape.a.3", 3)], []]  # with its texts


def test_only_a_bucket_is_tried_again(made: Made) -> None:
    of_folder, of_bucket = Lake(made.of_folder, Config()), Lake(made.of_bucket, Config())
    assert (to_retry(of_folder, "scrape"), to_retry(of_bucket, "scrape")) == ([], [])


def test_the_sensor_finds_drops_in_a_bucket(made: Made, tmp_path: Path) -> None:
    Drops(tmp_path / "drops").add_source(made.place)
    definitions = build_defs(tmp_path, Config())
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance, definitions=definitions) as context:
        sensor = definitions.get_repository_def().get_sensor_def("new_drops")
        assert [each.partition_key for each in sensor(context)] == ["scrape.a", "scrape.loose", "scrape.shards"]


def test_a_lake_in_its_own_source_is_not_read(store: Store, made: Made, tmp_path: Path) -> None:
    drops = Drops(tmp_path / "scrape" / "lake" / "drops")
    name = drops.add_source(made.place)
    assert sum(drop.files for drop in drops.discover(name)) == 16
    assert drops.sources() == {"scrape": locate(made.place)}


def test_a_source_moves_into_a_bucket(store: Store, made: Made, tmp_path: Path) -> None:
    drops = Drops(tmp_path / "lake" / "drops")
    name = drops.add_source(scrape(tmp_path / "scrape"))
    drops.discover(name)
    drops.move_source(name, f"{made.place}/")
    assert str(drops.sources()[name]) == made.place
    assert {row["change"] for drop in drops.discover(name) for row in drops.files(drop.name).to_pylist()} == {"changed"}
