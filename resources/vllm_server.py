"""A vLLM server on this machine, for as long as it is needed: started, watched, started again, always stopped."""

import asyncio
import re
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx2

from dataset_build.config import Binding
from resources.vllm import Endpoints, ServerLost, endpoints
from resources.work import Log

RESTARTS = 2  # of a server that was up, in one run
START = 1800.0  # seconds until it must be up: a model may have to be downloaded
POLL = 0.5  # seconds between two looks
LINE = 2**20  # bytes of one line of its log
NOT_INSTALLED = "it is not installed for this Python: pip install 'dataset-build[vllm]', or set `python` of the model"
_ERROR = re.compile(r"(?:^|[\s.])((?:\w+(?:Error|Exception)|error): .+)")
_SECRET = re.compile(r"--[\w-]*(key|token|secret|password)", re.I)
_ECHO = "Engine core initialization failed"  # says only that there is another error above


class Server:
    """One `vllm serve` process under a leash; at `url` once it is started."""

    def __init__(self, binding: Binding, log: Log) -> None:
        self.binding, self.log = binding, log
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.tail: deque[str] = deque(maxlen=400)
        self.process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait until it is healthy. Raises ServerLost with the reason in one line."""
        await self._launch()
        try:
            async with asyncio.timeout(START), httpx2.AsyncClient(trust_env=False) as client:
                while not await self._healthy(client):
                    await asyncio.sleep(POLL)
        except TimeoutError as error:
            raise ServerLost(f"{self.binding.model}: vLLM was not up after {START:,.0f} s") from error

    async def _launch(self) -> None:
        self.tail.clear()
        leash = [sys.executable, "-m", "resources.leash"]
        self.process = await asyncio.create_subprocess_exec(
            *leash, *command(self.binding, self.port), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True, limit=LINE,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self.process))

    async def keep(self, model: Endpoints) -> None:
        """Start it again when it dies; the model sees when it is up. Lose the model when that happens too often."""
        for left in range(RESTARTS, -1, -1):
            await self._ended()
            why = f"{self.binding.model}: vLLM died: {reason(self.tail)}"
            if not left:
                model.lose(why)
                return
            self.log(f"{why}; starting it again")
            await self._launch()

    async def stop(self) -> None:
        """End it and all that it has started."""
        if self.process and self.process.stdin:
            self.process.stdin.close()
            await self._ended()

    async def _healthy(self, client: httpx2.AsyncClient) -> bool:
        if self.process and self.process.returncode is not None:
            await self._ended()
            raise ServerLost(f"{self.binding.model}: vLLM did not start: {reason(self.tail)}")
        with suppress(httpx2.HTTPError):
            return (await client.get(f"http://127.0.0.1:{self.port}/health")).status_code == 200
        return False

    async def _ended(self) -> None:
        if self.process and self._reading:
            await self.process.wait()
            await self._reading

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Pass its log on, line by line; a line that is too long is left out."""
        assert process.stdout
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                continue
            if not line:
                return
            text = hidden(line.decode("utf-8", "replace").rstrip(), self.binding.arguments)
            self.tail.append(text)
            self.log(f"vllm: {text}")


def command(binding: Binding, port: int) -> list[str]:
    """How vLLM is started: the module, since the command `vllm` is missing beside its builds for CPUs."""
    revision = ["--revision", binding.revision] if binding.revision else []
    return [
        binding.python or sys.executable, "-m", "vllm.entrypoints.openai.api_server",
        "--model", binding.model, "--served-model-name", binding.model, *revision,
        "--host", "127.0.0.1", "--port", str(port), "--disable-uvicorn-access-log", *binding.arguments,
    ]  # fmt: skip


def hidden(line: str, arguments: Sequence[str]) -> str:
    """A line of its log without keys and tokens among the arguments, all of which vLLM tells."""
    for argument, after in zip(arguments, [*arguments[1:], ""], strict=True):
        flag, equals, value = argument.partition("=")
        secret = value if equals else after
        if _SECRET.fullmatch(flag) and secret and not secret.startswith("--"):
            line = line.replace(secret, "***")
    return line


def reason(lines: Sequence[str]) -> str:
    """The last error that a log names, else its last line; what to do where it is that vLLM is missing."""
    if any("No module named 'vllm'" in line for line in lines):
        return NOT_INSTALLED
    errors = [found[1] for line in lines if _ECHO not in line and (found := _ERROR.search(line))]
    said = [line.strip() for line in lines if line.strip()]
    return (errors or said or ["it said nothing"])[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def served_here(binding: Binding, timeout: float, most: int, log: Log) -> AsyncIterator[Endpoints]:
    """The model at a server of our own, kept running for as long as the block runs."""
    server = Server(binding, log)
    keeping: asyncio.Task[None] | None = None
    try:
        await server.start()
        here = binding.model_copy(update={"endpoints": [server.url]})
        async with endpoints(here, timeout, most, log, patience=START) as model:
            keeping = asyncio.create_task(server.keep(model))
            yield model
    finally:
        if keeping:
            keeping.cancel()
        await server.stop()
