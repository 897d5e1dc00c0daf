"""Locks in buckets: one holder at a time, named to others, and none for ever."""

import json
from pathlib import Path

import pytest

from dataset_build.buckets import BucketPath, Overwritten
from dataset_build.fingerprint import Fingerprint
from dataset_build.schemas import DUPLICATES
from resources import lease
from resources.lease import LakeBusy, LeaseLost
from resources.pieces import Piece
from resources.storage import lock, write_json


def held(file: BucketPath, renewals: int = 1) -> None:
    state = {"holder": "process 7 (building) on host b", "machine": "b", "token": "t", "renewals": renewals}
    file.write_bytes(json.dumps(state).encode())


def test_another_machine_is_told_who_holds_it(bucket: BucketPath) -> None:
    held(bucket / ".lock")
    said = r"a lake is in use by process 7 \(building\) on host b; if that is dead, its lease ends in \d+ s"
    with pytest.raises(LakeBusy, match=said), lock(bucket / ".lock", "testing"):
        pass


def test_this_machine_is_told_too(bucket: BucketPath) -> None:
    with (
        lock(bucket / ".lock", "building"),
        pytest.raises(LakeBusy, match=r"a lake is in use by process \d+ \(building\)"),
        lock(bucket / ".lock", "testing"),
    ):
        pass


def test_it_is_free_after_the_block(bucket: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    for machine in ("a", "b"):
        monkeypatch.setattr(lease, "_machine", lambda machine=machine: machine)
        with lock(bucket / ".lock", "testing"):
            assert json.loads((bucket / ".lock").read_bytes())["machine"] == machine
    assert json.loads((bucket / ".lock").read_bytes())["holder"] is None


def test_what_this_machine_held_and_nobody_holds_is_free_at_once(bucket: BucketPath) -> None:
    with lock(bucket / ".lock", "testing"):
        killed = (bucket / ".lock").read_bytes()
    (bucket / ".lock").write_bytes(killed)
    with lock(bucket / ".lock", "after"):
        assert "(after)" in json.loads((bucket / ".lock").read_bytes())["holder"]


def test_one_that_has_expired_is_taken_over(bucket: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    held(bucket / ".lock")
    monkeypatch.setattr(lease, "SECONDS", -1.0)
    with lock(bucket / ".lock", "after"):
        assert "(after)" in json.loads((bucket / ".lock").read_bytes())["holder"]


def test_of_two_that_take_it_over_one_does(bucket: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    held(bucket / ".lock")
    monkeypatch.setattr(lease, "SECONDS", -1.0)
    seen: list[str] = []

    def renewed_meanwhile(path: BucketPath) -> str:
        seen.append(free(path))
        held(path, renewals=len(seen) + 1)
        return seen[-1]

    free = lease._free
    monkeypatch.setattr(lease, "_free", renewed_meanwhile)
    with pytest.raises(LakeBusy, match="another process, which came first"), lock(bucket / ".lock", "after"):
        pass
    assert len(set(seen)) == 3


def test_it_is_renewed_while_it_is_held(bucket: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWED", 0.01)
    with lock(bucket / ".lock", "testing"):
        (mine,) = lease._held.values()
        first = mine.until
        while mine.renewals < 3:
            mine.check()
        assert mine.until > first
    assert json.loads((bucket / ".lock").read_bytes())["renewals"] >= 3


def test_who_has_lost_it_writes_no_more(bucket: BucketPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWED", 0.01)
    with lock(bucket / ".lock", "testing"):
        write_json(bucket / "a/manifest.json", 1)
        (mine,) = lease._held.values()
        held(bucket / ".lock")
        while mine.until:
            pass
        with pytest.raises(LeaseLost, match="has ended; run the same command again"):
            write_json(bucket / "a/manifest.json", 2)
        write_json(bucket.parent / "another lake.json", 2)
    assert (bucket / "a/manifest.json").read_text() == "1\n"
    assert json.loads((bucket / ".lock").read_bytes())["machine"] == "b"


def test_a_manifest_is_not_written_over_one_that_was_not_read(bucket: BucketPath) -> None:
    piece = Piece(bucket / "piece", DUPLICATES, Fingerprint({"code": "1"}))
    piece.replace([], {}, {})

    def rows() -> object:
        Piece(bucket / "piece", DUPLICATES, Fingerprint({"code": "1"})).replace([], {"by": "another"}, {})
        yield from ()

    with pytest.raises(Overwritten, match="was written by another process"):
        piece.append(rows(), {"by": "me"}, {})  # type: ignore[arg-type]
    assert piece.manifest is not None
    assert piece.manifest["inputs"] == {"by": "another"}


def test_scratch_names_the_machine_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASET_BUILD_SCRATCH", str(tmp_path))
    assert lease._machine() == lease._machine()
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]
