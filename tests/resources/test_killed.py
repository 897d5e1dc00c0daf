"""A release that is killed while it is made leaves nothing visible and no broken tag, wherever that happens."""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.reader import open_release, releases, tags
from dataset_build.release.verify import verify_lake
from resources.lake import Lake
from resources.people import take_down
from resources.purge import purge
from resources.release_tags import move_tag
from resources.releases import publish, stage
from tests.pictures import put

WRITES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
POINTS = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with release 1."""
    folder = tmp_path_factory.mktemp("killed")
    put(folder / "scrape/a.png", seed=1, text="red hat")
    put(folder / "scrape/b.png", seed=2, text="blue hat")
    build(folder / "lake", Config(), [folder / "scrape"])
    return folder / "lake"


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Lake:
    """A copy of it, with a tag."""
    lake = Lake(shutil.copytree(made, tmp_path / "lake"), Config())
    move_tag(lake.root, "production", "1")
    return lake


def touching(lake: Lake, event: str, arguments: tuple[Any, ...]) -> bool:
    return event in WRITES and any(str(lake.root) in str(argument) for argument in arguments[:2])


def in_child(lake: Lake, work: Callable[[], object], last: int | None = None) -> tuple[int, int]:
    """Run `work` in a forked process that ends by SIGKILL at its file operation number `last`.

    Returns the signal that ended it, and the operations it came to if it came to the end.
    """
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        with os.fdopen(reader) as pipe:
            counted = pipe.read()
        return os.waitpid(child, 0)[1], int(counted or 0)
    done = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal done
        if touching(lake, event, arguments):
            done += 1
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    try:
        work()
        os.write(writer, str(done).encode())
    finally:
        os._exit(0)


def sound(lake: Lake, versions: list[str]) -> bool:
    """Whether these releases are all there is, each whole, and every tag names one of them."""
    found = [manifest["version"] for manifest in releases(lake.root)]
    with open_release(lake=lake.root) as release:
        assert release.version == found[-1]
    assert not any(problem for problems in verify_lake(lake.root).values() for problem in problems)
    assert tags(lake.root) == {"latest": found[-1], "production": "1"}
    return found == versions


def points(operations: int) -> list[int]:
    """Where to kill: spread over the whole, and close to the end, where a release becomes visible."""
    spread = [1 + operations * k // POINTS for k in range(POINTS)]
    return sorted({*spread, *range(max(1, operations - 4), operations + 1)})


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_release_that_is_killed_was_never_there(lake: Lake) -> None:
    def create(version: str) -> Callable[[], object]:
        return lambda: publish(stage(lake, version))

    _, operations = in_child(lake, lambda: stage(lake, "unseen"))
    assert operations > 20
    ended, total = in_child(lake, create("2"))
    assert (ended, total > operations, sound(lake, ["1", "2"])) == (0, True, True)
    ended = seen = 2
    for point in points(total):
        version = str(seen + 1)
        ended, _ = in_child(lake, create(version), last=point)
        assert ended == signal.SIGKILL, point
        known = [str(number) for number in range(1, seen + 1)]
        if not sound(lake, known):
            assert sound(lake, [*known, version]), point
            seen += 1
    assert in_child(lake, create("last"))[0] == 0
    assert sound(lake, [*[str(number) for number in range(1, seen + 1)], "last"])
    assert list((lake.root / "releases").glob(".staging-*")) == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_purge_that_is_killed_is_finished_by_another(lake: Lake) -> None:
    take_down(lake, "image", "a.png", "r")
    killed = 0
    for point in range(1, 200, 9):
        ended, _ = in_child(lake, lambda: purge(lake, "1", "2"), last=point)
        killed += ended == signal.SIGKILL
        left = [problem for problems in verify_lake(lake.root).values() for problem in problems]
        assert [
            p for p in left if "run `release purge 1` again" not in p and not p.startswith(".tombstone.json.")
        ] == []
        assert set(tags(lake.root).values()) in ({"1"}, {"2"})
        if ended == 0:
            break
    assert killed > 5
    purge(lake, "1", "2")
    assert verify_lake(lake.root) == {"1": [], "2": [], "": []}
    assert tags(lake.root) == {"latest": "2", "production": "2"}
