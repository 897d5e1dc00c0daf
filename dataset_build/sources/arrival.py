"""Which groups of files have arrived whole: a drop that is still being copied is left for later."""

import pyarrow as pa
import pyarrow.compute as pc

from dataset_build.config import Arrival
from dataset_build.sources.names import split


def arrived(found: pa.Table, arrival: Arrival, now: int) -> pa.Table:
    """The rows of a scan that belong to groups which are complete, marker files apart; `now` in ns since 1970.

    A group is complete when its marker is there, or when none of its files has changed for the quiet time. Where
    neither is asked for, every group is.
    """
    if not arrival.marker and not arrival.quiet:
        return found
    marks = pa.array([split(path)[1] == arrival.marker for path in found["path"].to_pylist()], pa.bool_())
    marked = found.filter(marks)["group"]
    files = found.filter(pc.invert(marks))
    newest = files.group_by("group").aggregate([("modified", "max")])
    quiet = newest.filter(pc.less_equal(newest["modified_max"], now - int(arrival.quiet * 1e9)))["group"]
    complete = pa.chunked_array([*marked.chunks, *(quiet.chunks if arrival.quiet else [])], pa.string())
    return files.filter(pc.is_in(files["group"], complete))
