"""Requests to a bucket: lists of keys and ranges of bytes, tried again after what passes, with errors in plain words.

No message holds a secret; whose fault a failure is, the object's or the bucket's, is found out by asking for a list.
"""

import os
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from dataset_build.errors import RunError, UserError
from dataset_build.locations import SCHEME
from dataset_build.sources.uris import UnansweredError, UnreadableError

ATTEMPTS = 5  # at a request, and at its body; AWS_MAX_ATTEMPTS says otherwise
SILENCE = 30  # seconds without a byte, after which an attempt is given up
SLOWEST = 100_000  # bytes a second; an attempt that is slower, after the silence allowed, is given up
CONNECTIONS = 16  # at once, of a process
CHUNK = 2**14  # bytes read between two looks at the clock
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
EMPTY = ("416", "InvalidRange")
GONE = ("vanished", "it is not there any more")
CHANGED = ("unreadable", "it changed while it was read")
ABOUT_OBJECTS = {
    "404": GONE,
    "NoSuchKey": GONE,
    "412": CHANGED,
    "PreconditionFailed": CHANGED,
    "InvalidObjectState": ("unreadable", "it lies in cold storage: restore it first"),
}
NO_BUCKET = "there is no such bucket: look at its name and at AWS_ENDPOINT_URL"
DENIED = "access denied: the credentials need s3:ListBucket on the bucket and s3:GetObject on what lies in it"
BAD_KEYS = "wrong credentials: look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE"
NO_KEYS = "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
NO_ANSWER = "no answer: look at the network and at AWS_ENDPOINT_URL, and run it again"
ABOUT_BUCKETS = {
    **dict.fromkeys(("NoSuchBucket", "404"), NO_BUCKET),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "403"), DENIED),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"), BAD_KEYS),
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), NO_KEYS),
    **dict.fromkeys(
        ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"), NO_ANSWER
    ),
}


class BucketError(RunError):
    """The bucket isn't there, can't be read, or doesn't answer; the message names it and what to do."""


class Prefix(NamedTuple):
    """A bucket, and how the keys in question begin: nothing, or a prefix with its slash."""

    bucket: str
    start: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.start}".rstrip("/")


class Part(NamedTuple):
    """Some bytes of an object, where they begin in it, and what the bucket says about the whole of it."""

    data: bytes
    start: int
    size: int
    modified: int
    etag: str

    @property
    def end(self) -> int:
        """Where they end."""
        return self.start + len(self.data)


def prefix_of(root: Path) -> Prefix:
    """The bucket and the beginning of the keys under a root. Raises UserError."""
    name, _, start = str(root).removeprefix(SCHEME).partition("/")
    start = start.strip("/")
    if not BUCKET.fullmatch(name):
        raise UserError(f"a bucket is written {SCHEME}bucket/prefix; keys are taken from the environment")
    if start and not {"", ".", ".."}.isdisjoint(start.split("/")):
        raise UserError(f"{SCHEME}{name}: its prefix must have no empty part, and none that is '.' or '..'")
    return Prefix(name, f"{start}/" if start else "")


def modified(answer: Any) -> int:
    """The modification time of an object, ns since 1970.

    A bucket tells whole seconds. The digits below them are made from the ETag: another object of the same size is
    noticed even when it was put there within the same second.
    """
    when: datetime = answer["LastModified"]
    digits = int.from_bytes(sha256(answer["ETag"].strip('"').encode()).digest()[:8], "big") % 10**9
    return int(when.timestamp()) * 10**9 + digits


def pages(place: Prefix, **options: Any) -> Iterator[dict[str, Any]]:
    """The answers of a list under a prefix, page by page. Raises BucketError."""
    with _told(place):
        lister = _client().get_paginator("list_objects_v2")
        yield from lister.paginate(Bucket=place.bucket, Prefix=place.start, **options)


def get(place: Prefix, key: str, start: int, length: int, etag: str | None = None) -> Part:
    """Bytes of an object, the one with that ETag if it is given; `start` below zero counts from its end.

    A body that is cut off, or too slow, is gone on with where it ended, as long as the object is the same.
    Raises UnreadableError for what is the object's fault, BucketError else.
    """
    try:
        return _get(place, key, start, length, etag)
    except _errors() as error:
        raise _fault(place, error) from None


def any_object(place: Prefix) -> bool:
    """Whether there is any object under the prefix. Raises BucketError."""
    return any(page.get("Contents") for page in pages(place, PaginationConfig={"PageSize": 1, "MaxItems": 1}))


