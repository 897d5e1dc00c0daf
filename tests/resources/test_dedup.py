"""Pairs and stars in the lake: whatever comes and goes, they are those of a lake that holds what is left."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dataset_build.config import Config, Duplicates
from dataset_build.dedup import hamming
from dataset_build.locations import scratch
from dataset_build.schemas import IMAGE_FACTS, LISTING, OCCURRENCES, TAGS
from resources import hash_index
from resources.dedup import update_duplicates, update_pairs
from resources.lake import Lake
from resources.pieces import Piece
from resources.storage import read_json, write_json
from tests.bucket import lake_at

Rows = list[dict[str, Any]]


@pytest.fixture
def scrape(tmp_path: Path) -> Path:
    root = tmp_path / "scrape"
    root.mkdir()
    (root / "nothing.txt").touch()
    return root


def images(seed: int, count: int) -> Rows:
    """Facts of images in clusters: equal pixels, near hashes, and doubtful ones with looks that agree or not."""
    rng = random.Random(seed)
    rows: Rows = []
    for number in range(count):
        base = dict(rng.choice(rows)) if rows and rng.random() < 0.8 else unlike(rng)
        kind = rng.choice(["pixels", "near", "doubtful", "doubtful", "other"])
        if kind != "pixels":
            most = {"near": 40, "doubtful": 62, "other": 128}[kind]
            base |= hashed(flipped(base["hash_whole"], rng, rng.randrange(most)), rng)
            agrees = kind == "near" or (kind == "doubtful" and rng.random() < 0.5)
            base["look"] = noisy(base["look"], rng) if agrees else look(rng)
            base["pixel_hash"] = f"pixels {number}"
        base |= {"width": rng.randint(200, 900), "image_id": f"{rng.getrandbits(64):016x}"}
        rows.append(base)
    return rows


def unlike(rng: random.Random) -> dict[str, Any]:
    return {
        "status": "ok", "file_bytes": 1000, "height": 300, "sharpness": 100.0, "hash_informative": True,
        "look": look(rng), "pixel_hash": f"{rng.random()}", **hashed(rng.randbytes(32), rng),
    }  # fmt: skip


def hashed(view: bytes, rng: random.Random) -> dict[str, Any]:
    return {"hash_whole": view, "hash_inside": view, "hash_trimmed": view, "hash_crops": rng.randbytes(96)}


def flipped(view: bytes, rng: random.Random, count: int) -> bytes:
    bits = int.from_bytes(view)
    for bit in rng.sample(range(256), count):
        bits ^= 1 << bit
    return bits.to_bytes(32)


def look(rng: random.Random) -> bytes:
    """Tiles of 8 × 8 grey levels, without colour."""
    levels = [[rng.randrange(20, 220) for _ in range(4)] for _ in range(4)]
    return bytes(levels[y // 8][x // 8] for y in range(32) for x in range(32)) + bytes([128] * 512)


def noisy(seen: bytes, rng: random.Random) -> bytes:
    return bytes(min(255, level + rng.randrange(8)) for level in seen[:1024]) + seen[1024:]


def arrive(lake: Lake, scrape: Path, name: str, rows: Rows) -> str:
    """Register a drop that holds these images, as if they had been read."""
    (scrape / name).mkdir(exist_ok=True)
    (scrape / name / "image.png").write_text(name)
    source = lake.drops.add_source(scrape)
    drop = next(drop.name for drop in lake.drops.discover(source) if drop.group == name)
    places = [
        {
            "drop": drop,
            "uri": f"{name}/{row['image_id']}",
            "image_id": row["image_id"],
            "status": "ok",
            "source": source,
        }
        for row in rows
    ]
    for table, planted in ((LISTING, []), (IMAGE_FACTS, rows), (OCCURRENCES, places), (TAGS, [])):
        lake.piece(table.name, drop).replace([pa.RecordBatch.from_pylist(planted, table.schema)], {}, {})
    return drop


def take_down(lake: Lake, drop: str, images: set[str]) -> None:
    """Some images of a drop are found there no more."""
    piece = lake.piece("occurrences", drop)
    places = pa.Table.from_batches(list(piece.batches()))
    gone = pc.is_in(places["image_id"], pa.array(sorted(images), pa.string()))
    piece.replace(places.filter(pc.invert(gone)).to_batches(), {}, {})


def grouped(lake: Lake) -> Rows:
    lake.derive("image_verdicts")
    update_pairs(lake)
    return [row for batch in update_duplicates(lake).batches() for row in batch.to_pylist()]


def judged(lake: Lake) -> dict[str, int]:
    relations = [row["relation"] for row in lake.table("judged_pairs").to_pylist()]
    return {relation: relations.count(relation) for relation in set(relations)}


@pytest.mark.parametrize("seed", range(6))
def test_incremental_equals_full_whatever_arrives_and_leaves(
    seed: int, scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    if seed % 3:
        monkeypatch.setattr(hamming, "SORTED_FROM", 30)
        monkeypatch.setattr(hamming, "BRUTE_FORCE_PAIRS", 50)
    monkeypatch.setattr(hash_index, "FANOUT", rng.choice([0.2, 1, 4]))
    config = Config(duplicates=Duplicates(dihedral=seed % 2 == 0, variants="merge" if seed > 2 else "keep"))
    rows = images(seed, 60)
    names = [f"drop{number}" for number in range(5)]
    contents = {name: rows[number::5] for number, name in enumerate(names)}
    lake = Lake(lake_at(tmp_path / "lake"), config)
    drops: dict[str, str] = {}
    down = {row["image_id"] for row in rng.sample(rows, 12)}
    for name in rng.sample(names, len(names)):
        drops[name] = arrive(lake, scrape, name, contents[name])
        happens = rng.choice(["search", "remove", "take down", "lose the index", "nothing"])
        if happens == "remove":
            lake.drops.remove(drops[rng.choice(list(drops))])
        elif happens == "take down":
            take_down(lake, drops[name], down)
        elif happens == "lose the index":
            shutil.rmtree(index_of(lake), ignore_errors=True)
        if happens != "nothing":
            grouped(lake)
    gone = set(rng.sample(names, 2))
    for name, drop in drops.items():
        (lake.drops.remove if name in gone else lake.drops.restore)(drop)
        take_down(lake, drop, down)

    other = tmp_path / "other"
    other.mkdir()
    full = Lake(lake_at(tmp_path / "full"), config)
    left = [row for name in names if name not in gone for row in contents[name] if row["image_id"] not in down]
    arrive(full, other, "all", left)
    assert grouped(lake) == grouped(full) != []
    assert judged(full).keys() >= {"duplicate", "unlike"}


def index_of(lake: Lake) -> Path:
    return scratch(lake.piece("duplicate_pairs").folder / "index")


def in_three_drops(root: Path, scrape: Path, rows: Rows) -> Lake:
    """A lake whose third drop isn't searched yet."""
    lake = Lake(root, Config())
    for number in range(3):
        arrive(lake, scrape, f"drop{number}", rows[number::3])
        if number < 2:
            update_pairs(lake)
    return lake


