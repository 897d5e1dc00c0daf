"""A small OpenAI-compatible server on this machine that answers, waits or fails as it is told."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send


@dataclass
class Answer:
    """What a request gets. Status 0 drops the connection; `body` replaces the whole reply."""

    text: str = "A red hat."
    status: int = 200
    delay: float = 0.0
    body: dict[str, Any] | None = None


class Dropped(Response):
    """A reply that ends in the middle, with its connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})


@dataclass
class StandIn:
    """The server's behaviour, and what it has seen. `answer` gets each body and its number, from 0.

    Where it has a key, it refuses to tell its models without it.
    """

    model: str = "stand-in"
    answer: Callable[[dict[str, Any], int], Answer] = lambda body, number: Answer()
    capacity: int = 1_000
    key: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    running: int = 0
    waiting: int = 0
    most: int = 0  # requests at one time
    dead: bool = False  # every connection is dropped
    url: str = ""

    async def models(self, request: Request) -> Response:
        if self.dead:
            return Dropped()
        if self.key and request.headers["authorization"] != f"Bearer {self.key}":
            return JSONResponse({"error": {"message": "Unauthorized"}}, 401)
        return JSONResponse({"object": "list", "data": [{"id": self.model, "object": "model"}]})

    async def metrics(self, request: Request) -> Response:
        values = {"num_requests_running": self.running, "num_requests_waiting": self.waiting, "kv_cache_usage_perc": 0}
        return PlainTextResponse("".join(f'vllm:{k}{{engine="0"}} {float(v)}\n' for k, v in values.items()))

    async def health(self, request: Request) -> Response:
        return Response()

    async def chat(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.headers.append(dict(request.headers))
        self.bodies.append(body)
        answer = self.answer(body, len(self.bodies) - 1)
        self.waiting += 1
        self.most = max(self.most, self.waiting + self.running)
        async with self._slots:
            self.waiting, self.running = self.waiting - 1, self.running + 1
            try:
                await asyncio.sleep(answer.delay)
            finally:
                self.running -= 1
        if answer.status == 0 or self.dead:
            return Dropped()
        if answer.status != 200:
            return JSONResponse({"error": {"message": answer.text, "code": answer.status}}, answer.status)
        reply = json.dumps(answer.body or completion([answer.text] * body["n"]))  # in ASCII, as JSON allows
        return Response(reply, media_type="application/json")

    def app(self) -> Starlette:
        self._slots = asyncio.Semaphore(self.capacity)
        return Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/metrics", self.metrics),
                Route("/health", self.health),
            ]
        )


def completion(texts: list[str], finish: str = "stop") -> dict[str, Any]:
    """The body of a chat completion."""
    choices = [
        {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        for index, text in enumerate(texts)
    ]
    return {"choices": choices, "usage": {"prompt_tokens": 10, "completion_tokens": 4 * len(texts)}}


@contextmanager
def serving(stand_in: StandIn, port: int = 0) -> Iterator[StandIn]:
    """The server at `stand_in.url`, in a thread, for as long as the block runs."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    stand_in.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    config = uvicorn.Config(stand_in.app(), log_level="critical", timeout_graceful_shutdown=0, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield stand_in
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
