"""Which groups have arrived whole: by their marker, by being left alone, or at once."""

import pyarrow as pa

from dataset_build.config import Arrival
from dataset_build.sources.arrival import arrived
from dataset_build.sources.scan import SCAN

SECOND = 10**9
NOW = 1_000 * SECOND
FILES = [
    ("done/_SUCCESS", 990, "done"), ("done/a.jpg", 999, "done"),
    ("old/b.jpg", 100, "old"), ("old/c.jpg", 940, "old"),
    ("new/d.jpg", 100, "new"), ("new/e.jpg", 941, "new"),
]  # fmt: skip


def groups(arrival: Arrival) -> list[str]:
    rows = [{"path": path, "size": 1, "modified": second * SECOND, "group": group} for path, second, group in FILES]
    found = arrived(pa.Table.from_pylist(rows, SCAN), arrival, NOW)
    assert "done/_SUCCESS" not in found["path"].to_pylist() or not arrival.marker
    return found["group"].unique().to_pylist()


def test_without_settings_everything_is_there_at_once() -> None:
    assert groups(Arrival()) == ["done", "old", "new"]


def test_a_marker_says_that_a_folder_is_complete() -> None:
    assert groups(Arrival(marker="_SUCCESS")) == ["done"]


def test_a_folder_is_complete_when_its_newest_file_has_been_left_alone() -> None:
    assert groups(Arrival(quiet=60)) == ["old"]


def test_either_will_do() -> None:
    assert groups(Arrival(marker="_SUCCESS", quiet=60)) == ["done", "old"]


def test_an_empty_source() -> None:
    assert arrived(SCAN.empty_table(), Arrival(quiet=60), NOW).num_rows == 0