def test_an_update_reads_new_facts_only(scrape: Path, tmp_path: Path) -> None:
    rows = images(1, 40)
    lake = in_three_drops(lake_at(tmp_path / "lake"), scrape, rows)
    for drop in lake.drops.all()[:2]:
        for part in lake.piece("image_facts", drop.name).parts():
            part.write_bytes(b"")
    (root := tmp_path / "other").mkdir()
    full = Lake(lake_at(tmp_path / "full"), Config())
    arrive(full, root, "all", rows)
    pairs, at_once = (
        [row for batch in update_pairs(each).batches() for row in batch.to_pylist()] for each in (lake, full)
    )
    assert len(pairs) == len(at_once) > 30


def damages() -> list[Callable[[Path], object]]:
    """Ways in which an index is lost, in part or wholly."""

    def older(folder: Path) -> None:
        manifest = read_json(folder / "manifest.json")
        write_json(folder / "manifest.json", manifest | {"drops": dict.fromkeys(manifest["drops"], "older")})

    def cut(pattern: str) -> Callable[[Path], object]:
        return lambda folder: [os.truncate(path, path.stat().st_size // 2) for path in folder.glob(pattern)]

    def unlink(pattern: str) -> Callable[[Path], object]:
        return lambda folder: [path.unlink() for path in folder.glob(pattern)]

    return [shutil.rmtree, older, unlink("*/ids.npy"), unlink("looks-*"), cut("*/views_hashes.npy"), cut("looks-*")]


@pytest.mark.parametrize("damage", damages())
def test_an_index_that_is_lost_or_of_other_facts_is_made_anew(
    damage: Callable[[Path], object], scrape: Path, tmp_path: Path
) -> None:
    rows = images(2, 40)
    whole, damaged = (in_three_drops(tmp_path / name, scrape, rows) for name in ("whole", "damaged"))
    damage(index_of(damaged))
    assert grouped(damaged) == grouped(whole) != []
    listed = read_json(index_of(damaged) / "manifest.json")
    names = {path.name for path in index_of(damaged).iterdir()}
    assert names == {"manifest.json", *listed["segments"], *(name for name, _ in listed["looks"])}
    assert len(listed["drops"]) == 3


def test_a_search_that_fails_leaves_pairs_and_index_as_they_were(
    scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = images(3, 40)
    whole, broken = (in_three_drops(tmp_path / name, scrape, rows) for name in ("whole", "broken"))
    with monkeypatch.context() as patch:
        patch.setattr("resources.dedup.second_looks", None)
        with pytest.raises(TypeError):
            update_pairs(broken)
    assert len(read_json(index_of(broken) / "manifest.json")["drops"]) == 2
    assert grouped(broken) == grouped(whole) != []


def test_segments_shrink_so_that_there_are_few(scrape: Path, tmp_path: Path) -> None:
    lake, rows = Lake(lake_at(tmp_path / "lake"), Config()), images(4, 60)
    for number, (first, stop) in enumerate(pairwise([0, 30, 34, 34, 35, 36, 37, 45, 46, 60])):
        arrive(lake, scrape, f"drop{number}", rows[first:stop])
        update_pairs(lake)
        sizes = [len(np.load(path)) for path in sorted(index_of(lake).glob("*/ids.npy"))]
        assert sum(sizes) == stop
        assert 0 not in sizes
        assert all(hash_index.FANOUT * small < large for large, small in pairwise(sizes))


def test_new_thresholds_search_and_look_at_nothing(
    scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(lake_at(tmp_path / "lake"), Config())
    arrive(lake, scrape, "drop", images(0, 40))
    before = grouped(lake)
    monkeypatch.setattr("resources.dedup.near_pairs", None)
    monkeypatch.setattr("resources.dedup.second_looks", None)
    for settings in (Duplicates(radius=20, confirm=2), Duplicates(confirm=2), Duplicates(redrawn=1)):
        assert grouped(Lake(lake_at(tmp_path / "lake"), Config(duplicates=settings))) != before


def test_looks_are_read_in_parts(scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(lake_at(tmp_path / "lake"), Config())
    arrive(lake, scrape, "drop", images(0, 40))
    at_once = [batch.to_pylist() for batch in update_pairs(lake).batches()]
    monkeypatch.setattr("resources.dedup.LOOKS_AT_ONCE", 7)
    again = Lake(lake_at(tmp_path / "again"), Config())
    arrive(again, scrape, "drop", images(0, 40))
    assert [batch.to_pylist() for batch in update_pairs(again).batches()] == at_once
    measured = [row["correlation"] for batch in at_once for row in batch if row["method"] == "hash"]
    assert len(measured) > 14
    assert None not in measured


def test_pairs_that_another_process_has_added_meanwhile_are_not_added_again(
    scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, writing = in_three_drops(lake_at(tmp_path / "lake"), scrape, images(1, 30)), Lake.writing

    @contextmanager
    def after_another(self: Lake, piece: Piece) -> Iterator[None]:
        monkeypatch.setattr(Lake, "writing", writing)
        assert update_pairs(Lake(lake.root, Config())).rows > before
        with writing(self, piece):
            yield

    before = lake.piece("duplicate_pairs").rows
    monkeypatch.setattr(Lake, "writing", after_another)
    found = [row for batch in update_pairs(lake).batches() for row in batch.to_pylist()]
    pairs = [(row["image_id_a"], row["image_id_b"], row["method"]) for row in found]
    assert len(set(pairs)) == len(pairs) > before
