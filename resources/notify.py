"""Word of what failed, to the log or to an address."""

import json
import logging
import os
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from dataset_build.config import Nightly
from dataset_build.errors import UserError

ADDRESS = "DATASET_BUILD_WEBHOOK"  # may hold a secret, so that it is read from the environment only
TIMEOUT = 10  # seconds

Notifier = Callable[[Mapping[str, Any]], None]


def notifier(config: Nightly) -> Notifier:
    """Tells of a failed run: a mapping of job, partition, run_id and reason.

    The address is looked up when there is something to tell, since most commands tell nothing.
    """
    return to_log if config.notify == "log" else lambda notice: to_webhook(address(), notice)


def address() -> str:
    """Where to post. Raises UserError when the environment names none."""
    found = os.environ.get(ADDRESS, "")
    if not found.startswith(("https://", "http://")):
        raise UserError(f'nightly.notify = "webhook", but {ADDRESS} holds no http address')
    return found


def to_log(notice: Mapping[str, Any]) -> None:
    """Write one line to the log of the process."""
    logging.getLogger("dataset_build").error("failed: %s", json.dumps(notice, ensure_ascii=False))


def to_webhook(url: str, notice: Mapping[str, Any]) -> None:
    """POST the notice as JSON; `text` says it in words, as chat servers expect. Raises OSError."""
    where = f"{notice['job']} {notice['partition'] or ''}".strip()
    body = json.dumps({"text": f"{where} failed: {notice['reason']}", **notice}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:  # noqa: S310
        reply.read(1)
