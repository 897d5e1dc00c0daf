"""Atomic files, deterministic Parquet, locks."""

import multiprocessing
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources import storage
from resources.storage import LakeBusy, lock, publishing, read_json, write_json, write_parquet

SCHEMA = pa.schema([("n", pa.int64())])


def batches(*sizes: int) -> list[pa.RecordBatch]:
    numbers = iter(range(sum(sizes)))
    return [pa.RecordBatch.from_pylist([{"n": next(numbers)} for _ in range(size)], SCHEMA) for size in sizes]


def test_a_file_that_fails_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"), publishing(tmp_path / "a.json") as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_fails_keeps_the_one_before(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1})
    with pytest.raises(ValueError, match="stop"), publishing(tmp_path / "a.json") as temporary:
        temporary.write_text("half")
        raise ValueError("stop")
    assert read_json(tmp_path / "a.json") == {"x": 1}


def test_json_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") is None


def test_the_same_rows_give_the_same_bytes_however_they_are_batched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ROW_GROUP", 4)
    assert write_parquet(tmp_path / "a", batches(9), SCHEMA) == 9
    assert write_parquet(tmp_path / "b", batches(1, 5, 0, 3), SCHEMA) == 9
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert pq.read_table(tmp_path / "a").column("n").to_pylist() == list(range(9))
    groups = pq.read_metadata(tmp_path / "a")
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [4, 4, 1]


def test_a_row_group_is_no_larger_than_an_array_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LARGEST", 10_000)
    whole = pa.table({"texts": [[str(n), "x" * 1_000] for n in range(40)]})
    for size in (7, 40):
        write_parquet(tmp_path / str(size), whole.to_batches(size), whole.schema)
    assert (tmp_path / "7").read_bytes() == (tmp_path / "40").read_bytes()
    assert pq.read_table(tmp_path / "7").equals(whole)
    groups = pq.read_metadata(tmp_path / "7")
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [5] * 8


def test_pages_of_long_texts_end_at_the_same_rows_however_they_are_batched(tmp_path: Path) -> None:
    texts = [sha256(str(n).encode()).hexdigest() for n in range(40_000)]  # several pages
    whole = pa.table({"text": texts})
    files = [tmp_path / str(size) for size in (7_000, 9_999, 40_000)]
    for file in files:
        write_parquet(file, whole.to_batches(int(file.name)), whole.schema)
    assert len({file.read_bytes() for file in files}) == 1
    assert pq.read_table(files[0]).column("text").to_pylist() == texts


def test_no_rows_give_an_empty_file_with_the_schema(tmp_path: Path) -> None:
    assert write_parquet(tmp_path / "a", [], SCHEMA) == 0
    assert pq.read_table(tmp_path / "a").schema == SCHEMA


def _hold(path: Path, held: object, release: object) -> None:
    with lock(path, "testing"):
        held.set()
        release.wait(30)


def test_a_lock_names_the_process_that_holds_it_and_ends_with_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "lock", held, release))
    holder.start()
    assert held.wait(30)
    with (
        pytest.raises(LakeBusy, match=rf"in use by process {holder.pid} \(testing\) since 2"),
        lock(tmp_path / "lock", ""),
    ):
        pass
    holder.kill()
    holder.join()
    with lock(tmp_path / "lock", "after"):
        pass
