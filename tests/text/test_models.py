"""Text detection that can't be had is off and says why; models are taken from the wheel only when they are right."""

import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from dataset_build.config import Config, Text
from dataset_build.steps import Fingerprints
from dataset_build.text import models
from dataset_build.text.models import INSIDE, TextUnavailable, fetch_models, models_of, why_off

NAMES = tuple(models.SHA256)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if onnxruntime were there."""
    monkeypatch.setattr(models, "find_spec", lambda name: name)


@pytest.fixture
def small_models(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """As if the models were a few bytes."""
    monkeypatch.setattr(
        models,
        "SHA256",
        {
            NAMES[0]: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
            NAMES[1]: "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa",
        },
    )
    return {NAMES[0]: b"x", NAMES[1]: b"y"}


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"{INSIDE}/{name}", data)
    return path


def test_without_onnxruntime_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "find_spec", find_spec)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    why = "onnxruntime is not installed: pip install 'dataset-build[text]'"
    assert why_off(Text()) == why
    assert Fingerprints(Config())["text_regions"].parts["off"] == why
    with pytest.raises(TextUnavailable, match=r'text.detect = "on", but onnxruntime is not installed'):
        why_off(Text(detect="on"))


@pytest.mark.usefixtures("installed", "small_models")
def test_without_its_models_it_is_off(tmp_path: Path) -> None:
    why = f"the model {NAMES[0]} is missing or damaged: run `dataset-build text-models`"
    assert why_off(Text(models=str(tmp_path))) == why
    with pytest.raises(TextUnavailable, match=r"on\", but the model .* is missing"):
        why_off(Text(models=str(tmp_path), detect="on"))


@pytest.mark.usefixtures("installed")
def test_models_out_of_a_wheel_switch_it_on(tmp_path: Path, small_models: dict[str, bytes]) -> None:
    fetch_models(tmp_path / "models", wheel(tmp_path / "x.whl", small_models))
    text = Text(models=str(tmp_path / "models"), detect="on")
    assert why_off(text) is None
    assert [path.read_bytes() for path in models_of(text)] == [b"x", b"y"]
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == sorted(NAMES)


@pytest.mark.usefixtures("installed")
def test_a_damaged_model_is_noticed(tmp_path: Path, small_models: dict[str, bytes]) -> None:
    fetch_models(tmp_path, wheel(tmp_path / "x.whl", small_models))
    (tmp_path / NAMES[1]).write_bytes(b"damaged")
    assert why_off(Text(models=str(tmp_path))) == (
        f"the model {NAMES[1]} is missing or damaged: run `dataset-build text-models`"
    )


@pytest.mark.usefixtures("installed", "small_models")
def test_switched_off_it_is_off() -> None:
    assert why_off(Text(detect="off")) == "switched off by text.detect"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({NAMES[0]: b"x", NAMES[1]: b"another"}, f"{NAMES[1]} is not the model it should be"),
        ({NAMES[0]: b"x"}, "is not the wheel of rapidocr-onnxruntime==1.4.4"),
    ],
)
@pytest.mark.usefixtures("small_models")
def test_another_wheel_is_refused(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(TextUnavailable, match=message):
        fetch_models(tmp_path, wheel(tmp_path / "x.whl", files))


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"<html>")
    with pytest.raises(TextUnavailable, match=r"is not the wheel of rapidocr-onnxruntime==1\.4\.4"):
        fetch_models(tmp_path, tmp_path / "x.whl")


def test_a_download_that_fails_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(TextUnavailable, match=r"could not download .*: no reason was given; .* give it as --wheel"):
        fetch_models(tmp_path)


def test_the_fingerprint_tells_on_from_off_and_names_no_folder(
    tmp_path: Path, small_models: dict[str, bytes], installed: None
) -> None:
    fetch_models(tmp_path / "a", wheel(tmp_path / "x.whl", small_models))
    fetch_models(tmp_path / "b", wheel(tmp_path / "x.whl", small_models))
    configs = [Config(text=Text(models=str(tmp_path / name))) for name in ("a", "b", "c")]
    one, two, off = (Fingerprints(config)["text_regions"] for config in configs)
    assert str(one) == str(two) != str(off)
    assert one.parts["models"] == models.SHA256
    assert str(tmp_path) not in str([one.parts, off.parts])


def test_a_threshold_is_not_part_of_the_detection() -> None:
    one, two = (Config(text=Text(max_area=area)) for area in (0.1, 0.2))
    assert str(Fingerprints(one)["text_regions"]) == str(Fingerprints(two)["text_regions"])
    assert str(Fingerprints(one)["image_verdicts"]) != str(Fingerprints(two)["image_verdicts"])
