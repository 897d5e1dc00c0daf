import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.sources import table_formats
from dataset_build.sources.files import finder
from dataset_build.sources.listing import File, _Drop
from dataset_build.sources.tables import Index, Table

IMAGES = {"x/a.jpg": b"1", "x/sub/b.jpg": b"2"}


def about(source: Any, table: str, content: Any, path: str = "x/a.jpg") -> dict[str, Any]:
    """What a table says about a path."""
    source.write(IMAGES | {table: content})
    return Table(source.root, table, finder(source.root)).about(path)


def verdict(source: Any, table: str, content: Any) -> tuple[str | None, str | None] | None:
    source.write(IMAGES | {table: content})
    row = Table(source.root, table, finder(source.root)).verdict(has_images=True)
    return (row.status, row.reason) if row else None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", 'file_name,text\na.jpg,a cat\nsub/b.jpg,"a dog, or\ntwo"\n'),
        ("metadata.tsv", 'file_name\ttext\na.jpg\ta cat\nsub/b.jpg\t"a dog, or\ntwo"\n'),
        ("export.csv", 'file_name;text\na.jpg;a cat\nsub/b.jpg;"a dog, or\ntwo"\n'),
        ("metadata.csv", 'file_name,text\na.jpg,a cat\nsub/b.jpg,"a dog, or\ntwo"\n'.encode("utf-16")),
        (
            "metadata.jsonl",
            [{"file_name": "a.jpg", "text": "a cat"}, {"file_name": "sub/b.jpg", "text": "a dog, or\ntwo"}],
        ),
        ("metadata.parquet", pa.table({"file_name": ["a.jpg", "sub/b.jpg"], "text": ["a cat", "a dog, or\ntwo"]})),
        ("captions.parquet", pa.table({"file_name": ["a.jpg", "sub/b.jpg"], "text": ["a cat", "a dog, or\ntwo"]})),
    ],
    ids=["csv", "tsv", "semicolons", "utf-16", "jsonl", "parquet", "other-parquet"],
)
def test_every_format(source: Any, name: str, content: Any) -> None:
    found = source.write(IMAGES | {f"x/{name}": content}).reads()
    assert found["x/a.jpg", None].texts.alt_text == "a cat"
    assert found["x/sub/b.jpg", None].texts.alt_text == "a dog, or\ntwo"
    assert [uri for uri, _ in found] == ["x/a.jpg", "x/sub/b.jpg"]


@pytest.mark.parametrize(
    "record",
    [
        {"file_name": "a.jpg"},
        {"file_name": "./sub/../a.jpg"},
        {"file_name": "../x/a.jpg"},
        {"image": "a.jpg"},
        {"path": "a"},
        {"filename": "a.jpg"},
        {"filename": "a", "extension": "jpg"},
        {"filepath": "E:\\train\\a.jpg"},
        {"image_path": "/home/somebody/train/a.jpg"},
        {"id": "a"},
        {"key": "a"},
    ],
    ids=str,
)
def test_ways_to_name_a_file(source: Any, record: dict[str, Any]) -> None:
    assert about(source, "x/data.jsonl", [{"file_name": "other.jpg"}, record]) == record


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"md5": "0CE585CCBBE7C79F0970466EF7E464EE"}, "x/0ce585ccbbe7c79f0970466ef7e464ee.jpg"),
        ({"md5": "0ce585ccbbe7c79f0970466ef7e464ee"}, "x/danbooru_7_0ce585ccbbe7c79f0970466ef7e464ee.jpg"),
        ({"id": 7}, "x/7.jpg"),
        ({"id": 7, "category": "danbooru"}, "x/danbooru_7.jpg"),
        ({"id": 7, "category": "danbooru"}, "x/danbooru_7_title of it.jpg"),
        ({"id": 7, "num": 1}, "x/7_p1.jpg"),
        ({"id": 7}, "x/7_p1.jpg"),
        ({"filename": "a", "extension": "jpg"}, "x/deep/below/a.jpg"),
        ({"file_name": "e\u0301.jpg"}, "x/\u00e9.jpg"),
    ],
    ids=str,
)
def test_ways_to_name_a_post(source: Any, record: dict[str, Any], path: str) -> None:
    assert about(source, "x/data.jsonl", [record], path) == record


