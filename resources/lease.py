"""Locks in a bucket, where nothing ends with a process: a lease that its holder renews, and that others take over."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from dataset_build.errors import RunError
from dataset_build.locations import scratch_root

if TYPE_CHECKING:
    from dataset_build.buckets import BucketPath

SECONDS = 60.0  # that a lease lasts unless it is renewed
RENEWED = 15.0  # seconds between renewals
MARGIN = 3.0  # seconds by which a holder gives up before others may take over; S3 tells time in whole seconds

_held: dict[str, "Lease"] = {}


class LakeBusy(RunError):
    """Another process is writing to the lake; the message says which."""


class LeaseLost(RunError):
    """This process could not renew its lease in time; what it was writing has not become visible."""


@dataclass
class Lease:
    """A lease that this process holds on the folder in which `path` lies."""

    path: "BucketPath"
    holder: str
    stamp: str = ""
    until: float = 0.0
    renewals: int = 0
    token: str = field(default_factory=lambda: uuid4().hex)
    _one_at_a_time: Lock = field(default_factory=Lock)

    def take(self, stamp: str) -> None:
        """Write it over what `stamp` tells, empty for nothing. Raises Overwritten where somebody else was faster."""
        with self._one_at_a_time:
            asked = _clock()
            self.stamp = self.path.write_after(self._text(self.holder), stamp)
            self.until = asked + SECONDS - MARGIN
            self.renewals += 1

    def check(self) -> None:
        """Raise LeaseLost unless nobody else can have taken it over."""
        if _clock() >= self.until:
            raise LeaseLost(f"{self.path.parent}: the lease of {self.holder} has ended; run the same command again")

    def keep(self, over: Event) -> None:
        """Renew it until it is over, or lost."""
        from dataset_build.buckets import UNREACHABLE, Overwritten

        while not over.wait(RENEWED):
            try:
                self.take(self.stamp)
            except Overwritten:
                self.until = 0.0
                return
            except UNREACHABLE:
                continue  # the connection may come back in time

    def end(self) -> None:
        """Leave it to others. Where that fails, it ends by itself."""
        from dataset_build.buckets import UNREACHABLE, Overwritten

        with suppress(Overwritten, *UNREACHABLE):
            self.path.write_after(self._text(None), self.stamp)

    def _text(self, holder: str | None) -> bytes:
        state = {"holder": holder, "machine": _machine(), "token": self.token, "renewals": self.renewals}
        return json.dumps(state).encode()


@contextmanager
def leased(path: Path, holder: str) -> Iterator[None]:
    """Hold the lease at `path` for as long as the block runs. The caller has a lock of this machine besides, so that
    a lease of this machine has no holder any more. Raises LakeBusy, naming the holder.
    """
    lease, over = _taken(cast("BucketPath", path), holder), Event()
    renewing = Thread(target=lease.keep, args=[over], name=f"lease {path}", daemon=True)
    renewing.start()
    _held[str(path)] = lease
    try:
        yield
    finally:
        del _held[str(path)]
        over.set()
        renewing.join()
        lease.end()


def check_leases(path: Path) -> None:
    """Raise LeaseLost where `path` lies in a folder whose lease this process has lost."""
    for lease in list(_held.values()):
        if str(path).startswith(f"{lease.path.parent}/"):
            lease.check()


def _taken(path: "BucketPath", holder: str) -> Lease:
    from dataset_build.buckets import Overwritten

    lease = Lease(path, holder)
    for _ in range(3):
        with suppress(Overwritten):
            lease.take(_free(path))
            return lease
    raise LakeBusy(f"{path.parent} is in use by another process, which came first")


def _free(path: "BucketPath") -> str:
    """The stamp of a lease that nobody holds, empty where there is none. Raises LakeBusy."""
    try:
        data, stamp, age = path.read_stamped()
    except FileNotFoundError:
        return ""
    if not data:  # the lock of a lake that was copied from a folder
        return stamp
    state: dict[str, Any] = json.loads(data)
    if state["holder"] is None or state["machine"] == _machine() or age > SECONDS:
        return stamp
    left = max(1, round(SECONDS - age))
    raise LakeBusy(f"{path.parent} is in use by {state['holder']}; if that is dead, its lease ends in {left} s")


def _machine() -> str:
    """What tells this machine, and its scratch, from others."""
    file = scratch_root() / "machine"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        new = file.with_name(f".machine.{os.getpid()}")
        new.write_text(uuid4().hex, "utf-8")
        with suppress(FileExistsError):
            file.hardlink_to(new)
        new.unlink()
    return f"{socket.gethostname()} {file.read_text('utf-8')}"


def _clock() -> float:
    """Seconds that go on while the machine sleeps, where its system can tell."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
