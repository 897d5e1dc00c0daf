"""Pairs and stars in the lake: whatever comes and goes, they are those of a lake that holds what is left."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.config import Config, Duplicates
from dataset_build.schemas import IMAGE_FACTS, LISTING, OCCURRENCES, TAGS
from resources.dedup import update_duplicates, update_pairs
from resources.lake import Lake

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
    return {"hash_whole": view, "hash_inside": view, "hash_trimmed": view, "hash_crops": rng.randbytes(64)}


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


def grouped(lake: Lake) -> Rows:
    lake.derive("image_verdicts")
    update_pairs(lake)
    return [row for batch in update_duplicates(lake).batches() for row in batch.to_pylist()]


def judged(lake: Lake) -> dict[str, int]:
    relations = [row["relation"] for row in lake.table("judged_pairs").to_pylist()]
    return {relation: relations.count(relation) for relation in set(relations)}


@pytest.mark.parametrize("seed", range(4))
def test_incremental_equals_full_whatever_arrives_and_leaves(seed: int, scrape: Path, tmp_path: Path) -> None:
    rng = random.Random(seed)
    config = Config(duplicates=Duplicates(dihedral=seed % 2 == 0, variants="merge" if seed > 1 else "keep"))
    rows = images(seed, 60)
    names = [f"drop{number}" for number in range(5)]
    contents = {name: rows[number::5] for number, name in enumerate(names)}
    lake = Lake(tmp_path / "lake", config)
    drops: dict[str, str] = {}
    for name in rng.sample(names, len(names)):
        drops[name] = arrive(lake, scrape, name, contents[name])
        grouped(lake)
        if rng.random() < 0.5:
            lake.drops.remove(drops[rng.choice(list(drops))])
            grouped(lake)
    gone = set(rng.sample(names, 2))
    for name, drop in drops.items():
        (lake.drops.remove if name in gone else lake.drops.restore)(drop)

    other = tmp_path / "other"
    other.mkdir()
    full = Lake(tmp_path / "full", config)
    arrive(full, other, "all", [row for name in names if name not in gone for row in contents[name]])
    assert grouped(lake) == grouped(full) != []
    assert judged(full).keys() >= {"duplicate", "unlike"}


def test_new_thresholds_search_and_look_at_nothing(
    scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path / "lake", Config())
    arrive(lake, scrape, "drop", images(0, 40))
    before = grouped(lake)
    monkeypatch.setattr("resources.dedup.near_pairs", None)
    monkeypatch.setattr("resources.dedup.second_looks", None)
    for settings in (Duplicates(radius=20, confirm=2), Duplicates(confirm=2), Duplicates(redrawn=1)):
        assert grouped(Lake(tmp_path / "lake", Config(duplicates=settings))) != before


def test_looks_are_read_in_parts(scrape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path / "lake", Config())
    arrive(lake, scrape, "drop", images(0, 40))
    at_once = [batch.to_pylist() for batch in update_pairs(lake).batches()]
    monkeypatch.setattr("resources.dedup.LOOKS_AT_ONCE", 7)
    again = Lake(tmp_path / "again", Config())
    arrive(again, scrape, "drop", images(0, 40))
    assert [batch.to_pylist() for batch in update_pairs(again).batches()] == at_once
    measured = [row["correlation"] for batch in at_once for row in batch if row["method"] == "hash"]
    assert len(measured) > 14
    assert None not in measured
