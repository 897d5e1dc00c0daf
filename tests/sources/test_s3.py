"""A bucket as a source: what is asked of it, what becomes of odd keys, and of a store that fails."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dataset_build.config import Arrival, ImageLimits
from dataset_build.errors import UserError
from dataset_build.locations import locate
from dataset_build.sources import bucket as side
from dataset_build.sources import s3
from dataset_build.sources.arrival import arrived
from dataset_build.sources.files import finder, has_folders, is_there, opened, size_of
from dataset_build.sources.objects import BLOCK, NEAR, together
from dataset_build.sources.read import read
from dataset_build.sources.s3 import BucketError
from dataset_build.sources.scan import scan
from dataset_build.sources.uris import UnreadableError, key_to_uri, uri_to_key
from tests.buckets import Plan, Store

LIMITS = ImageLimits()
KEYS = ["a//b", "/a", "a/", "..", "a/../b", "./a", "a/.", "a\x01b", "é \ufffd/夏.jpg", "a/..b/c..", "\ufffd2F", "//"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, store: Store) -> Any:
    """Two attempts, and a second of silence."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    monkeypatch.setattr(s3, "SILENCE", 1)
    s3._client_of.cache_clear()
    yield
    s3._client_of.cache_clear()


def always(fault: str, *keys: str) -> Plan:
    """The fault for every request of these keys."""
    return lambda line, number: fault if any(key in line for key in keys) else None


@pytest.mark.parametrize("key", KEYS)
def test_every_key_becomes_a_uri_and_comes_back(key: str) -> None:
    uri = key_to_uri(key)
    assert uri_to_key(uri) == key
    assert not {"", ".", ".."} & set(uri.split("/"))


def test_keys_that_are_no_paths_are_rows_and_never_asked_for(bucket: Any) -> None:
    bucket.write({"x/a.jpg": b"1"})
    for key in ("x//b.jpg", "x/../../secret.jpg", "x/c/", "x/\x01.jpg"):
        bucket.store.put(bucket.bucket, f"some/prefix/{key}", b"2")
    bucket.store.put(bucket.bucket, "some/prefix/x/folder/", b"")
    bucket.store.put(bucket.bucket, "some/prefixes/y.jpg", b"3")
    bucket.store.put(bucket.bucket, "secret.jpg", b"secret")
    with bucket.store.asked() as asked:
        found = bucket.reads()
    assert {uri: (each.data, each.status) for (uri, _), each in found.items()} == {
        "x/a.jpg": (b"1", None),
        "x/c\ufffd2F": (None, "unsafe_name"),
        "x/\ufffd01.jpg": (None, "unsafe_name"),
        "x/\ufffd2E\ufffd2E/\ufffd2E\ufffd2E/secret.jpg": (None, "unsafe_name"),
        "x/\ufffd2Fb.jpg": (None, "unsafe_name"),
    }
    assert [line.line.partition("?")[0] for line in asked][1:] == [f"GET /{bucket.bucket}/some/prefix/x/a.jpg"]


@pytest.mark.parametrize(
    "uri", ["../../secret.jpg", "x/../../../secret.jpg", "/x", "x//y", "\ufffd2E\ufffd2E/secret.jpg"]
)
def test_nothing_outside_the_prefix_is_opened(bucket: Any, uri: str) -> None:
    bucket.store.put(bucket.bucket, "secret.jpg", b"secret")
    with bucket.store.asked() as asked, pytest.raises(UnreadableError) as error, opened(bucket.root, uri):
        pass
    assert (error.value.status, asked) == ("outside_source", [])


