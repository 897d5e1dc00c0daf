"""Work for engines to do, good and bad, that workers can import."""

import os
import time
from pathlib import Path

import pyarrow as pa

from dataset_build import watchdog
from dataset_build.captions.calls import View

SCHEMA = pa.schema([("n", pa.int64()), ("status", pa.string())])


def batch(*numbers: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"n": n, "status": None} for n in numbers], SCHEMA)


def square(rows: pa.RecordBatch) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"n": n * n, "status": "ok"} for n in rows.column("n").to_pylist()], SCHEMA)


def harmful(rows: pa.RecordBatch) -> pa.RecordBatch:
    """13 ends the process, 17 never returns, 19 has no memory."""
    for n in rows.column("n").to_pylist():
        with watchdog.limited():
            if n == 13:
                os.abort()
            if n == 19:
                raise MemoryError
            while n == 17:
                time.sleep(0.01)
    return square(rows)


def broken(rows: pa.RecordBatch) -> pa.RecordBatch:
    raise ZeroDivisionError("a mistake in the code")


def failed(row: pa.RecordBatch, status: str) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"n": row.column("n")[0].as_py(), "status": status}], SCHEMA)


def nothing() -> None:
    pass


def dies_once(file: Path) -> None:
    """The setup of a worker that dies before it has any work, the first time."""
    if not file.exists():
        file.touch()
        os.abort()


def dies() -> None:
    os.abort()


def ends_with_its_process(file: Path, view: View, *_: object) -> bytes:
    """A picture whose worker is killed the first time, or each time where the view is a part."""
    if view.box or not file.exists():
        file.touch()
        os.abort()
    return b"a picture"