def test_the_surest_way_counts_and_then_the_first_record(source: Any) -> None:
    records = [{"id": "a", "n": 1}, {"filename": "a", "extension": "jpg", "n": 2}, {"file_name": "a.jpg", "n": 3}]
    assert about(source, "x/data.jsonl", [*records, {"file_name": "a.jpg", "n": 4}])["n"] == 3


def test_a_page_is_told_from_its_neighbours(source: Any) -> None:
    pages = [{"id": 7, "num": n, "page": n} for n in range(3)]
    assert about(source, "x/data.jsonl", pages, "x/7_p2.png")["page"] == 2


def test_kohyas_metadata(source: Any) -> None:
    content = {"/data/train/a.jpg": {"caption": "a cat", "tags": "cat, mat"}, "sub/b": {"caption": "a dog"}}
    source.write(IMAGES | {"x/meta_cap.json": content})
    found = source.reads()
    assert found["x/a.jpg", None].texts[2:4] == ("a cat", (("cat", "general"), ("mat", "general")))
    assert found["x/sub/b.jpg", None].texts.alt_text == "a dog"


def test_gallery_dls_messages(source: Any) -> None:
    assert about(source, "x/data.jsonl", [[3, "https://x.example/a.jpg", {"id": "a"}]]) == {"id": "a"}


def test_the_nearest_table_has_the_last_word(source: Any) -> None:
    source.write(
        IMAGES
        | {
            "x/metadata.jsonl": [{"file_name": "sub/b.jpg", "text": "far", "license": "CC0"}],
            "x/sub/metadata.jsonl": [{"file_name": "b.jpg", "text": "near"}],
        }
    )
    texts = source.reads()["x/sub/b.jpg", None].texts
    assert (texts.alt_text, texts.license) == ("near", "CC0")


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([{"file_name": "../../etc/passwd"}], "names ../../etc/passwd, which is outside the source"),
        ([{"file_name": "..", "id": "a"}, {"file_name": "../.."}], "names ../.., which is outside the source"),
        ([{"file_name": "/etc/passwd"}], "names /etc/passwd, which is outside the source"),
        ([{"file_name": "C:\\x.jpg"}], "names C:\\x.jpg, which is outside the source"),
    ],
)
def test_paths_out_of_the_source(source: Any, records: list[Any], reason: str) -> None:
    source.write(IMAGES | {"x/metadata.jsonl": [{"file_name": "a.jpg"}, *records]})
    row = next(row for row in source.rows() if row["uri"] == "x/metadata.jsonl")
    number = str(len(records))
    assert (row["member"], row["status"], row["reason"]) == (number, "outside_source", reason)
    assert json.loads(row["metadata"]) == records[-1]


def test_an_absolute_path_of_another_machine_yields_to_other_names(source: Any) -> None:
    record = {"path": "/elsewhere/zzz.jpg", "id": "a"}
    assert about(source, "x/metadata.jsonl", [record]) == record
    assert verdict(source, "x/metadata.jsonl", [record]) is None


TOO_LONG = "not CSV from line 2 on: field larger than field limit (131072)"
NO_NAME = "not JSON: Expecting property name enclosed in double quotes at character 1"
ADDRESSES = "URL lists are downloaded with img2dataset first"
USELESS = "a table that describes no file beside it"


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        ("m.jsonl", '{"id": \n"x"\n', "bad_metadata", "line 1: not JSON: Expecting value at character 8 (and 1 more)"),
        ("m.jsonl", "[]\n", "bad_metadata", "line 1: no record, but a plain value"),
        ("m.csv", b"file_name,text\na.jpg,caf\xe9\n", "bad_metadata", "not valid UTF-8, read as Latin-1"),
        ("m.csv", "file_name,text\na.jpg," + "x" * 200_000, "bad_metadata", TOO_LONG),
        ("metadata.json", "{", "bad_metadata", NO_NAME),
        ("metadata.json", "[1]", "bad_metadata", "no record, but a plain value"),
        ("m.csv", "url,caption\nhttps://x.example,a cat\n", "url_list", ADDRESSES),
        ("m.jsonl", [{"url": "https://x.example"}], "url_list", ADDRESSES),
        ("m.csv", "tag,count\nx,1\n", "not_an_image", USELESS),
        ("m.csv", "", "not_an_image", USELESS),
        ("m.csv", "file_name\nnope.jpg\nno.jpg\n", "bad_metadata", "none of the 2 files that it names exists"),
    ],
)
def test_tables_that_are_damaged_or_good_for_nothing(
    source: Any, name: str, content: Any, status: str, reason: str
) -> None:
    assert verdict(source, f"x/{name}", content) == (status, reason)


