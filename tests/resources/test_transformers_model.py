"""What transformers is asked for, told by a stand-in for it; tests/vllm runs the real one."""

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dataset_build.config import Binding
from resources.transformers_model import loaded
from resources.vllm import ServerLost


def test_weights_are_never_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    def from_pretrained(name: str, **asked: Any) -> None:
        raise OSError(f"{name} {asked}")

    model, processor = SimpleNamespace(from_pretrained=from_pretrained), SimpleNamespace(from_pretrained=print)
    stand_in = SimpleNamespace(AutoModelForImageTextToText=model, AutoProcessor=processor)
    monkeypatch.setitem(sys.modules, "transformers", stand_in)

    async def load() -> None:
        async with loaded(Binding(model="m", backend="transformers"), print):
            pass

    with pytest.raises(ServerLost, match=r"m: transformers can't load it: m .*'use_safetensors': True"):
        asyncio.run(load())
