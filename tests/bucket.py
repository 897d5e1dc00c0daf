"""A real S3 API on loopback (moto), and lakes that lie there."""

import logging
import multiprocessing
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

import pytest

from dataset_build.locations import is_remote, locate

IN_BUCKETS = os.environ.get("DATASET_BUILD_TEST_LAKE") == "s3"  # the lakes of all tests, not of tests/s3 alone
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTTESTTEST",
    "AWS_SECRET_ACCESS_KEY": "a+secret/with'signs",
    "AWS_REGION": "eu-west-3",
}


@contextmanager
def s3_server(scratch: Path) -> Iterator[str]:
    """The address of a server that starts empty, and the environment of its client."""
    context = multiprocessing.get_context("spawn")  # apart, so that it answers while DuckDB holds this interpreter
    here, there = context.Pipe()
    server = context.Process(target=_serve, args=[there], daemon=True)
    server.start()
    url = here.recv()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
            patch.setenv(name, value)
        patch.setenv("DATASET_BUILD_SCRATCH", str(scratch))
        yield url
    server.kill()
    server.join()


def _serve(there: Connection) -> None:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    there.send(f"http://{host}:{port}")
    threading.Event().wait()


def new_bucket() -> str:
    """The name of a bucket that was just made."""
    import boto3

    name = f"lakes-{uuid4().hex[:12]}"
    place = {"LocationConstraint": KEYS["AWS_REGION"]}
    boto3.client("s3", region_name=KEYS["AWS_REGION"]).create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return name


def lake_at(folder: Path) -> Path:
    """Where a test's lake lies: in `folder`, or under its name in the bucket of all tests."""
    return locate(f"s3://{os.environ['DATASET_BUILD_TEST_BUCKET']}{folder}") if IN_BUCKETS else folder


def copied(lake: Path, folder: Path) -> Path:
    """A copy of a lake, at lake_at(folder)."""
    if not is_remote(lake):
        return Path(shutil.copytree(lake, folder))
    copy = lake_at(folder)
    lake.fs.copy(lake.path, copy.path, recursive=True)
    return copy
