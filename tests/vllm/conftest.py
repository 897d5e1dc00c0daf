"""A tiny LLaVA, and vLLM on this machine's CPU that serves it."""

import io
from pathlib import Path

import pytest

from dataset_build.captions.calls import Picture
from dataset_build.config import Binding
from tests.pictures import picture
from tests.vllm.tiny_llava import write_tiny_llava

ARGUMENTS = [
    "--load-format", "dummy", "--enforce-eager", "--max-model-len", "1024", "--limit-mm-per-prompt", '{"image": 4}',
    "--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}',
]  # fmt: skip


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model's folder."""
    return write_tiny_llava(tmp_path_factory.mktemp("tiny-llava"))


@pytest.fixture(scope="session")
def binding(tiny: Path) -> Binding:
    """The model at a vLLM that is started for it."""
    return Binding(model=str(tiny), revision="r1", backend="vllm", arguments=ARGUMENTS)


@pytest.fixture(scope="session", autouse=True)
def little_memory() -> None:
    """What vLLM on a CPU may take for its cache, in GiB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        yield


def small(seed: int) -> Picture:
    """A picture as it is sent."""
    file = io.BytesIO()
    picture(seed, (64, 64)).save(file, "JPEG")
    return Picture(file.getvalue())