def test_a_list_is_read_page_by_page_and_asks_for_no_object(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.write({f"x/{i}.jpg": b"1" for i in range(7)})
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    with bucket.store.asked() as asked:
        assert scan(bucket.root).column("path").to_pylist() == [f"x/{i}.jpg" for i in range(7)]
    assert [line.partition("?")[0] for line, _, _ in asked] == [f"GET /{bucket.bucket}"] * 3


def test_another_object_of_the_same_size_is_a_change(bucket: Any) -> None:
    bucket.write({"x/a.jpg": b"1", "x/b.jpg": b"1"})
    known = bucket.files()
    bucket.write({"x/a.jpg": b"2", "x/b.jpg": b"1"})
    now = bucket.files()
    seconds = [pc.divide(table["modified"], 10**9).to_pylist() for table in (known, now)]
    assert now["modified"][0] != known["modified"][0]
    assert (seconds[0] == seconds[1]) == (now["modified"][1] == known["modified"][1])


def test_a_file_takes_one_request_and_one_too_large_none(bucket: Any) -> None:
    images = {f"x/{i}.jpg": b"%d" % i for i in range(20)}
    bucket.write({**images, **{f"x/{i}.txt": "cat" for i in range(20)}, "x/large.jpg": b"1" * 100})
    batches = bucket.batches()
    with bucket.store.asked() as asked:
        found = [each for batch in batches for each in read(bucket.root, batch, ImageLimits(max_bytes=99))]
    assert [each.data for each in found[:-1]] == [b"%d" % i for i in sorted(range(20), key=str)]
    assert (found[-1].status, found[-1].reason) == ("too_many_bytes", "100 bytes, more than images.max_bytes = 99")
    assert sorted(line for line, _, _ in asked) == sorted(
        f"GET /{bucket.bucket}/some/prefix/x/{i}.{kind}" for i in range(20) for kind in ("jpg", "txt")
    )


def test_a_file_of_more_than_a_block(bucket: Any) -> None:
    data = random.Random(0).randbytes(BLOCK + 100)
    bucket.write({"x/a.jpg": data})
    with bucket.store.asked() as asked:
        assert bucket.reads()["x/a.jpg", None].data == data
    assert [each.bytes for each in asked[1:]] == [BLOCK, NEAR if NEAR < 100 else 100]


@pytest.mark.parametrize(("apart", "most"), [(False, 8), (True, 16)])
def test_a_tar_of_small_images_takes_few_requests(bucket: Any, tar_of: Any, apart: bool, most: int) -> None:
    draw = random.Random(0)
    images = {f"{i:05}.jpg": draw.randbytes(draw.randrange(500, 6000)) for i in range(2000)}
    texts = {f"{i:05}.txt": "cat" for i in range(2000)}
    tar = tar_of(images | texts if apart else dict(sorted((images | texts).items())))
    bucket.write({"x/a.tar": tar})
    with bucket.store.asked() as asked:
        (first, second) = bucket.batches()
    assert sum(each.bytes for each in asked[2:]) <= len(tar)
    assert len(asked) - 2 <= 8
    with bucket.store.asked() as asked:
        found = [e for b in (first, second) for at in range(0, b.num_rows, 256) for e in unit(bucket, b.slice(at, 256))]
    assert [each.data for each in found] == list(images.values())
    assert {each.texts.raw_tags for each in found} == {(("cat", "general"),)}
    assert len(asked) <= most
    assert sum(each.bytes for each in asked) <= len(tar)


def unit(bucket: Any, rows: pa.RecordBatch) -> list[Any]:
    return list(read(bucket.root, rows, LIMITS))


def test_of_a_tar_of_large_images_only_headers_are_read_to_list_it(bucket: Any, tar_of: Any) -> None:
    tar = tar_of({f"{i}.jpg": bytes(2 * 2**20) for i in range(8)})
    bucket.write({"x/a.tar": tar})
    drop = bucket.drop()
    with bucket.store.asked() as asked:
        (batch,) = bucket.batches(drop)
    assert (len(asked), sum(each.bytes for each in asked)) == (9, 8 * NEAR + len(tar) - 8 * (512 + 2 * 2**20))
    with bucket.store.asked() as asked:
        assert all(each.data == bytes(2 * 2**20) for each in unit(bucket, batch.slice(3, 2)))
    assert [each.bytes for each in asked] == [4 * 2**20 + 512]


def test_of_a_parquet_file_only_the_row_group_wanted_is_read(bucket: Any) -> None:
    draw = random.Random(0)
    images = [draw.randbytes(100_000) for _ in range(40)]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"image": images, "text": ["a"] * 40}), sink, row_group_size=10, compression="none")
    bucket.write({"x/a.parquet": sink.getvalue().to_pybytes()})
    (batch,) = bucket.batches()
    with bucket.store.asked() as asked:
        assert [each.data for each in unit(bucket, batch.slice(20, 10))] == images[20:30]
    assert len(asked) <= 5
    assert sum(each.bytes for each in asked) < 2_000_000


