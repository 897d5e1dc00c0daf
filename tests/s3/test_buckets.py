"""Places in buckets, and writes that come out right whatever happens to the reply."""

import pickle
from pathlib import Path

import pytest

from dataset_build.buckets import BucketPath, Overwritten
from dataset_build.config import S3, Config, ConfigError, with_settings
from dataset_build.errors import UserError
from dataset_build.locations import locate, options, scratch
from resources.storage import publishing, read_json, write_json
from tests.s3.faults import spoiling


def through(bucket: Path, url: str) -> BucketPath:
    """The same place, reached by another address, with little patience."""
    return locate(str(bucket), S3(endpoint_url=url, attempts=6, read_timeout=1))  # type: ignore[return-value]


def test_a_bucket_is_a_folder(bucket: BucketPath) -> None:
    write_json(bucket / "a/b.json", {"é": 1})
    (bucket / "a/c.txt").write_text("c")
    assert read_json(bucket / "a/b.json") == {"é": 1}
    assert read_json(bucket / "a/none.json") is None
    assert sorted(path.name for path in (bucket / "a").iterdir()) == ["b.json", "c.txt"]
    assert [str(path) for path in bucket.glob("a*")] == [f"{bucket}/a"]
    assert [list((bucket / "none").iterdir()), list((bucket / "none").glob("*"))] == [[], []]
    assert type(pickle.loads(pickle.dumps(bucket / "a"))) is BucketPath


def test_what_fails_while_it_is_written_is_not_seen(bucket: BucketPath) -> None:
    write_json(bucket / "a.json", 1)
    with pytest.raises(OSError, match="No space left"), publishing(bucket / "a.json") as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert read_json(bucket / "a.json") == 1
    assert [path.name for path in scratch(bucket).iterdir() if path.is_file()] == []


def test_a_write_succeeds_only_over_what_was_read(bucket: BucketPath) -> None:
    file = bucket / "a"
    first = file.write_after(b"1", "")
    second = file.write_after(b"2", first)
    for stamp in ("", first):
        with pytest.raises(Overwritten, match="a was written by another process"):
            file.write_after(b"3", stamp)
    assert (file.read_bytes(), file.stamp()) == (b"2", second)
    with pytest.raises(Overwritten):
        (bucket / "none").write_after(b"x", second)


def test_a_write_whose_reply_is_lost_has_succeeded(bucket: BucketPath, s3: str) -> None:
    faults = iter(["lost", "lost"])
    with spoiling(s3, lambda: next(faults, None)) as (url, seen):
        stamp = (through(bucket, url) / "a").write_after(b"1", "")
    assert (bucket / "a").stamp() == stamp
    assert seen["lost"] == 2


@pytest.mark.parametrize("fault", ["error", "slow", "cut", "lost"])
def test_a_request_that_fails_is_repeated(bucket: BucketPath, s3: str, fault: str) -> None:
    (bucket / "a").write_bytes(b"x" * 1000)
    faults = iter([fault, fault])
    with spoiling(s3, lambda: next(faults, None)) as (url, seen):
        assert (through(bucket, url) / "a").read_bytes() == b"x" * 1000
    assert seen[fault] == 2


def test_a_server_that_only_fails_is_told_of(bucket: BucketPath, s3: str) -> None:
    with spoiling(s3, lambda: "error") as (url, seen):
        file = locate(str(bucket / "a"), S3(endpoint_url=url, attempts=2))
        with pytest.raises(OSError, match="try again") as failed:
            file.read_bytes()
    assert "secret" not in str(failed.value)
    assert seen["error"] == 2


@pytest.mark.parametrize("place", ["s3://", "s3://b", "s3:///x", "s3://bucket//x", "s3://bucket/../x", "s3://bucket/."])
def test_a_place_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(UserError, match="write a place in a bucket as s3://bucket/prefix"):
        locate(place)


def test_scratch_of_two_servers_is_apart(s3: str) -> None:
    one, two = (scratch(locate("s3://lakes/a", S3(endpoint_url=f"http://h{n}:1"))) for n in (1, 2))
    assert one != two
    assert one.parts[-2:] == two.parts[-2:] == ("lakes", "a")
    assert scratch(Path("/lakes/a")) == Path("/lakes/a")


def test_settings_reach_the_client() -> None:
    found = options(S3(endpoint_url="http://h:1/", region="eu-west-3", attempts=3, connections=4))
    assert (found["endpoint_url"], found["client_kwargs"]) == ("http://h:1", {"region_name": "eu-west-3"})
    assert found["config_kwargs"]["retries"]["total_max_attempts"] == 3
    assert found["config_kwargs"]["max_pool_connections"] == 4


@pytest.mark.parametrize("url", ["http://key:secret@host", "host:9000", "ftp://host"])
def test_an_address_with_keys_or_without_a_scheme_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"s3\.endpoint_url"):
        with_settings(Config(), [f"s3.endpoint_url={url}"])
