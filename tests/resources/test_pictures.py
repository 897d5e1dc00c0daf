"""Pictures for captions, made by worker processes that may die."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dataset_build.captions.calls import CallFailed, View
from dataset_build.config import Config
from resources import pictures
from tests.engines import ends_with_its_process


def made(place: Any, view: View) -> bytes:
    with pictures.picture_pool(Config(), "single_pass") as pool:
        return asyncio.run(pool.make(place, view)).data


def test_a_worker_that_is_killed_costs_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "picture", ends_with_its_process)
    assert made(tmp_path / "seen", View()) == b"a picture"


def test_a_picture_that_ends_every_worker_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "picture", ends_with_its_process)
    with pytest.raises(CallFailed, match="the process that read it died or had no memory left") as failure:
        made(tmp_path / "seen", View(box=(0.0, 0.0, 0.5, 0.5)))
    assert failure.value.status == "rejected_image"
