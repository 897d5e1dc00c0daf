"""Builds that are killed at random moments, their workers and server too: nothing is lost, doubled or asked in vain.

CHAOS_KILLS says how often, CHAOS_SEED when.
"""

import os
import random
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.ingest import tree
from dataset_build.config import load_config
from dataset_build.release.reader import releases
from dataset_build.release.verify import verify_lake
from resources import housekeeping
from resources.housekeeping import clean, waste
from resources.lake import Lake
from tests.pictures import put

ROOT = Path(__file__).parents[1]
KILLS, SEED = int(os.environ.get("CHAOS_KILLS", "4")), int(os.environ.get("CHAOS_SEED", "3"))
IMAGES, IN_FLIGHT, LONGEST = 40, 4, 300
MOMENTS = {"build": 40, "worker": 8, "server": 60}  # writes to the lake between two kills, at the most
TABLES = ("images", "captions", "tags", "rejects", "lineage")
RECIPE = '''
"""A recipe that asks."""

from dataset_build.captions.calls import Request, Turn, View
from dataset_build.captions.recipe import recipe


@recipe(variants=["caption"])
async def asked(job):
    """One question with the image."""
    turns = (Turn("user", (*await job.pictures([View()]), "describe the image")),)
    return {"caption": (await job.ask(job.step("ask"), Request("vlm", turns))).choices[0].text}
'''


@dataclass
class Site:
    """A folder with a scrape, a lake, and a server to be started that notes what it is asked."""

    folder: Path
    weeks: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake", load_config(self.folder / "dataset.toml"))

    def prepare(self) -> None:
        self.folder.mkdir()
        python = self.folder / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/captions/fake_vllm.py "$@"\n')
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        (self.folder / "recipe.py").write_text(RECIPE)
        noted = ["--pids", str(self.folder / "pids"), "--asked", str(self.folder / "asked")]
        (self.folder / "dataset.toml").write_text(
            f"""
            engine.workers = 2
            text.detect = "off"
            rules.torn_rows = 0
            captions.recipes = ["{self.folder}/recipe.py:asked"]
            captions.max_in_flight = {IN_FLIGHT}
            captions.max_side = 64
            models.vlm = {{model = "m", revision = "r", backend = "vllm", python = "{python}", arguments = {noted}}}
            """
        )
        self.arrive()

    def arrive(self) -> None:
        """One more drop, with a duplicate and a broken file."""
        folder = self.folder / f"scrape/week{self.weeks:02}"
        for number in range(IMAGES):
            picture = max(number, 1)
            size = (256 + picture, 240)
            put(folder / f"{number:02}.png", self.weeks * IMAGES + picture, f"tag_{number}, hat", size)
        (folder / "broken.png").write_bytes(b"no image")
        self.weeks += 1

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", "from dataset_build.cli import main; main()", "build", "--source", "scrape"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DAGSTER", "DATASET_BUILD"))}
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=said, env=environment)

    def writes(self) -> set[tuple[str, int]]:
        """Every state of a file of the lake, by name and time; a night's records apart."""
        found = set()
        for folder in ("drops", "tables", "journal", "releases", "sheets"):
            for place, _, names in os.walk(self.folder / "lake" / folder):
                for file in (Path(place, name) for name in names if name != ".lock"):
                    with suppress(FileNotFoundError):
                        found.add((str(file), file.stat().st_mtime_ns))
        return found

    def finish(self) -> None:
        assert self.start().wait(LONGEST) == 0, (self.folder / "said").read_text()[-2000:]

    def tables(self) -> dict[str, list[dict[str, object]]]:
        """The rows of the last release."""
        folder = self.folder / "lake/releases" / releases(self.folder / "lake")[-1]["version"]
        found = {}
        for name in TABLES:
            found[name] = pq.read_table(folder / f"{name}.parquet").to_pylist()
        return found


