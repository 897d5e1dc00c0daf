"""A lake in a bucket while the build, its workers, its model's server and the bucket go down at random moments.

CHAOS_KILLS says how often, CHAOS_SEED when.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dataset_build.buckets import BucketPath
from dataset_build.config import load_config
from dataset_build.release.reader import releases
from dataset_build.release.verify import verify_lake
from resources.lake import Lake
from tests.s3.faults import spoiling
from tests.test_chaos import IMAGES, IN_FLIGHT, KILLS, LONGEST, SEED, Site, victims

KINDS = ("build", "worker", "server", "bucket")
APART, AWAY = 120, 60  # requests between two kills, and that a bucket is away, at the most


@dataclass
class Chaos:
    """Called for every request; ends something at random ones, until `left` is 0."""

    left: int
    rng: random.Random
    build: subprocess.Popen[bytes] | None = None
    kills: Counter[str] = field(default_factory=Counter)
    away: int = 0
    wait: int = 1
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> str | None:
        with self.lock:
            if self.away:
                self.away -= 1
                return "away"
            self.wait -= 1
            if self.left and self.wait <= 0 and self.build:
                self.strike(self.build)
        return None

    def strike(self, build: subprocess.Popen[bytes]) -> None:
        found = {**victims(build), "bucket": [0]}
        kind = self.rng.choice([kind for kind in KINDS if kind in found])
        self.left, self.wait = self.left - 1, self.rng.randint(1, APART)
        self.kills[kind] += 1
        print(f"kill {self.kills.total()}: {kind}", flush=True)
        if kind == "bucket":
            self.away = self.rng.randint(1, AWAY)
            return
        with suppress(ProcessLookupError):
            os.kill(self.rng.choice(found[kind]), signal.SIGKILL)


def start(site: Site, lake: BucketPath, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from dataset_build.cli import main; main()", "build", "--source", "scrape"]
    environment = {**os.environ, "AWS_ENDPOINT_URL": url, "DAGSTER_HOME": str(site.folder / "dagster")}
    with (site.folder / "said").open("ab") as said:
        return subprocess.Popen(
            [*command, "--lake", str(lake)], cwd=site.folder, stdout=said, stderr=said, env=environment
        )


def test_a_bucket_that_comes_and_goes_changes_no_release(bucket: BucketPath, s3: str, tmp_path: Path) -> None:
    restless, calm = Site(tmp_path / "restless"), Site(tmp_path / "calm")
    for site in (restless, calm):
        site.prepare()
    calm.finish()
    chaos = Chaos(KILLS, random.Random(SEED))
    with spoiling(s3, chaos) as (url, seen):
        code = 1
        while code or chaos.left:
            chaos.build = start(restless, bucket, url)
            try:
                code = chaos.build.wait(LONGEST * 3)
            finally:
                chaos.build.kill()
                chaos.build.wait()
            assert code == 0 or chaos.kills, (restless.folder / "said").read_text()[-2000:]
            if not code and chaos.left:
                restless.arrive()
                calm.arrive()
                calm.finish()
        print(f"killed: {dict(chaos.kills)}; requests: {dict(seen)}; drops: {restless.weeks}", flush=True)
    held = Lake(bucket, load_config(restless.folder / "dataset.toml"))
    assert releases(bucket)[-1]["content"] == releases(calm.folder / "lake")[-1]["content"]
    assert [problem for problems in verify_lake(bucket).values() for problem in problems] == []
    with held.connect(["captions"]) as connection:
        rows = connection.sql("from captions where status = 'ok'")
        assert len(rows) == len(rows.select("image_id, fingerprint, variant, n").distinct())
        assert len(rows) == restless.weeks * (IMAGES - 1)
    asked, once = (Counter((site.folder / "asked").read_text().split()) for site in (restless, calm))
    assert asked.keys() == once.keys()
    assert asked.total() - len(asked) <= IN_FLIGHT * (chaos.kills.total() - chaos.kills["worker"])