def _get(place: Prefix, key: str, start: int, length: int, etag: str | None) -> Part:
    part, failures = None, 0
    while True:
        match = {"IfMatch": etag} if etag else {}
        span = f"bytes={start}" if start < 0 else f"bytes={start}-{start + length - 1}"
        try:
            answer = _client().get_object(Bucket=place.bucket, Key=key, Range=span, **match)
        except _errors() as error:
            if _code(error) in EMPTY and not part:
                return _head(place, key)
            raise
        begun = _begun(answer, start)
        part, etag = part or begun, begun.etag
        end = min(part.start + len(part.data) + length, part.size)
        data, problem = _body(answer["Body"], end - part.end)
        part = part._replace(data=part.data + data)
        if problem is None:
            return part
        failures += 1
        if failures == _attempts():
            raise problem
        time.sleep(random.uniform(0.1, 0.2) * 2**failures)  # noqa: S311 - spreads what many workers try again
        start, length = part.end, end - part.end


def _begun(answer: Any, start: int) -> Part:
    """The part that an answer begins, without its bytes."""
    said = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.get("ContentRange", ""))
    first, size = (int(said[1]), int(said[2])) if said else (0, int(answer["ContentLength"]))
    if first != (start if start >= 0 else max(0, size + start)):
        raise UnreadableError("unreadable", "the bucket gives other bytes than it was asked for")
    return Part(b"", first, size, modified(answer), answer["ETag"])


def _head(place: Prefix, key: str) -> Part:
    answer = _client().head_object(Bucket=place.bucket, Key=key)
    return Part(b"", 0, int(answer["ContentLength"]), modified(answer), answer["ETag"])


def _body(stream: Any, length: int) -> tuple[bytes, Exception | None]:
    """So many bytes of an answer; or those that came, and what ended them."""
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError

    data, until = bytearray(), time.monotonic() + SILENCE + length / SLOWEST
    try:
        while len(data) < length:
            chunk = stream.read(min(CHUNK, length - len(data)))
            if not chunk:
                raise IncompleteReadError(actual_bytes=len(data), expected_bytes=length)
            data += chunk
            if time.monotonic() > until:
                raise ReadTimeoutError(endpoint_url="the bucket")
    except _errors() as error:
        return bytes(data), error
    finally:
        stream.close()
    return bytes(data), None


def _client() -> Any:
    """The client of this process: its connections must not be shared with a process that was forked from it."""
    return _client_of(os.getpid())


@lru_cache(maxsize=1)
def _client_of(process: int) -> Any:
    from botocore.config import Config
    from botocore.session import Session

    own_store = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    settings = Config(
        connect_timeout=10,
        read_timeout=SILENCE,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": _attempts()},
        s3={"addressing_style": "path" if own_store else "auto"},  # bucket.host is rarely a name where host isn't AWS
    )
    try:
        return Session().create_client("s3", config=settings)
    except ValueError as error:
        raise UserError(f"AWS_ENDPOINT_URL: {error}") from None


def _attempts() -> int:
    said = os.environ.get("AWS_MAX_ATTEMPTS", "")
    return int(said) if said.isdigit() and int(said) else ATTEMPTS


def _errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    return BotoCoreError, ClientError, HTTPError, OSError


def _answer(error: Exception) -> dict[str, Any]:
    """What S3 said, if it is S3's error."""
    return getattr(error, "response", None) or {}


def _code(error: Exception) -> str:
    """What S3 calls an error; of one that isn't S3's, its type."""
    return str(_answer(error).get("Error", {}).get("Code") or type(error).__name__)


def _fault(place: Prefix, error: Exception) -> UnreadableError:
    """Why an object can't be read. Raises BucketError where the bucket itself can't be."""
    code = _code(error)
    if code in ABOUT_OBJECTS:
        return UnreadableError(*ABOUT_OBJECTS[code])
    any_object(place)
    status = _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if status < 500:
        return UnreadableError("unreadable", f"the bucket says {code}")
    return UnansweredError("unreadable", f"the bucket doesn't give it: {code}, {_attempts()} times")


@contextmanager
def _told(place: Prefix) -> Iterator[None]:
    try:
        yield
    except _errors() as error:
        code = _code(error)
        fix = ABOUT_BUCKETS.get(code, f"can't be listed ({code}): look at the network and the store, and run it again")
        raise BucketError(f"{place}: {fix}") from None
