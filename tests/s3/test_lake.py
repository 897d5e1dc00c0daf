"""A lake in a bucket is what it would be in a folder, whatever happens on the way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
from dagster_aws.s3 import S3Resource

from dataset_build.buckets import UNREACHABLE, BucketPath
from dataset_build.build import build
from dataset_build.config import S3, Config
from dataset_build.definitions import build_defs
from dataset_build.locations import locate, store
from dataset_build.release.reader import releases
from dataset_build.release.verify import verify, verify_lake
from resources import lease, pieces
from resources.lake import TABLES, Lake
from resources.lease import LakeBusy
from resources.releases import publish, stage
from resources.s3 import through
from resources.storage import lock, publish_folder, read_json, write_json
from tests.bucket import KEYS, new_bucket
from tests.pictures import put
from tests.s3.faults import FAULTS, spoiling, spoiling_apart
from tests.shell import Shell


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("s3") / "scrape"
    for number in range(20):
        put(folder / f"{number}.png", seed=number, text=f"a hat, number {number}")
    put(folder / "again.png", seed=0, text="the same hat")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def undisturbed(scrape: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with release 1, in a folder of this machine."""
    lake = tmp_path_factory.mktemp("undisturbed") / "lake"
    build(lake, Config(), [scrape])
    return lake


@pytest.fixture(scope="module")
def in_bucket(undisturbed: Path, s3: str) -> Path:
    """The same, in a bucket."""
    place = locate(f"s3://{new_bucket()}/lake")
    place.fs.put(str(undisturbed), place.path, recursive=True)  # type: ignore[attr-defined]
    return place


@pytest.fixture
def lake(in_bucket: BucketPath, bucket: BucketPath) -> BucketPath:
    """A copy of it."""
    in_bucket.fs.copy(in_bucket.path, bucket.path, recursive=True)
    return bucket


def versions(lake: Path) -> dict[str, str]:
    """The content of every table, captions apart, which know when they were made, and of the release."""
    held = Lake(lake, Config())
    return {name: held.version(name) for name in TABLES if name != "captions"} | {
        "release": releases(lake)[-1]["content"]
    }


def test_a_build_in_a_bucket_is_that_in_a_folder(bucket: BucketPath, scrape: Path, undisturbed: Path) -> None:
    assert build(bucket, Config(), [scrape]).release is not None
    assert versions(bucket) == versions(undisturbed)
    assert verify_lake(bucket) == {"1": [], "": []}
    left = [path for path in bucket.fs.find(bucket.path) if "/units/" in path or ".staging" in path]
    assert left == []
    assert build(bucket, Config(), []).release is None
    keys = [KEYS["AWS_SECRET_ACCESS_KEY"].encode(), KEYS["AWS_ACCESS_KEY_ID"].encode()]
    objects = bucket.fs.cat(bucket.fs.find(bucket.path))
    assert len(objects) > 50
    assert [path for path, data in objects.items() if any(key in data for key in keys)] == []


def test_faults_on_the_way_change_nothing(
    bucket: BucketPath, s3: str, scrape: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "COPIED", 0)  # so that DuckDB reads over the network too
    with spoiling_apart(s3, seed=1, share=0.03) as (url, seen):
        config = Config(s3=S3(endpoint_url=url, attempts=8, read_timeout=1.5))
        done = build(locate(str(bucket), config.s3), config, [scrape])
        assert (done.failed_drops, done.latest) == ({}, "1")
        spoilt = seen()
    assert min(spoilt[fault] for fault in FAULTS) > 2, spoilt
    assert versions(bucket) == versions(undisturbed)
    assert verify_lake(bucket) == {"1": [], "": []}


def test_queries_read_over_the_network(lake: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "COPIED", 0)
    held = Lake(lake, Config())
    assert str(held.piece("image_verdicts").parts()[0]).startswith("s3://")
    assert (held.count("occurrences"), held.count("kept")) == (22, 20)
    with held.connect([]) as connection:
        secrets = str(connection.sql("from duckdb_secrets()").fetchall())
        with pytest.raises(duckdb.Error) as refused:
            connection.read_parquet("s3://elsewhere/x.parquet")
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in secrets + str(refused.value)


