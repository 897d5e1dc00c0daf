"""A model of transformers, run on pictures and texts: unit vectors, alike in any company."""

from pathlib import Path

import numpy as np
import pytest

from dataset_build.clip import model
from dataset_build.clip.model import ClipModel, ClipUnavailable, identity, why_off
from dataset_build.config import Clip
from tests.clip.support import tiny_clip


def pictures() -> list[np.ndarray]:
    drawn = np.random.default_rng(1)
    return [drawn.integers(0, 256, (90, 70, 3), np.uint8), np.full((60, 200, 3), 200, np.uint8)]


def test_vectors_have_length_one_and_do_not_depend_on_their_company(clip: Clip) -> None:
    loaded = ClipModel(clip)
    for vectors, alone in (
        (loaded.pictures(pictures()), loaded.pictures(pictures()[:1])),
        (loaded.texts(["a fox", "a much longer description of a ball"]), loaded.texts(["a fox"])),
    ):
        assert vectors.shape == (2, 16)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-6)
        assert vectors[0] == pytest.approx(alone[0], abs=1e-6)
        assert vectors[0] @ vectors[1] < 0.99


def test_long_and_empty_texts_are_taken(clip: Clip) -> None:
    vectors = ClipModel(clip).texts(["word " * 500, "word " * 600, ""])
    assert vectors[0] == pytest.approx(vectors[1], abs=1e-6)
    assert np.isfinite(vectors).all()


def test_off_without_a_name_and_an_error_without_the_packages(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_off(Clip()) == "no model is named by clip.model"
    assert why_off(clip) is None
    monkeypatch.setattr(model, "find_spec", lambda package: None if package == "transformers" else object())
    with pytest.raises(ClipUnavailable, match=r"transformers is missing: pip install 'dataset-build\[clip\]'"):
        why_off(clip)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClipUnavailable, match=f"clip.model '{tmp_path}' can't be loaded"):
        ClipModel(Clip(model=str(tmp_path)))


def test_pickled_weights_are_refused(clip: Clip, tmp_path: Path) -> None:
    for file in Path(clip.model).iterdir():
        name = "pytorch_model.bin" if file.suffix == ".safetensors" else file.name
        (tmp_path / name).write_bytes(file.read_bytes())
    with pytest.raises(ClipUnavailable, match="safetensors"):
        ClipModel(Clip(model=str(tmp_path)))


def test_identity_follows_the_weights_not_the_place(clip: Clip, tmp_path: Path) -> None:
    here, other = tmp_path / "here", tmp_path / "other"
    here.mkdir()
    for file in Path(clip.model).iterdir():
        (here / file.name).write_bytes(file.read_bytes())
    assert identity(Clip(model=str(here))) == identity(clip)
    assert identity(Clip(model=str(tiny_clip(other, seed=1)))) != identity(clip)
    assert identity(Clip(model="a/name", revision="main")) == {"code": "1", "model": "a/name", "revision": "main"}
