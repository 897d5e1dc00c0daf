"""A disk that is full ends a build with its reason; with room again, the next one finishes what it began."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dataset_build.build import BuildFailed, build, open_instance
from dataset_build.config import Config
from dataset_build.release.reader import releases
from resources.engine import LocalEngine
from resources.housekeeping import waste
from resources.lake import Lake
from tests.pictures import put


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as if the disk were full then."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for number in range(12):
        put(tmp_path / "scrape" / f"{number:02}.png", seed=number, text=f"tag_{number}, hat")
    return tmp_path / "scrape"


def test_a_full_disk_is_said_and_the_next_build_finishes(source: Path, tmp_path: Path) -> None:
    engine, stopped = LocalEngine(1), set()
    build(tmp_path / "calm", Config(), [source], engine=engine)
    for size in (700, 4_000, 9_000, 30_000):
        with room_for(size), pytest.raises((BuildFailed, OSError), match=r"File too large|Errno 27") as failure:
            build(tmp_path / "lake", Config(), [source], engine=engine)
        stopped.add(str(failure.value).partition(":")[0])
        assert releases(tmp_path / "lake") == []
    assert len(stopped) > 2, stopped
    outcome = build(tmp_path / "lake", Config(), [], engine=engine)
    assert outcome.release is not None
    assert outcome.release["content"] == releases(tmp_path / "calm")[0]["content"]
    assert list(waste(Lake(tmp_path / "lake", Config()))) == []


def test_records_that_cannot_be_written_are_said_in_one_line(tmp_path: Path) -> None:
    said = r"the records of builds can't be written to \S+: "
    with room_for(20_000), pytest.raises(BuildFailed, match=said) as failure, open_instance(tmp_path):
        raise AssertionError("an instance needs more room")
    assert "\n" not in str(failure.value)