def test_names_are_found_by_few_lists(bucket: Any) -> None:
    bucket.write({"x/a.jpg": b"1", "x/sub/b.jpg": b"1", "y/c.jpg": b"1", "d.jpg": b"1"})
    with bucket.store.asked() as asked:
        exists = finder(bucket.root)
        names = ("x/a.jpg", "x/sub/b.jpg", "d.jpg", "x/none.jpg", "none/a.jpg", "none.jpg", "c.jpg")
        assert [exists(name) for name in names * 3] == [True, True, True, False, False, False, False] * 3
    assert len(asked) == 2
    assert has_folders(bucket.root)
    assert not has_folders(locate(f"s3://{bucket.bucket}/some/prefix/y"))


def test_lines_are_read_from_one_copy(bucket: Any) -> None:
    records = [{"id": i, "tags": f"tag{i}"} for i in range(50)]
    random.Random(0).shuffle(records)
    bucket.write({f"x/{i}.jpg": b"1" for i in range(50)} | {"x/data.jsonl": records})
    drop = bucket.drop()
    with bucket.store.asked() as asked:
        rows = bucket.rows(drop)
    assert [json.loads(row["metadata"])["tags"] for row in rows] == [f"tag{i}" for i in sorted(range(50), key=str)]
    assert len(asked) == 1


def test_a_copy_has_a_limit(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side, "MAX_COPY", 10)
    bucket.write({"x/a.jpg": b"1", "x/data.jsonl": [{"id": "a", "tags": "cat"}]})
    row = bucket.rows()[-1]
    assert (row["uri"], row["status"], row["reason"]) == ("x/data.jsonl", "bad_metadata", "27 bytes, more than 10")


def test_a_drop_has_arrived_when_its_marker_is_there(bucket: Any) -> None:
    bucket.write({"x/a.jpg": b"1", "x/_SUCCESS": b"", "y/b.jpg": b"1"})
    found, later = scan(bucket.root), 4 * 10**18
    assert arrived(found, Arrival(marker="_SUCCESS"), later)["path"].to_pylist() == ["x/a.jpg"]
    assert arrived(found, Arrival(quiet=60), later).num_rows == 3
    assert arrived(found, Arrival(quiet=60), max(found["modified"].to_pylist())).num_rows == 0


def fails_first(fault: str, share: float) -> Plan:
    """The fault for some requests, none of them made again."""
    draw, seen = random.Random(7), set[tuple[str, int]]()

    def plan(line: str, number: int) -> str | None:
        if line in seen or draw.random() > share:
            return None
        seen.add(line)
        return fault

    return plan


@pytest.mark.parametrize("fault", ["500", "503", "cut", "drop", "drip"])
def test_what_passes_is_absorbed(bucket: Any, tar_of: Any, impatient: None, fault: str) -> None:
    data = random.Random(1).randbytes(300_000)
    files = {f"x/{i}.jpg": data[i:] for i in range(4)} | {"x/0.txt": "cat", "x/data.jsonl": [{"id": 1, "text": "one"}]}
    files |= {"x/a.tar": tar_of({"1.jpg": data, "2.jpg": data[1:]}), "x/b.parquet": pa.table({"image": [data] * 2})}
    quiet = bucket.write(files).reads()
    with bucket.store.asked(fails_first(fault, 0.6)) as asked:
        assert bucket.reads() == quiet
    assert len(asked) > len({(each.line, each.range) for each in asked})


def test_a_body_that_was_cut_is_gone_on_with_where_it_ended(bucket: Any) -> None:
    bucket.write({"x/a.jpg": bytes(1000)})
    batches = bucket.batches()
    with bucket.store.asked(fails_first("cut", 1)) as asked:
        assert [each.data for batch in batches for each in unit(bucket, batch)] == [bytes(1000)]
    assert [each.range for each in asked] == [f"bytes=0-{BLOCK - 1}", "bytes=500-999"]


