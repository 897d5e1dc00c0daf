"""The one pass over the bytes: listed places in, occurrences and image facts out."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build import watchdog
from dataset_build.config import ImageLimits
from dataset_build.images.again import DIED
from dataset_build.images.facts import measure, warm_up
from dataset_build.schemas import IMAGE_FACTS, OCCURRENCES
from dataset_build.sources.files import check_root
from dataset_build.sources.read import Read, read

VERSION = "1"
RESULT = OCCURRENCES.schema.append(pa.field("facts", pa.struct(list(IMAGE_FACTS.schema))))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Judged = dict[str, tuple[object, object]]  # status and reason by image id


@dataclass(frozen=True)
class Place:
    """Where a drop's files lie, and under which names its occurrences are recorded."""

    drop: str
    source: str
    root: Path


def set_up(limits: ImageLimits) -> None:
    """Prepare a worker process."""
    watchdog.arm(limits.timeout)
    warm_up()


def ingest(rows: pa.RecordBatch, place: Place, limits: ImageLimits) -> pa.RecordBatch:
    """Read and measure each place of schemas.LISTING; one row of RESULT each, in order.

    An image that stands several times in the batch is measured once. Bad input gets a status, never an error;
    RunError is raised where the whole source went away.
    """
    judged: Judged = {}
    results = []
    reads = read(place.root, rows, limits)
    for listed in rows.to_pylist():
        with watchdog.limited():
            results.append(_row(listed, next(reads), place, limits, judged))
    check_root(place.root)
    return pa.RecordBatch.from_pylist(results, RESULT)


def failed(row: pa.RecordBatch, status: str, place: Place) -> pa.RecordBatch:
    """The answer for a place over which a worker process died; its bytes are not touched again."""
    listed = row.to_pylist()[0]
    return pa.RecordBatch.from_pylist([{**_identity(listed, place), "status": status, "reason": DIED[status]}], RESULT)


def occurrences_of(result: pa.RecordBatch) -> pa.RecordBatch:
    """The occurrences in a batch of RESULT."""
    return result.drop_columns(["facts"])


def facts_of(result: pa.RecordBatch) -> pa.RecordBatch:
    """The image facts in a batch of RESULT: a row for each image measured."""
    facts = result.column("facts")
    return pa.RecordBatch.from_struct_array(facts.filter(facts.is_valid()))


def _row(listed: dict[str, Any], found: Read, place: Place, limits: ImageLimits, judged: Judged) -> dict[str, Any]:
    row = {
        **_identity(listed, place),
        **found.texts._asdict(),
        "status": found.status,
        "reason": found.reason,
    }
    if not found.data:
        return row
    image_id = hashlib.sha256(found.data).hexdigest()
    row |= {"image_id": image_id, "file_bytes": len(found.data)}
    if image_id not in judged:
        facts = measure(found.data, limits)
        judged[image_id] = (facts["status"], facts["reason"])
        row["facts"] = {"image_id": image_id, **facts}
    status, reason = judged[image_id]
    return {**row, "status": status, "reason": reason}


def _identity(listed: dict[str, Any], place: Place) -> dict[str, Any]:
    modified = listed["modified"]
    return {
        "drop": place.drop,
        "source": place.source,
        "uri": listed["uri"],
        "member": listed["member"],
        "file_bytes": listed["size"],
        "modified": None if modified is None else EPOCH + timedelta(microseconds=modified // 1000),
    }