def told(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def victims(build: subprocess.Popen[bytes]) -> dict[str, list[int]]:
    """What runs of a build, by kind: the process itself, its workers, its server."""
    below = {pid: told(pid) for pid in tree(build.pid)}
    forks = [pid for pid, words in below.items() if "multiprocessing.forkserver" in words]
    servers = [pid for pid, words in below.items() if "fake_vllm.py" in words and "resources.leash" not in words]
    kinds = {"build": [build.pid], "worker": forks[1:], "server": servers}  # the first forks the others
    return {kind: pids for kind, pids in kinds.items() if pids}


def killed(site: Site, build: subprocess.Popen[bytes], kind: str, rng: random.Random) -> bool:
    """Kill one of a kind once the lake has seen some writes more and there is one; False when the build ended first."""
    first = known = site.writes()
    writes = rng.randint(1, MOMENTS[kind])
    while len(known - first) < writes or not (found := victims(build).get(kind)):
        with suppress(subprocess.TimeoutExpired):
            build.wait(0.02)
            return False
        known = known | site.writes()
    with suppress(ProcessLookupError):
        os.kill(rng.choice(found), signal.SIGKILL)
    return True


def disturbed(site: Site, kills: int, rng: random.Random) -> None:
    """Build, kill something at random moments, build again; a drop arrives whenever a build came to its end."""
    while site.kills.total() < kills:
        build = site.start()
        try:
            while site.kills.total() < kills and killed(site, build, kind := rng.choice(sorted(MOMENTS)), rng):
                site.kills[kind] += 1
                print(f"kill {site.kills.total()}: {kind}", flush=True)
            finished = build.wait(LONGEST) == 0
        finally:
            build.kill()
            build.wait()
        if finished and site.kills.total() < kills:
            site.arrive()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """One that was disturbed and then left alone, and one of the same files that never was."""
    folder = tmp_path_factory.mktemp("chaos")
    restless, calm = Site(folder / "restless"), Site(folder / "calm")
    for site in (restless, calm):
        site.prepare()
    disturbed(restless, KILLS, random.Random(SEED))
    restless.finish()
    while calm.weeks < restless.weeks:
        calm.arrive()
    calm.finish()
    print(f"killed: {dict(restless.kills)}; drops: {restless.weeks}", flush=True)
    yield restless, calm


def test_the_release_is_that_of_a_build_that_nobody_disturbed(sites: tuple[Site, Site]) -> None:
    restless, calm = sites
    assert restless.kills.total() == KILLS
    rows, expected = restless.tables(), calm.tables()
    assert len(expected["images"]) == restless.weeks * (IMAGES - 1)
    for name in TABLES:
        assert rows[name] == expected[name], name


def test_no_question_was_asked_again_but_those_in_flight(sites: tuple[Site, Site]) -> None:
    asked, once = (Counter((site.folder / "asked").read_text().split()) for site in sites)
    assert set(once.values()) == {1}
    assert asked.keys() == once.keys()
    kills = sites[0].kills
    assert asked.total() - len(asked) <= IN_FLIGHT * (kills["build"] + kills["server"])


def test_no_row_stands_twice(sites: tuple[Site, Site]) -> None:
    for site in sites:
        with site.lake.connect(["captions", "occurrences"]) as connection:
            captions = connection.sql("from captions where status = 'ok'")
            keys = captions.aggregate("count(*) as rows", "image_id, fingerprint, variant, n")
            assert keys.filter("rows > 1").fetchall() == []
            assert len(keys) == site.weeks * (IMAGES - 1)
            places = connection.table("occurrences").aggregate("count(*) as rows", "drop, uri, member")
            assert places.filter("rows > 1").fetchall() == []


def test_what_was_left_lying_is_not_seen_and_is_cleared_away(
    sites: tuple[Site, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    restless, calm = sites
    assert not any(problem for problems in verify_lake(restless.lake.root).values() for problem in problems)
    monkeypatch.setattr(housekeeping, "SETTLED", -1)
    list(clean(restless.lake))
    assert list(waste(restless.lake)) == []
    assert restless.tables() == calm.tables()
