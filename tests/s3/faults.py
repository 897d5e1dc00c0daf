"""A proxy on loopback between a client and its S3 server, which spoils some requests by a plan drawn from a seed."""

import http.client
import multiprocessing
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

FAULTS = ("error", "slow", "cut", "lost")
SLOW = 1.6  # seconds that a slow reply takes, which is more than the client of the tests waits
ERROR = b"<Error><Code>ServiceUnavailable</Code><Message>try again</Message></Error>"
Plan = Callable[[], str | None]


def seeded(seed: int, share: float) -> Plan:
    """Spoil this share of the requests, each in one of four ways: 503 in place of an answer; an answer that comes too
    late; one that is cut off in the middle; and one that never comes though the server did what was asked."""
    chance, lock = random.Random(seed), threading.Lock()

    def plan() -> str | None:
        with lock:
            return chance.choice(FAULTS) if chance.random() < share else None

    return plan


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on to the server at `url`, and spoils what the plan says."""

    protocol_version = "HTTP/1.1"

    def __init__(self, url: str, plan: Plan, seen: Counter[str], *connection: Any) -> None:
        self.url, self.plan, self.seen = url.removeprefix("http://"), plan, seen
        super().__init__(*connection)

    def pass_on(self) -> None:
        body, fault = self.rfile.read(int(self.headers.get("Content-Length") or 0)), self.plan()
        self.seen[fault or "whole"] += 1
        if fault == "away":
            self.cut()
            return
        if fault == "error":
            self.answer(503, {"Content-Type": "application/xml"}, ERROR)
            return
        status, headers, found = self.asked(body)
        if fault == "slow":
            time.sleep(SLOW)
        if fault == "lost":
            self.cut()
        elif fault == "cut" and found:
            self.answer(status, headers, found, found[: len(found) // 2])
            self.cut()
        else:
            self.answer(status, headers, found)

    def asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        server = http.client.HTTPConnection(self.url, timeout=30)
        try:
            server.request(self.command, self.path, body, dict(self.headers.items()))
            reply = server.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            server.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes, sent: bytes | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        size = str(len(body))
        self.send_header("Content-Length", headers.get("content-length", size) if self.command == "HEAD" else size)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if sent is None else sent)

    def cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
    setattr(Proxy, f"do_{method}", Proxy.pass_on)


class Server(ThreadingHTTPServer):
    """Each connection in a thread, which ends with the tests."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that waits no longer is no error here."""


@contextmanager
def spoiling(url: str, plan: Plan) -> Iterator[tuple[str, Counter[str]]]:
    """The address of a proxy before `url`, and how many requests it has spoilt in which way."""
    seen: Counter[str] = Counter()
    server = Server(("127.0.0.1", 0), partial(Proxy, url, plan, seen))
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def spoiling_apart(url: str, seed: int, share: float) -> Iterator[tuple[str, Callable[[], Counter[str]]]]:
    """The same by a plan drawn from a seed, in a process of its own: DuckDB may hold this one while it waits."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    proxy = context.Process(target=_spoil, args=[url, seed, share, there], daemon=True)
    proxy.start()

    def seen() -> Counter[str]:
        here.send("seen")
        return Counter(here.recv())

    try:
        yield here.recv(), seen
    finally:
        proxy.kill()
        proxy.join()


def _spoil(url: str, seed: int, share: float, there: Connection) -> None:
    with spoiling(url, seeded(seed, share)) as (address, seen):
        there.send(address)
        while there.recv():
            there.send(dict(seen))
