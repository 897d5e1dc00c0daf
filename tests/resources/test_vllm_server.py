"""A server of our own, with a stand-in for vLLM: it is up when it says so, comes back when it dies, and always ends."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataset_build.captions.calls import Request, Turn
from dataset_build.config import Binding
from resources import vllm, vllm_server
from resources.vllm import Endpoints, ServerLost
from resources.vllm_server import NOT_INSTALLED, command, reason, served_here

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm, "POLL", 0.05)
    monkeypatch.setattr(vllm_server, "POLL", 0.05)


@pytest.fixture
def binding(tmp_path: Path) -> Binding:
    """A model at a vLLM whose Python runs the stand-in."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/captions/fake_vllm.py "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    pids = ["--pids", str(tmp_path / "pids")]
    return Binding(model="m", revision="r1", backend="vllm", python=str(python), arguments=pids)


def using(binding: Binding, work: Callable[[Endpoints], Any], log: list[str]) -> Any:
    async def main() -> Any:
        async with served_here(binding, 30, 8, log.append) as model:
            return await work(model)

    return asyncio.run(main())


async def ask(model: Endpoints) -> str:
    return (await model.ask(Request("vlm", (Turn("user", ("Hi",)),)))).choices[0].text


def processes(tmp_path: Path) -> list[int]:
    """Every server and engine that was started."""
    return [int(number) for number in (tmp_path / "pids").read_text().split()]


def gone(process: int) -> bool:
    """Whether a process has ended; it may need a moment to be gone."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_it_serves_logs_and_ends_with_all_that_it_started(binding: Binding, tmp_path: Path) -> None:
    log: list[str] = []
    assert using(binding, ask, log) == "A red hat."
    assert "vllm: Application startup complete." in log
    assert len(processes(tmp_path)) == 2
    assert all(map(gone, processes(tmp_path)))


def test_keys_among_its_arguments_are_not_in_its_log(binding: Binding) -> None:
    log: list[str] = []
    secret = ["--api-key", "sk-1", "--hf-token=hf_2", "--max-num-batched-tokens", "8192", "--tokenizer", "t"]
    using(binding.model_copy(update={"arguments": [*binding.arguments, *secret]}), ask, log)
    (told,) = [line for line in log if "non-default args" in line]
    assert "'--api-key', '***', '--hf-token=***', '--max-num-batched-tokens', '8192', '--tokenizer', 't'" in told


def test_a_model_too_large_for_the_gpu_is_said_in_one_line(binding: Binding) -> None:
    with pytest.raises(ServerLost) as failure:
        using(binding.model_copy(update={"model": "too-large"}), ask, [])
    assert str(failure.value) == (
        "too-large: vLLM did not start: OutOfMemoryError: CUDA out of memory. Tried to allocate 14.00 GiB."
    )


def crashing(binding: Binding, after: int) -> Binding:
    return binding.model_copy(update={"arguments": [*binding.arguments, "--crash-after", str(after)]})


def test_a_server_that_dies_comes_back_and_the_request_is_answered(binding: Binding, tmp_path: Path) -> None:
    async def work(model: Endpoints) -> list[str]:
        return [await ask(model) for _ in range(5)]

    log: list[str] = []
    assert using(crashing(binding, 2), work, log) == ["A red hat."] * 5
    died = [line for line in log if line.endswith("; starting it again")]
    assert died[0].startswith("m: vLLM died: RuntimeError: CUDA error: an illegal memory access")
    assert len(died) == 2
    assert all(map(gone, processes(tmp_path)))


def test_a_server_that_dies_again_and_again_ends_the_run(
    binding: Binding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_server, "RESTARTS", 1)

    async def work(model: Endpoints) -> None:
        asking = [asyncio.create_task(ask(model)) for _ in range(4)]
        try:
            await model.lost
        finally:
            for each in asking:
                each.cancel()

    with pytest.raises(ServerLost, match=r"^m: vLLM died: RuntimeError: CUDA error"):
        using(crashing(binding, 1), work, [])
    assert len(processes(tmp_path)) == 4
    assert all(map(gone, processes(tmp_path)))


def test_nothing_is_left_when_the_run_is_killed(binding: Binding, tmp_path: Path) -> None:
    script = f"""
import asyncio, os, signal
from dataset_build.config import Binding
from resources.vllm_server import served_here

async def main():
    async with served_here(Binding.model_validate_json({binding.model_dump_json()!r}), 30, 8, lambda line: None):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert ended.returncode == -signal.SIGKILL
    assert len(processes(tmp_path)) == 2
    assert all(map(gone, processes(tmp_path)))


def test_a_command_that_will_not_listen_is_forced(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf.py"
    deaf.write_text("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\n")
    deaf.write_text(deaf.read_text() + "time.sleep(1000)\n")
    starts = (
        f"from resources import leash\nleash.POLITE = 0.2\nraise SystemExit(leash.main(['{sys.executable}', '{deaf}']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", starts], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert process.stdout and process.stdin
    assert process.stdout.readline() == "up\n"
    process.stdin.close()
    assert process.wait(30) == 256 - signal.SIGKILL
    process.stdout.close()


def test_it_listens_on_this_machine_only_and_takes_more_arguments() -> None:
    made = command(Binding(model="a/b", revision="r1", arguments=["--max-model-len", "4096"]), 8123)
    assert made[:3] == [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    assert made[made.index("--host") + 1] == "127.0.0.1"
    assert made[made.index("--revision") + 1] == "r1"
    assert made[-2:] == ["--max-model-len", "4096"]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (["INFO fine", "api_server.py: error: argument --x: invalid"], "error: argument --x: invalid"),
        (["ValueError: first", "  OSError: nowhere is not a local folder"], "OSError: nowhere is not a local folder"),
        (["Killed", ""], "Killed"),
        (["python: … (ModuleNotFoundError: No module named 'vllm')"], NOT_INSTALLED),
        ([], "it said nothing"),
    ],
)
def test_the_reason_is_the_last_error_of_the_log(log: list[str], said: str) -> None:
    assert reason(log) == said