def test_a_server_that_is_lost_while_a_release_is_made_leaves_none(lake: BucketPath, s3: str) -> None:
    config, lost_at, served = Config(), -1, 0

    def lost() -> str | None:
        nonlocal served
        served += 1
        return "error" if 0 <= lost_at <= served else None

    def create(root: Path, version: str) -> Callable[[], object]:
        return lambda: publish(stage(Lake(root, config), version))

    with spoiling(s3, lost) as (url, _):
        root = locate(str(lake), S3(endpoint_url=url, attempts=1))
        create(root, "2")()
        total, known = served, 2
        for point in (total // 2, *range(total - 12, total, 3)):
            served, lost_at = 0, point
            with suppress(*UNREACHABLE):
                create(root, str(known + 1))()
            lost_at = -1
            found = [manifest["version"] for manifest in releases(lake)]
            assert found in ([str(n + 1) for n in range(known)], [str(n + 1) for n in range(known + 1)])
            assert [verify(lake / "releases" / version) for version in found] == [[]] * len(found)
            known = len(found)
    create(lake, "last")()
    assert set(verify_lake(lake)) == {*(str(n + 1) for n in range(known)), "last", ""}
    assert not any(problem for problems in verify_lake(lake).values() for problem in problems)
    assert list((lake / "releases").glob(".staging-*")) == []


def test_a_release_that_is_sealed_is_neither_cleared_nor_written_over(lake: BucketPath, s3: str) -> None:
    write_json(lake / "releases/.staging-1", {})
    staged = stage(Lake(lake, Config()), "2")
    assert list((lake / "releases").glob(".staging-*")) == []
    with pytest.raises(FileExistsError, match="1 is complete and never changes"):
        publish_folder(staged.folder, lake / "releases/1", ("manifest.json", "manifest.sha256"))
    assert verify_lake(lake) == {"1": [], "": []}


def test_releases_that_cannot_be_reached_are_not_taken_for_none(lake: BucketPath, s3: str) -> None:
    faults = iter([None, "error"])
    with spoiling(s3, lambda: next(faults, "error")) as (url, _), pytest.raises(OSError, match="try again"):
        releases(locate(str(lake), S3(endpoint_url=url, attempts=1)))


@pytest.mark.parametrize("request_number", [90, 350])
def test_a_build_that_is_killed_goes_on(
    bucket: BucketPath, s3: str, scrape: Path, undisturbed: Path, tmp_path: Path, request_number: int
) -> None:
    child: list[subprocess.Popen[bytes]] = []
    served = 0

    def kill() -> str | None:
        nonlocal served
        served += 1
        if served == request_number:
            os.killpg(child[0].pid, signal.SIGKILL)
        return None

    with spoiling(s3, kill) as (url, _):
        main = [sys.executable, "-c", "from dataset_build.cli import main; main()"]
        command = [*main, "build", "--source", str(scrape), "--lake", str(bucket)]
        environment = {**os.environ, "AWS_ENDPOINT_URL": url, "DAGSTER_HOME": str(tmp_path)}
        child.append(
            subprocess.Popen(command, env=environment, start_new_session=True, stdout=-3, stderr=-3, cwd=tmp_path)
        )
        assert child[0].wait(240) == -signal.SIGKILL
    done = build(bucket, Config(), [scrape])
    assert (done.failed_drops, done.latest) == ({}, "1")
    assert versions(bucket) == versions(undisturbed)
    assert verify_lake(bucket) == {"1": [], "": []}


def test_a_build_waits_for_no_other(lake: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    with lock(lake / ".lock", "building"):
        holder = json.loads((lake / ".lock").read_bytes())["holder"]
        monkeypatch.setattr(lease, "_machine", lambda: "another machine")
        monkeypatch.setenv("DATASET_BUILD_SCRATCH", "/nonexistent")
        with pytest.raises(LakeBusy, match="is in use by process") as told, lease.leased(lake / ".lock", "me"):
            pass
        assert holder in str(told.value)


def test_dagsters_resource_says_how_the_lake_is_reached(
    bucket: BucketPath, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*KEYS, "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    keys = {"aws_access_key_id": "AKIAOTHER", "aws_secret_access_key": "other'secret"}
    given = S3Resource(endpoint_url=s3, region_name="eu-west-3", max_attempts=3, **keys)
    assert build_defs(bucket, Config(), s3=given).resources["s3"] is given
    lake = through(bucket, given)
    write_json(lake / "drops/sources.json", {})
    assert read_json(lake / "drops/sources.json") == {}
    assert store(lake)[0].config_kwargs["retries"]["total_max_attempts"] == 3
    with Lake(lake, Config()).connect([]) as connection:
        (secret,) = connection.sql("select secret_string from duckdb_secrets()").fetchall()
    assert "key_id=AKIAOTHER" in secret[0]
    assert "other'secret" not in secret[0]


def test_the_command_line_takes_a_bucket(lake: BucketPath, run: Shell, tmp_path: Path) -> None:
    def said(*arguments: object) -> str:
        code, out, err = run(*arguments, "--lake", str(lake))
        assert code == 0, err
        return out

    assert json.loads(said("sql", "select count(*) as n from images", "--format", "json")) == [{"n": 20}]
    assert "20 images" in said("status")
    assert "there is nothing to do" in said("build", "--plan")
    assert "again.png in drop" in said("explain", "0.png")
    assert "sound: 1" in said("release", "verify", "--all")
    said("release", "tag", "good", "1")
    said("takedown", "add", "--image", "3.png", "--reason", "asked")
    assert "stands for it" in said("release", "purge", "1", "--as", "2")
    assert json.loads(said("sql", "select count(*) as n from images", "--format", "json")) == [{"n": 19}]
    assert "good" in said("release", "list")
    assert "sound: 1, 2" in said("release", "verify", "--all")


def test_a_bucket_that_is_not_there_is_told_of(run: Shell, s3: str) -> None:
    code, _, err = run("status", "--lake", "s3://no-such-bucket-here/lake")
    assert (code, "Traceback" in err) == (1, False)
    code, _, err = run("sql", "select 1", "--lake", "s3://no")
    assert (code, "write a place in a bucket as s3://bucket/prefix" in err) == (2, True)