def test_the_good_lines_of_a_damaged_table_count(source: Any) -> None:
    assert about(source, "x/m.jsonl", 'nonsense\n\n{"id": "a"}\n') == {"id": "a"}
    assert about(source, "x/m.csv", b"file_name,text\na.jpg,caf\xe9\n")["text"] == "café"


def test_an_endless_line_is_passed_over(source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_formats, "MAX_RECORD", 20)
    content = json.dumps({"id": "x" * 100}) + '\n{"id": "a"}\n'
    assert about(source, "x/m.jsonl", content) == {"id": "a"}
    reason = "line 1: not JSON: Unterminated string starting at at character 7"
    assert verdict(source, "x/m.jsonl", content) == ("bad_metadata", reason)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("m.csv", "file_name\n" + "a.jpg\n" * 10, "larger than 0 MB"),
        ("meta.json", [1] * 100, "larger than 0 MB"),
        ("m.parquet", pa.table({"file_name": ["a.jpg"]}), "larger than 0 MB"),
    ],
)
def test_tables_that_are_too_large(
    source: Any, monkeypatch: pytest.MonkeyPatch, name: str, content: Any, reason: str
) -> None:
    monkeypatch.setattr(table_formats, "MAX_TABLE", 50)
    monkeypatch.setattr(table_formats, "MAX_JSON", 50)
    assert verdict(source, f"x/{name}", content) == ("bad_metadata", reason)


def test_img2dataset_report_beside_its_folder(source: Any) -> None:
    report = pa.table(
        {
            "key": ["000000000", "000000001"],
            "status": ["success", "failed_to_resize"],
            "error_message": pa.array([None, None], pa.string()),
            "url": ["https://x.example/0.jpg", "https://x.example/1.jpg"],
            "caption": ["a cat", "a dog"],
        }
    )
    source.write(
        {"00000.parquet": report, "00000_stats.json": {}, "00000/000000000.jpg": b"1", "00001/000000000.jpg": b"2"}
    )
    found = source.reads()
    assert {place: (each.status, each.reason, each.texts.source_url) for place, each in found.items()} == {
        ("00000.parquet", "1"): ("failed_download", "failed_to_resize", "https://x.example/1.jpg"),
        ("00000/000000000.jpg", None): (None, None, "https://x.example/0.jpg"),
        ("00001/000000000.jpg", None): (None, None, None),
    }


def test_img2dataset_report_beside_its_tar(source: Any, tar_of: Any) -> None:
    report = pa.table({"key": ["000000000"], "status": ["success"], "url": ["https://x.example/0.jpg"]})
    source.write({"00000.parquet": report, "00000.tar": tar_of({"000000000.jpg": b"1"})})
    found = source.reads()
    assert list(found) == [("00000.tar", "000000000.jpg")]
    assert found["00000.tar", "000000000.jpg"].texts.source_url == "https://x.example/0.jpg"


def test_img2dataset_report_alone_is_a_list_of_addresses(source: Any) -> None:
    report = pa.table({"key": ["000000000"], "status": ["success"], "url": ["https://x.example/0.jpg"]})
    assert source.write({"00000.parquet": report}).statuses() == {("00000.parquet", None): "url_list"}


def test_the_index_finds_the_first_of_equal_keys(tmp_path: Path) -> None:
    index = Index()
    for number, key in enumerate(["b", "a", "b", "c", "a"]):
        index.add(key, number)
    assert [index.find(key) for key in "abcd"] == [1, 0, 3, None]
    assert Index().find("a") is None


def test_a_table_is_read_once_and_let_go(source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    tables: list[str] = []
    real = Table.__init__

    def counted(self: Table, root: Path, uri: str, exists: Any) -> None:
        tables.append(uri)
        real(self, root, uri, exists)

    monkeypatch.setattr(Table, "__init__", counted)
    for folder in ("a", "b"):
        images = {f"x/{folder}/{i}.jpg": b"1" for i in range(3)}
        source.write(images | {f"x/{folder}/data.jsonl": [{"id": i} for i in range(3)]})
    drop = _Drop(source.root, {row["path"]: File(1, 1, "added") for row in source.drop().to_pylist()})
    assert all(row.metadata for row in drop.rows() if kept.append(len(drop.tables)) is None)
    assert (tables, kept) == (["x/a/data.jsonl", "x/b/data.jsonl"], [1] * 6)
