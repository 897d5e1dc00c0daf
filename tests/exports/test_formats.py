"""What each format writes, to the letter. Whether its readers agree is tested in test_readers.py."""

import csv
import io
import json
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from dataset_build.exports import kohya
from dataset_build.exports.openclip_csv import title
from dataset_build.exports.samples import Sample, extension, one_line
from dataset_build.tags.tagtext import parse
from tests.exports.conftest import FORMATS, TEXTS, Write, Written

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


@pytest.fixture
def names(files: dict[str, bytes]) -> dict[str, str]:
    """What each image is called where images are files of their own."""
    return {i: f"{i}.{EXTENSIONS[Image.open(io.BytesIO(data)).format or '']}" for i, data in files.items()}


def picture_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def parquet(folder: Path) -> pa.Table:
    return pq.read_table(sorted(folder.glob("data/*.parquet")))


def test_webdataset(written: Written, texts: dict[str, str], files: dict[str, bytes]) -> None:
    shards = sorted(written("webdataset").glob("*.tar"))
    assert [shard.name for shard in shards] == ["00000.tar", "00001.tar", "00002.tar"]
    members: dict[str, bytes] = {}
    for shard in shards:
        with tarfile.open(shard) as tar:
            members |= {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    assert list(members) == [f"{key}.{kind}" for key in texts for kind in ("jpg", "json", "txt")]
    for image_id, text in texts.items():
        assert members[f"{image_id}.jpg"] == files[image_id]
        assert members[f"{image_id}.txt"].decode() == text
        details = json.loads(members[f"{image_id}.json"])
        assert details["uid"] == image_id[:32]
        assert (details["caption"], details["license"]) == (text, "CC BY 4.0")


def test_hf_imagefolder(
    written: Written, texts: dict[str, str], files: dict[str, bytes], names: dict[str, str]
) -> None:
    folders = sorted((written("hf-imagefolder") / "train").iterdir())
    assert [folder.name for folder in folders] == ["00000", "00001", "00002"]
    found = {}
    for folder in folders:
        for row in pq.read_table(folder / "metadata.parquet").to_pylist():
            found[row["image_id"]] = (row["file_name"], row["text"], (folder / row["file_name"]).read_bytes())
    assert found == {i: (names[i], texts[i], files[i]) for i in texts}


def test_hf_parquet(written: Written, texts: dict[str, str], files: dict[str, bytes], names: dict[str, str]) -> None:
    folder = written("hf-parquet")
    assert [path.name for path in sorted(folder.glob("data/*"))][-1] == "train-00002-of-00003.parquet"
    table = parquet(folder)
    rows = {row["image_id"]: (row["image"], row["text"]) for row in table.to_pylist()}
    assert rows == {i: ({"bytes": files[i], "path": names[i]}, texts[i]) for i in texts}
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == table.column_names
    assert features["image"] == {"_type": "Image"}
    assert features["width"] == {"dtype": "int64", "_type": "Value"}


def test_hf_parquet_by_reference(write: Write, tmp_path: Path, shelf: Any) -> None:
    write("hf-parquet", mode="reference")
    images = parquet(tmp_path / "hf-parquet").column("image").to_pylist()
    assert {image["path"] for image in images} == {f"/originals/a/{number}" for number in range(9)}
    assert {image["bytes"] for image in images} == {None}
    assert shelf.given == []


def openclip_lines(folder: Path) -> list[list[str]]:
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


def test_openclip_csv(written: Written, texts: dict[str, str], files: dict[str, bytes], names: dict[str, str]) -> None:
    folder = written("openclip-csv")
    header, *lines = openclip_lines(folder)
    assert header == ["filepath", "title"]
    expected = [title(text) for text in texts.values()]
    assert [said for _, said in lines] == expected
    assert [(folder / path.removeprefix("/data/set/")).read_bytes() for path, _ in lines] == list(files.values())
    assert [Path(path).name for path, _ in lines] == list(names.values())


def test_openclip_csv_by_reference(write: Write, tmp_path: Path) -> None:
    write("openclip-csv", mode="reference")
    _, *lines = openclip_lines(tmp_path / "openclip-csv")
    assert {path for path, _ in lines} == {f"/originals/a/{number}" for number in range(9)}
    assert not list((tmp_path / "openclip-csv").glob("0*"))


@pytest.mark.parametrize(
    ("text", "said"),
    [("None", "None."), ("NA", "NA."), ("nan", "nan."), ("null pointer", "null pointer"), ("a\x00b\tc\nd", "ab\tc\nd")],
)
def test_titles_that_pandas_would_lose(text: str, said: str) -> None:
    assert title(text) == said


def test_kohya(written: Written, texts: dict[str, str], files: dict[str, bytes], names: dict[str, str]) -> None:
    folder = written("kohya")
    folders = [folder / name for name in ("00000", "00001", "00002")]
    entries = {path: json.loads((path / "metadata.json").read_text("utf-8")) for path in folders}
    assert [name for each in entries.values() for name in each] == list(names.values())
    for path, each in entries.items():
        for name, entry in each.items():
            image_id = name.split(".")[0]
            assert (path / name).read_bytes() == files[image_id]
            assert (path / f"{image_id}.txt").read_text("utf-8") == one_line(texts[image_id]) + "\n"
            size = list(picture_size(path / name))
            assert entry == {"caption": one_line(texts[image_id]), "image_size": size}
    (dataset,) = tomllib.loads((folder / "dataset.toml").read_text("utf-8"))["datasets"]
    assert dataset["subsets"] == [{"image_dir": f"/data/set/{path.name}"} for path in folders]
    settings = tomllib.loads((folder / "dataset_metadata.toml").read_text("utf-8"))
    assert settings["general"]["enable_bucket"] is True
    assert [subset["metadata_file"] for subset in settings["datasets"][0]["subsets"]] == [
        f"/data/set/{path.name}/metadata.json" for path in folders
    ]


@pytest.mark.parametrize(("orientation", "size"), [(None, [40, 30]), (4, [40, 30]), (5, [30, 40]), (8, [30, 40])])
def test_kohya_takes_images_as_they_are_stored(tmp_path: Path, orientation: int | None, size: list[int]) -> None:
    row = {"image_id": "a", "text": "t", "format": "JPEG", "width": 40, "height": 30, "orientation": orientation}
    kohya.write(tmp_path / "0", iter([Sample(row, b"data", "0/a.jpg")]))
    assert json.loads((tmp_path / "0" / "metadata.json").read_text()) == {"a.jpg": {"caption": "t", "image_size": size}}


def test_kohya_by_reference_names_the_originals(write: Write, tmp_path: Path) -> None:
    write("kohya", mode="reference")
    assert {path.name for path in (tmp_path / "kohya").iterdir()} == {
        "00000", "dataset_metadata.toml", "sources.parquet", "export.json",
    }  # fmt: skip
    entries = json.loads((tmp_path / "kohya" / "00000" / "metadata.json").read_text("utf-8"))
    assert set(entries) == {f"/originals/a/{number}" for number in range(9)}


def test_one_line_is_one_line() -> None:
    assert [one_line(text) for text in TEXTS[:8]] == [
        "A cat.",
        'Two lines, with a tab and a "quote".',
        "<b>bold</b> & <image> | {a|b} ||| ;;; 'single'",
        "None",
        "猫がいる。 🐈\u200d⬛ naïve café",
        "spaces around, then a line",
        "=1+1, a formula; with commas",
        "bell and nul inside",
    ]


def test_simpletuner(written: Written, texts: dict[str, str], files: dict[str, bytes], names: dict[str, str]) -> None:
    folder = written("simpletuner")
    *backends, embeds = json.loads((folder / "multidatabackend.json").read_text("utf-8"))
    assert (embeds["dataset_type"], embeds["default"]) == ("text_embeds", True)
    found = {}
    for backend, name in zip(backends, ("00000", "00001", "00002"), strict=True):
        assert backend["instance_data_dir"] == f"/data/set/{name}"
        columns = backend["parquet"]
        for row in pq.read_table(folder / columns["path"].removeprefix("/data/set/")).to_pylist():
            image_id = row["image_id"]
            assert picture_size(folder / name / row[columns["filename_column"]]) == (
                row[columns["width_column"]], row[columns["height_column"]]
            )  # fmt: skip
            found[image_id] = (row["filename"], row["caption"], (folder / name / row["filename"]).read_bytes())
    assert found == {i: (names[i], texts[i], files[i]) for i in texts}


def test_datacomp(written: Written, texts: dict[str, str]) -> None:
    uids = np.load(written("datacomp") / "uids.npy", allow_pickle=False)
    assert uids.dtype == np.dtype("u8,u8")
    assert [f"{high:016x}{low:016x}" for high, low in uids.tolist()] == [image_id[:32] for image_id in texts]
    assert np.array_equal(uids, np.sort(uids))
    rows = pq.read_table(sorted((written("datacomp") / "metadata").iterdir())).to_pylist()
    assert [(row["uid"], row["sha256"], row["text"]) for row in rows] == [
        (i[:32], i, text) for i, text in texts.items()
    ]


def test_capsfusion(written: Written, texts: dict[str, str]) -> None:
    table = parquet(written("capsfusion"))
    assert table.column_names == ["image_url", "laion_2b", "laion_coco", "capsfusion"]
    rows = table.to_pylist()
    assert [row["capsfusion"] for row in rows] == list(texts.values())
    numbers = [row["image_url"].removeprefix("https://example.org/") for row in rows]
    assert [row["laion_coco"] for row in rows] == [f"Short {number}." for number in numbers]
    assert [row["laion_2b"] for row in rows] == [f"alt {number}" if number != "0" else None for number in numbers]


def test_recap_datacomp(written: Written, texts: dict[str, str]) -> None:
    table = parquet(written("recap-datacomp"))
    assert {field.name: str(field.type) for field in table.schema} == {
        "url": "string", "re_caption": "string", "org_caption": "string", "sha256": "string", "key": "string",
        "re_clip_score": "double", "org_clip_score": "double", "re_length": "int64", "org_length": "int64",
        "re_gpt4v_score": "int64", "org_gpt4v_score": "int64",
    }  # fmt: skip
    rows = table.to_pylist()
    assert {row["sha256"]: row["re_caption"] for row in rows} == texts
    assert all(row["re_length"] == len(row["re_caption"].split()) for row in rows)
    assert {row["re_clip_score"] for row in rows} == {None}


def test_sharegpt4v(written: Written, texts: dict[str, str], files: dict[str, bytes]) -> None:
    folder = written("sharegpt4v")
    rows = json.loads((folder / "sharegpt4v.json").read_text("utf-8"))
    assert {row["id"]: (folder / row["image"]).read_bytes() for row in rows} == files
    for row in rows:
        human, gpt = row["conversations"]
        assert (human["from"], gpt["from"]) == ("human", "gpt")
        assert human["value"].count("<image>") == 1 and "<image>" not in gpt["value"]
        assert gpt["value"] == texts[row["id"]].replace("<image>", "image")


def test_pixelprose(written: Written, texts: dict[str, str]) -> None:
    rows = parquet(written("pixelprose")).to_pylist()
    assert {row["sha256"]: row["vlm_caption"] for row in rows} == texts
    assert {(row["status"], row["vlm_model"], row["toxicity"]) for row in rows} == {("success", "compose", None)}
    assert all(row["uid"] == row["sha256"][:32] for row in rows)


def test_deck(written: Written, texts: dict[str, str], files: dict[str, bytes], names: dict[str, str]) -> None:
    found = {path.name: path for path in written("deck").glob("0*/*")}
    assert len(found) == 27
    ratings = set()
    for image_id, text in texts.items():
        assert found[names[image_id]].read_bytes() == files[image_id]
        annotation = json.loads(found[f"{image_id}.json"].read_text("utf-8"))
        assert list(annotation) == ["RESPONSE", "RATING", "ADDITIONAL_TAGS"]
        assert annotation["RESPONSE"] == text
        assert annotation["ADDITIONAL_TAGS"] == (["sitting", "indoors"] if text == TEXTS[0] else [])
        tags, rating = parse(found[f"{image_id}.txt"].read_text("utf-8"))
        assert tags == [("cat", "general"), ("1girl", "general")]
        ratings.add((rating, annotation["RATING"]))
    assert ratings == {("general", "SAFE"), ("questionable", "QUESTIONABLE"), (None, "EXPLICIT")}


def test_deck_without_images(write: Write, tmp_path: Path) -> None:
    write("deck", mode="reference")
    assert {path.suffix for path in (tmp_path / "deck" / "00000").iterdir()} == {".json", ".txt"}


@pytest.mark.parametrize(
    ("image_format", "name"),
    [
        *zip(FORMATS, ("jpg", "png", "webp"), strict=True),
        ("MPO", "jpg"),
        ("TIFF", "tif"),
        ("GIF", "gif"),
        ("AVIF", "avif"),
        ("/../../x", "x"),
    ],
)
def test_extensions(image_format: str, name: str) -> None:
    assert extension(image_format) == name
