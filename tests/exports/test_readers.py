"""Exports read back by the libraries that they are for. `make test-exports` installs these and runs this file."""

import hashlib
import io
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dataset_build.exports.openclip_csv import title
from tests.exports.conftest import Write, Written

pytestmark = pytest.mark.filterwarnings("default")  # those of other people's code

Load = Callable[..., Any]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """datasets.load_dataset, offline, its split `train`."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    from datasets import load_dataset

    def run(*arguments: Any, **options: Any) -> Any:
        return load_dataset(*arguments, split="train", cache_dir=str(tmp_path / "cache"), **options)

    return run


@pytest.fixture(scope="module")
def torchvision() -> Iterator[None]:
    """One built for CUDA can't load its operators beside a torch that isn't, and wants to see two on its import."""
    if "+cpu" not in version("torch") or "+cpu" in version("torchvision"):
        yield
        return
    from torch.library import Library

    operators = Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    yield


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


def shards(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.glob("*.tar"))]


def test_webdataset(written: Written, texts: dict[str, str], files: dict[str, bytes]) -> None:
    import webdataset

    samples = list(webdataset.WebDataset(shards(written("webdataset")), shardshuffle=False).decode("pil"))
    assert {sample["__key__"]: sample["txt"] for sample in samples} == texts
    assert {sample["__key__"]: sample["jpg"].convert("RGB").tobytes() for sample in samples} == {
        image_id: pixels(data) for image_id, data in files.items()
    }
    assert {sample["json"]["image_id"] for sample in samples} == set(texts)


def test_webdataset_by_datasets(written: Written, load: Load, texts: dict[str, str], files: dict[str, bytes]) -> None:
    from datasets import Image as Feature

    rows = load("webdataset", data_files=shards(written("webdataset")))
    assert dict(zip(rows["__key__"], rows["txt"], strict=True)) == texts
    assert [image.convert("RGB").tobytes() for image in rows["jpg"]] == [pixels(data) for data in files.values()]
    raw = rows.cast_column("jpg", Feature(decode=False))["jpg"]
    assert [hashlib.sha256(image["bytes"]).hexdigest() for image in raw] == list(files)


@pytest.mark.usefixtures("torchvision")
def test_webdataset_by_open_clip(written: Written, texts: dict[str, str], files: dict[str, bytes]) -> None:
    from open_clip_train.data import get_wds_dataset

    args = Namespace(
        val_data="::".join(shards(written("webdataset"))), val_num_samples=9, batch_size=4, workers=0, world_size=1,
        seed=0, train_data_upsampling_factors=None, dataset_resampled=False,
    )  # fmt: skip
    info = get_wds_dataset(args, lambda image: image.tobytes(), False, tokenizer=lambda text: [text])
    batches = list(info.dataloader)
    assert [text for _, said in batches for text in said] == list(texts.values())
    assert [image for images, _ in batches for image in images] == [pixels(data) for data in files.values()]


def test_imagefolder(written: Written, load: Load, texts: dict[str, str], files: dict[str, bytes]) -> None:
    rows = load("imagefolder", data_dir=str(written("hf-imagefolder")))
    assert dict(zip(rows["image_id"], rows["text"], strict=True)) == texts
    found = {row["image_id"]: row["image"].convert("RGB").tobytes() for row in rows}
    assert found == {image_id: pixels(data) for image_id, data in files.items()}
    assert set(rows["license"]) == {"CC BY 4.0"}


def test_parquet(written: Written, load: Load, texts: dict[str, str], files: dict[str, bytes]) -> None:
    from datasets import Image as Feature

    rows = load(str(written("hf-parquet")))
    assert isinstance(rows.features["image"], Feature)
    assert dict(zip(rows["image_id"], rows["text"], strict=True)) == texts
    assert [image.convert("RGB").tobytes() for image in rows["image"]] == [pixels(data) for data in files.values()]


def test_parquet_streamed(written: Written, load: Load, texts: dict[str, str]) -> None:
    rows = list(load(str(written("hf-parquet")), streaming=True))
    assert {row["image_id"]: row["text"] for row in rows} == texts
    assert all(row["image"].size == (row["width"], row["height"]) for row in rows)


@pytest.mark.parametrize("form", ["capsfusion", "recap-datacomp", "pixelprose"])
def test_tables_without_images(written: Written, load: Load, texts: dict[str, str], form: str) -> None:
    column = {"capsfusion": "capsfusion", "recap-datacomp": "re_caption", "pixelprose": "vlm_caption"}[form]
    rows = load(str(written(form)))
    assert rows[column] == list(texts.values())


def test_sharegpt4v_by_datasets(written: Written, load: Load, texts: dict[str, str]) -> None:
    rows = load("json", data_files=str(written("sharegpt4v") / "sharegpt4v.json"))
    said = {row["id"]: row["conversations"][1]["value"] for row in rows}
    assert said == {image_id: text.replace("<image>", "image") for image_id, text in texts.items()}


@pytest.mark.usefixtures("torchvision")
def test_csv_by_open_clip(write: Write, tmp_path: Path, texts: dict[str, str], files: dict[str, bytes]) -> None:
    from open_clip_train.data import CsvDataset

    write("openclip-csv", rows=4)
    table = tmp_path / "openclip-csv" / "train.csv"
    rows = CsvDataset(
        str(table), lambda image: image.convert("RGB").tobytes(), "filepath", "title", "\t", lambda said: said
    )
    assert len(rows) == 9
    assert [rows[number] for number in range(9)] == [
        (pixels(data), title(text)) for data, text in zip(files.values(), texts.values(), strict=True)
    ]
