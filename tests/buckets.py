"""A real S3 API on loopback, and a proxy before it that counts requests and makes some of them fail, by plan."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from moto.server import ThreadedMotoServer

from dataset_build.sources import s3

KEYS = {"AWS_ACCESS_KEY_ID": "a-key", "AWS_SECRET_ACCESS_KEY": "the-secret", "AWS_DEFAULT_REGION": "us-east-1"}


TRICKLE = 8000  # bytes in a tenth of a second


class Asked(NamedTuple):
    """A request that reached the proxy: GET /bucket/key, the range asked for, and the bytes of the answer."""

    line: str
    range: str | None
    bytes: int


Plan = Callable[[str, int], str | None]  # of a request and its number: 500, cut, drip, trickle, drop, whole or None


class Proxy:
    """Hands requests on to the store; `plan` says which fail, and how."""

    def __init__(self, host: str, port: int) -> None:
        self.store, self.asked, self.plan = (host, port), list[Asked](), lambda line, number: None
        self.plan: Plan
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.answer(self)

            def do_HEAD(self) -> None:
                proxy.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        with self.lock:
            fault = self.plan(f"{asked.command} {asked.path}", len(self.asked))
            self.asked.append(Asked(f"{asked.command} {asked.path}", asked.headers.get("Range"), 0))
            number = len(self.asked) - 1
        if fault == "drop":
            asked.close_connection = True
            return
        if fault and fault.isdigit():
            asked.send_response(int(fault))
            asked.send_header("Content-Length", "0")
            asked.end_headers()
            return
        if fault == "whole":
            del asked.headers["Range"]
        status, headers, body = self._from_store(asked)
        self.asked[number] = self.asked[number]._replace(bytes=len(body))
        asked.send_response(status)
        for name, value in headers:
            asked.send_header(name, value)
        asked.end_headers()
        if asked.command == "HEAD":
            return
        if fault in ("cut", "drip"):
            asked.wfile.write(body[: len(body) // 2])
            asked.wfile.flush()
            asked.close_connection = True
            if fault == "drip":
                time.sleep(2)  # longer than the silence that the test allows
            return
        for start in range(0, len(body), TRICKLE) if fault == "trickle" else ():
            asked.wfile.write(body[start : start + TRICKLE])
            time.sleep(0.1)
        asked.wfile.write(b"" if fault == "trickle" else body)

    def _from_store(self, asked: BaseHTTPRequestHandler) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(*self.store, timeout=30)
        try:
            connection.request(asked.command, asked.path, headers=dict(asked.headers.items()))
            answer = connection.getresponse()
            body = answer.read()
            skipped = ("connection", "date", "server", "transfer-encoding")
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in skipped]
            return answer.status, kept, body
        finally:
            connection.close()


class Store:
    """A store with its proxy; `put` goes past the proxy and isn't counted."""

    def __init__(self, proxy: Proxy, client: Any) -> None:
        self.proxy, self.client, self.url, self.buckets = proxy, client, proxy.url, 0

    def bucket(self) -> str:
        """A new bucket's name."""
        self.buckets += 1
        name = f"bucket-{self.buckets}"
        self.client.create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=data)

    @contextmanager
    def asked(self, plan: Plan = lambda line, number: None) -> Iterator[list[Asked]]:
        """The requests that reach the proxy in the block, whose faults come by plan; numbers begin at 0."""
        self.proxy.asked, self.proxy.plan = [], plan
        try:
            yield self.proxy.asked
        finally:
            self.proxy.plan = lambda line, number: None


@contextmanager
def running_store() -> Iterator[Store]:
    """A store for as long as the block runs; the environment leads to its proxy."""
    import pytest
    from botocore.session import Session
    from werkzeug.serving import WSGIRequestHandler

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "log", lambda *args: None)
        for name, value in KEYS.items():
            patch.setenv(name, value)
        server.start()
        host, port = server.get_host_and_port()
        client = Session().create_client("s3", endpoint_url=f"http://{host}:{port}")
        proxy = Proxy(host, port)
        threading.Thread(target=proxy.server.serve_forever, daemon=True).start()
        patch.setenv("AWS_ENDPOINT_URL", proxy.url)
        s3._client_of.cache_clear()
        try:
            yield Store(proxy, client)
        finally:
            proxy.server.shutdown()
            proxy.server.server_close()
            server.stop()
            s3._client_of.cache_clear()
