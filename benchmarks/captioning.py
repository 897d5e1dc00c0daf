"""How near the client of a caption server comes to what the server can do, and what it could do itself.

A stand-in answers after a fixed time, so many requests at once, in a process of its own. Run it as
`python -m benchmarks.captioning [--images 3000]`. Exit status 1 when a bar is missed.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg

from benchmarks.decode_once import photo
from benchmarks.ingest import megabytes, tree
from dataset_build.build import build
from dataset_build.config import Config

SIDE = 512  # pixels
LATENCY, CAPACITY = 0.2, 16  # seconds a request, requests at once: 80 requests/s
EFFICIENCY_BAR, MEMORY_BAR = 0.95, 700
REPLY = {
    "choices": [{"index": 0, "message": {"content": "A red hat lies on a wooden table."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
}


class StandIn:
    """An ASGI application that reads each request whole and answers after `latency`, `capacity` at a time."""

    def __init__(self, latency: float, capacity: int) -> None:
        self.latency, self.slots = latency, asyncio.Semaphore(capacity)
        self.running = self.waiting = self.requests = self.bytes = 0
        self.first = self.last = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        answer = getattr(self, scope["path"].rsplit("/", 1)[-1])
        data = (await answer(receive)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": data})

    async def completions(self, receive: Any) -> str:
        """A caption."""
        self.first = self.first or time.monotonic()
        more = True
        while more:
            message = await receive()
            self.bytes += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.waiting += 1
        async with self.slots:
            self.waiting, self.running = self.waiting - 1, self.running + 1
            await asyncio.sleep(self.latency)
            self.running -= 1
        self.requests, self.last = self.requests + 1, time.monotonic()
        return json.dumps(REPLY)

    async def models(self, receive: Any) -> str:
        """What is served."""
        return json.dumps({"object": "list", "data": [{"id": "stand-in", "object": "model"}]})

    async def metrics(self, receive: Any) -> str:
        """The load, as vLLM tells it."""
        load = {"num_requests_running": self.running, "num_requests_waiting": self.waiting, "kv_cache_usage_perc": 0}
        return "".join(f"vllm:{name} {value}\n" for name, value in load.items())

    async def seen(self, receive: Any) -> str:
        """What has been asked, and at what cost here."""
        seconds = self.last - self.first
        return json.dumps(
            {"requests": self.requests, "seconds": seconds, "cpu": time.process_time(), "bytes": self.bytes}
        )


@contextmanager
def serving(latency: float, capacity: int) -> Iterator[str]:
    """The address of a stand-in in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.captioning", "--serve", str(latency), str(capacity)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def serve(latency: float, capacity: int) -> None:
    """Be the stand-in; print the address once it listens."""
    import socket

    import uvicorn

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(StandIn(latency, capacity), log_level="critical", lifespan="off", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])


def write_images(folder: Path, count: int) -> None:
    """JPEG files of SIDE pixels, cut at random out of larger pictures."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    sheets = [simplejpeg.decode_jpeg(photo(2400, 1800, 95, 8.0, seed)) for seed in range(12)]
    for number in range(count):
        sheet = sheets[number % len(sheets)]
        y, x = (int(random.integers(side - SIDE)) for side in sheet.shape[:2])
        tile = np.ascontiguousarray(sheet[y : y + SIDE, x : x + SIDE])
        (folder / f"{number:06}.jpg").write_bytes(simplejpeg.encode_jpeg(tile, 90))


def cpu_seconds(root: int) -> float:
    """Seconds of CPU that a process and its descendants have taken."""
    total = 0
    for pid in tree(root):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def caption(lake: Path, url: str, profile: Path | None) -> tuple[float, float, float]:
    """Seconds, peak megabytes and seconds of CPU of one run on the command line, over images without captions."""
    python = [sys.executable, *(["-m", "cProfile", "-o", str(profile)] if profile else [])]
    command = [str(Path(sys.executable).with_name("dataset-build")), "caption", "--recipe", "single_pass"]
    started, peak, cpu = time.perf_counter(), 0.0, 0.0
    process = subprocess.Popen(
        [*python, *command, "--endpoint", f"{url}/v1", "--lake", str(lake)], stdout=subprocess.DEVNULL, cwd=lake
    )
    while process.poll() is None:
        peak, cpu = max(peak, megabytes(process.pid)), max(cpu, cpu_seconds(process.pid))
        time.sleep(0.5)
    return time.perf_counter() - started, peak, cpu


def measured(name: str, lake: Path, latency: float, capacity: int, profile: Path | None) -> tuple[float, float]:
    """Print requests a second and megabytes of one run; return them."""
    for made in (*lake.glob("journal/*"), *lake.glob("tables/captions/*/*")):
        made.unlink()
    with serving(latency, capacity) as url:
        seconds, peak, cpu = caption(lake, url, profile)
        with urllib.request.urlopen(f"{url}/seen") as answer:
            seen = json.load(answer)
    rate = seen["requests"] / seen["seconds"]
    print(f"{name}: {seen['requests']:,} requests of {seen['bytes'] / seen['requests'] / 1000:.0f} kB, {rate:.1f}/s")
    print(f"  {seen['seconds']:.1f} s from the first request to the last reply, the whole command {seconds:.1f} s")
    print(f"  client: peak {peak:.0f} MB, {cpu / seen['requests'] * 1000:.1f} ms of CPU an image")
    print(f"  stand-in: {seen['cpu']:.1f} s of CPU; load {os.getloadavg()[0]:.1f}")
    return rate, peak


def main() -> None:
    """Build a lake, then caption it twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--serve", nargs=2, type=float, metavar=("LATENCY", "CAPACITY"))
    parser.add_argument("--lake", type=Path, help="a lake of an earlier run, kept")
    parser.add_argument("--profile", type=Path, help="where cProfile writes what the client spends its time on")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve[0], int(arguments.serve[1]))
        return
    os.environ.pop("DAGSTER_HOME", None)
    with tempfile.TemporaryDirectory() as scratch:
        lake = arguments.lake or Path(scratch) / "lake"
        if not lake.exists():
            write_images(lake.parent / "scrape", arguments.images)
            alone = {"radius": 0, "widest_radius": 0, "confirm": 2}
            build(lake, Config.model_validate({"duplicates": alone}), [lake.parent / "scrape"])
        os.chdir(lake)
        (lake / "dataset.toml").write_text("[duplicates]\nradius = 0\nwidest_radius = 0\nconfirm = 2\n")
        most = CAPACITY / LATENCY
        rate, peak = measured("fixed latency", lake, LATENCY, CAPACITY, None)
        print(f"  {rate / most:.1%} of {most:.0f}/s (bar {EFFICIENCY_BAR:.0%}), memory bar {MEMORY_BAR} MB")
        measured("no latency", lake, 0.0, 1000, arguments.profile)
    sys.exit(0 if rate >= EFFICIENCY_BAR * most and peak < MEMORY_BAR else 1)


if __name__ == "__main__":
    main()
