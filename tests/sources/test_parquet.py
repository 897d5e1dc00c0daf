import io
import os
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.config import ImageLimits
from dataset_build.sources.parquet import image_column, kind_of
from dataset_build.sources.read import read

BYTES, TEXT = pa.binary(), pa.string()
IMAGE = pa.struct([("bytes", BYTES), ("path", TEXT)])


@pytest.mark.parametrize(
    ("columns", "kind", "column"),
    [
        ({"image": IMAGE, "text": TEXT}, "images", "image.bytes"),
        ({"photo": IMAGE}, "images", "photo.bytes"),
        ({"control": IMAGE, "image": IMAGE}, "images", "image.bytes"),
        ({"key": TEXT, "status": TEXT, "url": TEXT, "jpg": BYTES}, "images", "jpg"),
        ({"png": pa.large_binary()}, "images", "png"),
        ({"key": TEXT, "status": TEXT, "url": TEXT}, "shard", None),
        ({"file_name": TEXT, "text": TEXT}, "files", None),
        ({"image": TEXT, "url": TEXT}, "files", None),
        ({"URL": TEXT, "TEXT": TEXT}, "urls", None),
        ({"embedding": pa.list_(pa.float32()), "thumbnail": BYTES}, "other", None),
    ],
)
def test_kinds(columns: dict[str, pa.DataType], kind: str, column: str | None) -> None:
    schema = pa.schema(list(columns.items()))
    assert (kind_of(schema), image_column(schema)) == (kind, column)


def test_hugging_face_images_with_their_columns(source: Any) -> None:
    images = [{"bytes": b"one", "path": "1.jpg"}, {"bytes": None, "path": "2.jpg"}, None]
    table = pa.table(
        {"image": pa.array(images, IMAGE), "text": ["a cat", "a dog", None], "score": [1.0, float("nan"), 2.0]}
    )
    source.write({"data/train.parquet": table})
    rows = source.rows()
    assert [(r["uri"], r["member"], r["offset"], r["size"], r["status"]) for r in rows] == [
        ("data/train.parquet", "0", 0, None, None),
        ("data/train.parquet", "1", 1, None, None),
        ("data/train.parquet", "2", 2, None, None),
    ]
    assert [r["metadata"] for r in rows] == [
        '{"image":{"path":"1.jpg"},"score":1.0,"text":"a cat"}',
        '{"image":{"path":"2.jpg"},"score":null,"text":"a dog"}',
        '{"score":2.0}',
    ]
    reads = list(source.reads().values())
    assert [(r.data, r.status, r.reason, r.texts.alt_text) for r in reads] == [
        (b"one", None, None, "a cat"),
        (None, "empty", "a row without image bytes", "a dog"),
        (None, "empty", "a row without image bytes", None),
    ]


def test_img2dataset_parquet_with_failures(source: Any) -> None:
    table = pa.table(
        {
            "key": ["000000000", "000000001"],
            "status": ["success", "failed_to_download"],
            "error_message": [None, "HTTP Error 404: Not Found"],
            "url": ["https://x.example/1.jpg", "https://x.example/2.jpg"],
            "caption": ["one", "two"],
            "jpg": pa.array([b"bytes", None], BYTES),
        }
    )
    source.write({"00000.parquet": table, "00000_stats.json": {"count": 2}})
    found = source.reads()
    assert found["00000.parquet", "0"].data == b"bytes"
    assert found["00000.parquet", "0"].texts.source_url == "https://x.example/1.jpg"
    failed = found["00000.parquet", "1"]
    assert (failed.data, failed.status, failed.reason) == (None, "failed_download", "HTTP Error 404: Not Found")
    assert (failed.texts.source_url, failed.texts.alt_text) == ("https://x.example/2.jpg", "two")
    assert list(found) == [("00000.parquet", "0"), ("00000.parquet", "1")]


@pytest.mark.parametrize("group", [7, 20, 50])
def test_images_across_row_groups(source: Any, group: int) -> None:
    data = [b"%d" % i for i in range(50)]
    buffer = io.BytesIO()
    pq.write_table(pa.table({"image": pa.array(data, BYTES)}), buffer, row_group_size=group)
    source.write({"d/x.parquet": buffer.getvalue()})
    assert [each.data for each in source.reads().values()] == data
    assert source.rows()[0]["metadata"] is None
    (batch,) = source.batches()
    some = batch.take([3, 17, 17, 39, 49])
    assert [each.data for each in read(source.root, some, ImageLimits())] == [b"3", b"17", b"17", b"39", b"49"]


def test_times_and_broken_texts_in_the_other_columns(source: Any) -> None:
    far = pa.array([2**62], pa.timestamp("us"))
    broken = pa.array([b"caf\xe9"], BYTES).view(TEXT)
    day = pa.array([1_700_000_000_000_000_001], pa.timestamp("ns"))
    source.write({"d/x.parquet": pa.table({"image": pa.array([b"1"], BYTES), "far": far, "text": broken, "day": day})})
    (row,) = source.reads().values()
    assert row.data == b"1"
    assert row.texts.alt_text == "café"
    assert '"day":"2023-11-14 22:13:20.000000001"' in (row.texts.metadata or "")


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1" + b"\0" * 20 + b"PAR1"])
def test_what_is_no_parquet(source: Any, content: bytes) -> None:
    source.write({"d/x.parquet": content})
    (row,) = source.rows()
    assert (row["uri"], row["member"], row["status"]) == ("d/x.parquet", None, "broken_archive")
    assert row["reason"].startswith("not readable as Parquet: ")


def test_a_damaged_page_breaks_the_rows_from_there_on(folder: Any) -> None:
    data = [bytes([i]) * 100_000 for i in range(4)]
    folder.write({"d/x.parquet": pa.table({"image": pa.array(data, BYTES), "text": ["a"] * 4})})
    path = folder.root / "d/x.parquet"
    whole = bytearray(path.read_bytes())
    whole[4:60] = b"\xff" * 56
    batches = folder.batches()
    stamp = path.stat()
    path.write_bytes(whole)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    found = [r for batch in batches for r in read(folder.root, batch, ImageLimits())]
    assert [(r.data, r.status, r.texts.alt_text) for r in found] == [(None, "broken_archive", "a")] * 4


@pytest.mark.parametrize(
    ("columns", "status", "reason"),
    [
        ({"url": ["https://x"], "caption": ["a"]}, "url_list", "URL lists are downloaded with img2dataset first"),
        ({"id": [1]}, "not_an_image", "a Parquet file without images, paths or addresses"),
    ],
)
def test_parquet_without_images(source: Any, columns: dict[str, Any], status: str, reason: str) -> None:
    source.write({"d/x.parquet": pa.table(columns), "d/a.jpg": b"1"})
    assert [(r["uri"], r["status"], r["reason"]) for r in source.rows()] == [
        ("d/a.jpg", None, None),
        ("d/x.parquet", status, reason),
    ]
