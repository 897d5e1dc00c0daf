"""Servers that answer requests: OpenAI-compatible addresses, of which the least busy is asked."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import openai

from dataset_build.captions.calls import CallFailed, Reply, Request
from dataset_build.captions.wire import body_of, reply_of, status_of
from dataset_build.config import Binding
from dataset_build.errors import RunError
from resources.in_flight import FIRST, load_in, next_limit
from resources.work import Log

LONGEST = 500  # characters of what a server says of a failure; some repeat the request
API_KEY = "DATASET_BUILD_API_KEY"  # environment variable; sent to every endpoint where it is set
HINTS = {  # by HTTP status: no request at this address will do
    401: f"put its key into the environment variable {API_KEY}",
    403: f"the key in the environment variable {API_KEY} is not enough for it",
    404: "is the address right? most end in /v1",
}
BACKOFF = (0.5, 1, 2, 4, 8)  # seconds before another try, each made up to half longer or shorter
DISCONNECTS = 3  # connections that one request may lose before it is held to be the cause
POLL = 1.0  # seconds between two looks at a server
LOOK = 10.0  # seconds that a look may take
PATIENCE = 60.0  # seconds without any server, until the run ends


class ServerLost(RunError):
    """No server answers for a model, or none will do what is asked."""


@dataclass
class Endpoint:
    """One address, with the requests that it has and may have."""

    url: str
    client: openai.AsyncOpenAI
    most: int
    limit: int = field(init=False)
    busy: int = 0
    up: bool = True
    why: str = ""

    def __post_init__(self) -> None:
        self.limit = min(FIRST, self.most)

    async def models(self) -> list[str]:
        """The models that it serves. Raises openai.OpenAIError."""
        return [model.id async for model in self.client.with_options(timeout=LOOK).models.list()]

    async def look(self) -> None:
        """See whether a server that was down is up again, and how many requests one that is up can do with."""
        try:
            if not self.up:
                await self.models()
                self.up = True
            metrics = f"{self.url.removesuffix('/v1')}/metrics"
            answer = await self.client.with_options(timeout=LOOK).get(metrics, cast_to=httpx2.Response)
            load = load_in(answer.text)
        except openai.APIConnectionError:
            return  # requests will tell whether it is down
        except (openai.OpenAIError, ValueError):
            load = None
        self.limit = next_limit(self.limit, self.busy, load, self.most)


class Endpoints:
    """The servers of one model; a captions.calls.Model.

    Each request goes to the server with the fewest in flight. A dead server is left out and looked at until it is
    back; without any for `patience` seconds, `lost` holds the reason, and requests wait to be cancelled.
    """

    def __init__(self, binding: Binding, timeout: float, most: int, log: Log, patience: float | None = None) -> None:
        self.binding, self.log = binding, log
        self.patience = PATIENCE if patience is None else patience
        urls = [url.rstrip("/") for url in binding.endpoints]
        self.endpoints = [Endpoint(url, _client(url, timeout), most) for url in urls]
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._free = asyncio.Condition()
        self._last_up = time.monotonic()

    async def check(self) -> None:
        """Raises ServerLost where no server is there, or one serves other models than the one that is configured."""
        problems = await asyncio.gather(*map(self._problem, self.endpoints))
        if wrong := [why for endpoint, why in zip(self.endpoints, problems, strict=True) if why and endpoint.up]:
            raise ServerLost("; ".join(wrong))
        if not any(endpoint.up for endpoint in self.endpoints):
            raise ServerLost("; ".join(filter(None, problems)) or "no endpoint is given")
        for why in filter(None, problems):
            self.log(f"left out for now: {why}")

    async def ask(self, request: Request) -> Reply:
        """The reply. Raises CallFailed, and nothing else, when there is none."""
        why, disconnects, waits = "", 0, iter(BACKOFF)
        while disconnects < DISCONNECTS:
            async with self._least_busy() as endpoint:
                body = body_of(request, self.binding.model, self.binding.extra)
                try:
                    answer = await endpoint.client.post("/chat/completions", body=body, cast_to=httpx2.Response)
                    return reply_of(answer.json(), self.binding.model, self.binding.revision or None)
                except openai.APIConnectionError as error:
                    if _is_late(error):
                        raise CallFailed("timeout", f"no reply within {endpoint.client.timeout} s") from error
                    why, disconnects = await self._disconnected(endpoint, error), disconnects + 1
                    continue
                except openai.APIStatusError as error:
                    why = await self._judged(endpoint, error)
                except (ValueError, LookupError, TypeError, AttributeError) as error:
                    why = f"{endpoint.url}: a reply that makes no sense: {error!r}"
            if (wait := next(waits, None)) is None:
                break
            await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        raise CallFailed("server_error", why)

    async def watch(self) -> None:
        """Look at the servers for ever: which are up, and how many requests they can do with."""
        while True:
            await asyncio.gather(*(endpoint.look() for endpoint in self.endpoints))
            if any(endpoint.up for endpoint in self.endpoints):
                self._last_up = time.monotonic()
            if time.monotonic() - self._last_up > self.patience:
                self.lose("; ".join(endpoint.why for endpoint in self.endpoints))
            async with self._free:
                self._free.notify_all()
            await asyncio.sleep(POLL)

    def unwatched(self, watching: asyncio.Task[None]) -> None:
        """Give up when looking at the servers has failed: a dead one would never be taken back."""
        if not watching.cancelled() and (error := watching.exception()):
            self.lose(f"{self.binding.model}: its servers can't be watched: {error!r}")

    def lose(self, why: str) -> None:
        """Give up: the run can't go on."""
        if not self.lost.done():
            self.lost.set_exception(ServerLost(why))

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(endpoint.client.close() for endpoint in self.endpoints))

    async def _problem(self, endpoint: Endpoint) -> str:
        try:
            served = await endpoint.models()
        except openai.APIConnectionError as error:
            return await self._disconnected(endpoint, error)
        except (openai.OpenAIError, ValueError) as error:
            return _refusal(endpoint.url, error)
        if self.binding.model in served:
            return ""
        return f"{endpoint.url} serves {', '.join(served) or 'no model'}, not {self.binding.model}"

    async def _judged(self, endpoint: Endpoint, error: openai.APIStatusError) -> str:
        """Why another try may succeed. Raises CallFailed where none will, and never returns where no request will."""
        code, why = error.status_code, f"{endpoint.url}: {error.message[:LONGEST]}"
        if code in HINTS:
            self.lose(_refusal(endpoint.url, error))
            await asyncio.Future()
        if code in (400, 413, 422):
            raise CallFailed(status_of(error.message), error.message[:LONGEST]) from error
        if code == 429:
            endpoint.limit = max(1, endpoint.limit // 2)
        return why

    async def _disconnected(self, endpoint: Endpoint, error: openai.APIConnectionError) -> str:
        """Why a request was not answered. A server that doesn't tell its models either is down."""
        why = _refusal(endpoint.url, error)
        try:
            await endpoint.models()
        except openai.OpenAIError:
            if endpoint.up:
                self.log(why)
            endpoint.up, endpoint.why = False, why
        return why

    @asynccontextmanager
    async def _least_busy(self) -> AsyncIterator[Endpoint]:
        """The server to ask next, as soon as one is free."""
        async with self._free:
            await self._free.wait_for(self._ready)
            endpoint = min(self._ready(), key=lambda each: each.busy)
            endpoint.busy += 1
        try:
            yield endpoint
        finally:
            endpoint.busy -= 1
            async with self._free:
                self._free.notify()

    def _ready(self) -> Sequence[Endpoint]:
        return [each for each in self.endpoints if each.up and each.busy < each.limit]


def served(url: str) -> str:
    """The model that a server serves. Raises ServerLost where there is none, or more than one to choose from."""
    try:
        with openai.OpenAI(base_url=url, api_key=_key(), timeout=LOOK, max_retries=0) as client:
            names = [model.id for model in client.models.list()]
    except (openai.OpenAIError, ValueError) as error:
        raise ServerLost(_refusal(url, error)) from error
    if len(names) != 1:
        raise ServerLost(f"{url} serves {', '.join(names) or 'no model'}; say which with --model")
    return names[0]


def _key() -> str:
    return os.environ.get(API_KEY) or "none"


def _is_late(error: openai.APIConnectionError) -> bool:
    """Whether the reply did not come in time. A connection that did not come about is no late reply."""
    late, unconnected = httpx2.TimeoutException, httpx2.ConnectTimeout
    return isinstance(error.__cause__, late) and not isinstance(error.__cause__, unconnected)


def _refusal(url: str, error: Exception) -> str:
    """What a server's silence or refusal means, and what to do about it, in one line."""
    if isinstance(error, openai.APIConnectionError):
        return f"{url} doesn't answer ({str(_cause(error)) or type(_cause(error)).__name__})"
    if isinstance(error, openai.APIStatusError):
        hint = HINTS.get(error.status_code)
        return f"{url}: {error.message[:LONGEST]}{f'; {hint}' if hint else ''}"
    return f"{url}: not an OpenAI-compatible server: {str(error)[:LONGEST]}"


def _cause(error: openai.APIConnectionError) -> BaseException:
    """What the transport said."""
    inner = error.__cause__
    return (inner.__cause__ if inner else None) or inner or error


def _client(url: str, timeout: float) -> openai.AsyncOpenAI:
    """A client over aiohttp, which takes two thirds of the time that httpx takes for a request with a picture."""
    transport = openai.DefaultAioHttpClient()
    return openai.AsyncOpenAI(base_url=url, api_key=_key(), timeout=timeout, max_retries=0, http_client=transport)


@asynccontextmanager
async def endpoints(
    binding: Binding, timeout: float, most: int, log: Log, patience: float | None = None
) -> AsyncIterator[Endpoints]:
    """The checked servers of one model, watched for as long as the block runs."""
    model = Endpoints(binding, timeout, most, log, patience)
    watching: asyncio.Task[None] | None = None
    try:
        await model.check()
        watching = asyncio.create_task(model.watch())
        watching.add_done_callback(model.unwatched)
        yield model
    finally:
        if watching:
            watching.cancel()
        await model.close()
