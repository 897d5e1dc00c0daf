"""Per-image work over many units: what is done stays done, and an interrupted run goes on where it stopped."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from resources.engine import BatchFunction, Engine
from resources.pieces import Piece
from resources.storage import write_parquet

Split = Callable[[pa.RecordBatch], pa.RecordBatch]
Progress = Callable[[int, int], None]
Log = Callable[[str], None]


def unit_rows(rows: int) -> int:
    """Rows in a unit of work: at least 16 units when there is enough to do, none above 256 rows."""
    return max(16, min(256, rows // 16))


def run_units(
    engine: Engine,
    work: BatchFunction,
    listing: pq.ParquetFile,
    targets: Sequence[tuple[Piece, Split]],
    *,
    setup: Callable[[], None],
    failed: Callable[[pa.RecordBatch, str], pa.RecordBatch],
    progress: Progress,
) -> None:
    """Map `work` over the rows of `listing`, and write each finished unit's share into each of the pieces.

    The last piece's unit is written last, and tells that a unit is done.
    """
    total, size = listing.metadata.num_rows, unit_rows(listing.metadata.num_rows)
    last, _ = targets[-1]
    ready = {int(unit.stem) for unit in last.units()}
    finished = sum(min(size, total - number * size) for number in ready)
    progress(finished, total)
    units = (unit for unit in enumerate(listing.iter_batches(batch_size=size)) if unit[0] not in ready)
    for number, result in engine.run(work, units, setup=setup, failed=failed):
        for piece, split in targets:
            write_parquet(piece.unit(number), [split(result)], piece.table.schema)
        finished += result.num_rows
        progress(finished, total)