def test_a_body_that_is_too_slow_is_gone_on_with(bucket: Any, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = random.Random(0).randbytes(200_000)
    (batch,) = bucket.write({"x/a.jpg": data}).batches()
    monkeypatch.setattr(s3, "SLOWEST", 10**9)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    with bucket.store.asked(fails_first("trickle", 1)) as asked:
        assert [each.data for each in unit(bucket, batch)] == [data]
    assert len(asked) >= 2
    assert asked[1].range not in (None, asked[0].range)


def test_what_does_not_pass_is_a_row(bucket: Any, tar_of: Any, impatient: None) -> None:
    files = {"x/a.jpg": b"1", "x/b.jpg": b"2", "x/b.txt": "cat", "x/c.jpg": b"3", "x/d.tar": tar_of({"1.jpg": b"1"})}
    bucket.write(files | {"x/e.parquet": pa.table({"image": [b"1"]}), "x/f.jpg": b"4", "x/metadata.csv": "file_name\n"})
    drop = bucket.drop()
    with bucket.store.asked(always("500", "a.jpg", "b.txt", "d.tar", "e.parquet", "metadata.csv")):
        found = bucket.reads(drop)
    never = "the bucket doesn't give it: 500, 2 times"
    assert {uri: (each.data, each.status, each.reason) for (uri, _), each in found.items()} == {
        "x/a.jpg": (None, "unreadable", never),
        "x/b.jpg": (None, "unreadable", f"a text of it: {never}"),
        "x/c.jpg": (b"3", None, None),
        "x/d.tar": (None, "unreadable", never),
        "x/e.parquet": (None, "unreadable", never),
        "x/f.jpg": (b"4", None, None),
        "x/metadata.csv": (None, "unreadable", never),
    }


def test_members_that_are_not_given_are_rows(bucket: Any, tar_of: Any, impatient: None) -> None:
    bucket.write(
        {"x/a.tar": tar_of({f"{i}.jpg": b"1" * 2**20 for i in range(2)}), "x/b.parquet": pa.table({"image": [b"1"]})}
    )
    batches = bucket.batches()
    with bucket.store.asked(always("503", "a.tar", "b.parquet")):
        found = [each for batch in batches for each in unit(bucket, batch)]
    assert [(each.data, each.status) for each in found] == [(None, "unreadable")] * 3


def test_a_store_that_ignores_ranges_does_no_harm(bucket: Any, tar_of: Any) -> None:
    bucket.write({"x/a.jpg": b"1", "x/b.tar": tar_of({"1.jpg": b"1" * NEAR, "2.jpg": b"2"})})
    batches = bucket.batches()
    with bucket.store.asked(always("whole", "")):
        found = [each for batch in batches for each in unit(bucket, batch)]
    other = "the bucket gives other bytes than it was asked for"
    assert [(each.data, each.reason) for each in found] == [(b"1", None), (None, other), (None, other)]


def test_what_one_may_not_read_is_a_row(bucket: Any) -> None:
    bucket.write({"x/a.jpg": b"1", "x/a.txt": "cat", "x/b.jpg": b"2"})
    with bucket.store.asked(always("403", "a.txt", "b.jpg")):
        one, two = bucket.reads().values()
    assert (one.data, json.loads(one.texts.metadata)["problems"]) == (b"1", ["txt: the bucket says 403"])
    assert (two.status, two.reason) == ("unreadable", "the bucket says 403")


def test_an_object_that_is_replaced_while_it_is_read(bucket: Any, tar_of: Any) -> None:
    bucket.write({"x/a.tar": tar_of({"1.jpg": b"1" * BLOCK, "2.jpg": b"2" * BLOCK})})
    with pytest.raises(UnreadableError, match="it changed while it was read"), opened(bucket.root, "x/a.tar") as file:
        file.read(10)
        bucket.write({"x/a.tar": tar_of({"1.jpg": b"3" * BLOCK, "2.jpg": b"4" * BLOCK})})
        file.seek(BLOCK)
        file.read(10)


@pytest.mark.parametrize("name", ["x.tar", "x.parquet"])
def test_an_archive_that_was_replaced_since_is_not_read(bucket: Any, tar_of: Any, name: str) -> None:
    def content(data: bytes) -> Any:
        return tar_of({"a.jpg": data}) if name.endswith("tar") else pa.table({"image": [data]})

    (batch,) = bucket.write({f"d/{name}": content(b"1")}).batches()
    bucket.write({f"d/{name}": content(b"2")})
    (found,) = unit(bucket, batch)
    reason = "the archive changed after its drop was registered"
    assert (found.data, found.status, found.reason) == (None, "unreadable", reason)


@pytest.mark.parametrize("fault", ["503", "drop", "403"])
def test_a_bucket_that_is_lost_ends_the_reading(bucket: Any, impatient: None, fault: str) -> None:
    bucket.write({"x/a.jpg": b"1", "x/b.jpg": b"2"})
    (batch,) = bucket.batches()
    with bucket.store.asked(always(fault, "")), pytest.raises(BucketError, match=f"^{re.escape(str(bucket.root))}: "):
        unit(bucket, batch)


def spoiled(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    s3._client_of.cache_clear()


def test_a_bucket_that_is_not_there(store: Store) -> None:
    with pytest.raises(BucketError, match=r"^s3://no-such-bucket/x: there is no such bucket: look at its name and"):
        is_there(locate("s3://no-such-bucket/x"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("403", "access denied: the credentials need s3:ListBucket on the bucket"),
        ("drop", "no answer: look at the network and at AWS_ENDPOINT_URL"),
        ("500", "can't be listed (500)"),
    ],
)
def test_a_bucket_that_may_not_be_listed(bucket: Any, impatient: None, code: str, said: str) -> None:
    with bucket.store.asked(always(code, "")), pytest.raises(BucketError) as error:
        scan(bucket.root)
    assert said in str(error.value)
    assert "the-secret" not in str(error.value)


def test_a_store_without_credentials_or_answer(bucket: Any, monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    spoiled(monkeypatch, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    with pytest.raises(BucketError, match="no answer: look at the network and at AWS_ENDPOINT_URL"):
        scan(bucket.root)
    spoiled(monkeypatch, AWS_ENDPOINT_URL="nowhere")
    with pytest.raises(UserError, match="AWS_ENDPOINT_URL"):
        scan(bucket.root)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    spoiled(monkeypatch, AWS_ENDPOINT_URL=bucket.store.url, AWS_EC2_METADATA_DISABLED="true")
    with pytest.raises(BucketError, match="no credentials: set AWS_ACCESS_KEY_ID"):
        scan(bucket.root)


@pytest.mark.parametrize(
    "place", ["s3://key:the-secret@bucket/x", "s3://", "s3:///x", "s3://bucket/../x", "s3://bucket/a//b"]
)
def test_what_is_no_place_in_a_bucket(place: str) -> None:
    with pytest.raises(UserError) as error:
        is_there(locate(place))
    assert "the-secret" not in str(error.value)


def test_ranges_with_small_gaps_come_together() -> None:
    assert together([]) == []
    assert together([(0, 5), (5 + NEAR, 6 + NEAR), (9 + 2 * NEAR, 10 + 2 * NEAR), (1, 2)]) == [
        (0, 6 + NEAR),
        (9 + 2 * NEAR, 10 + 2 * NEAR),
    ]


def test_an_open_object_behaves_like_a_file(bucket: Any, folder: Any) -> None:
    data = random.Random(2).randbytes(3 * NEAR)
    for each in (bucket, folder):
        each.write({"a.tar": data})
    with opened(bucket.root, "a.tar") as one, opened(folder.root, "a.tar") as two:
        both: list[Callable[[Any], Any]] = [
            size_of, lambda f: f.read(10), lambda f: f.seek(2 * NEAR), lambda f: f.read(NEAR * 2), lambda f: f.read(1),
            lambda f: f.seek(-10, 2), lambda f: f.read(), lambda f: f.seek(5), lambda f: f.seek(5, 1),
            lambda f: f.tell(), lambda f: f.read(), lambda f: f.seek(10**9), lambda f: f.read(1),
        ]  # fmt: skip
        assert [step(one) for step in both] == [step(two) for step in both]
