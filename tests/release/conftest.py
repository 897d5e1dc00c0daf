"""A planted release: eight occurrences of six images, of which two are kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.release.card import card
from dataset_build.release.database import write_database
from dataset_build.release.manifest import content, files_of, seal, stages
from dataset_build.release.reader import Release
from dataset_build.schemas import RELEASE_TABLES

KEPT, IN_TAR, NEAR, SMALL, BROKEN, OLD = ("ca" * 32, "fa" * 32, "ca" + "b0" * 31, "50" * 32, "b6" * 32, "01" * 32)

Rows = list[dict[str, Any]]
MakeRelease = Callable[..., Release]


def place(uri: str, member: str | None = None, drop: str = "scrape") -> dict[str, Any]:
    return {"drop": drop, "uri": uri, "member": member}


def failure(stage: str, reason: str, value: float | None = None, threshold: float | None = None) -> dict[str, Any]:
    return {"stage": stage, "reason": reason, "value": value, "threshold": threshold}


def image(image_id: str, caption: str, **values: Any) -> dict[str, Any]:
    facts = {"format": "JPEG", "width": 640, "height": 480, "sharpness": 33.125, "file_bytes": 34201}
    made = {"caption": caption, "caption_recipe": "compose", "caption_model": "compose"}
    words = {"tags": ["tabby", "cat"], "tag_string": "tabby cat", "license": "CC BY 4.0"}
    return {
        "image_id": image_id,
        "pixel_hash": image_id[:32],
        "source": "scrape",
        "duplicates": 0,
        **facts,
        **made,
        **words,
        **values,
    }


def reject(where: dict[str, Any], image_id: str | None, *failures: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**where, "source": "scrape", "image_id": image_id, **failures[0], "failures": list(failures), **values}


def caption(caption_id: str, image_id: str, text: str | None, **values: Any) -> dict[str, Any]:
    made = {"recipe": "compose", "variant": "plain", "model": "compose", "fingerprint": "f1", "n": 0}
    status = "empty" if text is None else "ok"
    return {"caption_id": caption_id, "image_id": image_id, "caption": text, "status": status, **made, **values}


def lineage(image_id: str, occurrences: Rows, *failures: dict[str, Any], **values: Any) -> dict[str, Any]:
    row = {"image_id": image_id, "kept": False, "occurrences": occurrences, "failures": list(failures), "merged": []}
    return {**row, **values}


SIZE, BLUR = failure("size", "too_small", 64, 200), failure("blur", "blurred", 3.14159, 8)
TRUNCATED, NEAR_DUPLICATE = failure("broken", "truncated"), failure("duplicate", "near_duplicate", 12, 48)
JUDGED = [
    {"stage": stage, "verdict": verdict}
    for stage, verdict in (("source", "passed"), ("size", "rejected"), ("text", "not_judged"), ("blur", "rejected"))
]
PLANTED: dict[str, Rows] = {
    "images": [
        image(KEPT, "A tabby cat.", **place("cats/a.jpg"), duplicates=1),
        image(IN_TAR, "A red\u202e fish | <b>bold</b>", **place("shards/0.tar", "0001.jpg"), tags=[], tag_string=""),
    ],
    "captions": [
        caption("c1", KEPT, "A tabby cat."),
        caption("c2", KEPT, "Ein Kater.", recipe="dense", model="vlm", model_revision="r1", prompt_hash="9" * 64),
        caption("c3", KEPT, None, recipe="dense", variant="short", model="vlm"),
        caption("c4", IN_TAR, "A red\u202e fish | <b>bold</b>"),
    ],
    "tags": [
        {"image_id": KEPT, "tag": "tabby", "category": "species", "rank": 0},
        {"image_id": KEPT, "tag": "cat", "category": "general", "rank": 1},
    ],
    "rejects": [
        reject(place("cats/copy.jpg"), KEPT, failure("duplicate", "same_bytes", 0), duplicate_of=KEPT),
        reject(place("cats/near.jpg"), NEAR, NEAR_DUPLICATE, duplicate_of=KEPT),
        reject(place("cats/small.jpg"), SMALL, SIZE, BLUR),
        reject(place("dogs/a.jpg"), BROKEN, TRUNCATED, detail="3 bytes are missing"),
        reject(place("notes/lonely.txt"), None, failure("source", "not_an_image"), detail="no image beside it"),
        reject(place("shards/0.tar"), OLD, failure("source", "replaced")),
    ],
    "lineage": [
        lineage(KEPT, [place("cats/a.jpg"), place("cats/copy.jpg")], kept=True, merged=[NEAR], caption_id="c1"),
        lineage(IN_TAR, [place("shards/0.tar", "0001.jpg")], kept=True, caption_id="c4"),
        lineage(NEAR, [place("cats/near.jpg")], NEAR_DUPLICATE, duplicate_of=KEPT, duplicate_distance=12),
        lineage(SMALL, [place("cats/small.jpg")], SIZE, BLUR, verdicts=JUDGED, override="reject", by_hand="no good"),
        lineage(BROKEN, [place("dogs/a.jpg")], TRUNCATED),
        lineage(OLD, [place("shards/0.tar")]),
    ],
}


@pytest.fixture
def ids() -> dict[str, str]:
    return {"kept": KEPT, "in_tar": IN_TAR, "near": NEAR, "small": SMALL, "broken": BROKEN, "old": OLD}


@pytest.fixture(scope="session")
def write_tables() -> Callable[..., Path]:
    """Write the planted tables, or others given by name, as the Parquet files of `folder`."""

    def write(folder: Path, **tables: Rows) -> Path:
        folder.mkdir(parents=True)
        for table in RELEASE_TABLES:
            rows = tables.get(table.name, PLANTED[table.name])
            key = [(column, "ascending") for column in table.key]
            columns = {f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in table.schema}
            pq.write_table(pa.table(columns, table.schema).sort_by(key), folder / f"{table.name}.parquet")
        return folder

    return write


@pytest.fixture(scope="session")
def manifest_of() -> Callable[..., dict[str, Any]]:
    """The manifest of the tables in a folder."""

    def manifest(folder: Path, sequence: int = 1, **values: Any) -> dict[str, Any]:
        files = files_of(folder)
        rejects = pq.read_table(folder / "rejects.parquet")
        drop = {"name": "scrape", "source": "scrape", "sequence": 1, "files": 8, "bytes": 99, "data_version": "d0"}
        return {
            "version": folder.name,
            "sequence": sequence,
            "parent": None,
            "notes": "",
            "created_at": "2026-01-02T03:04:05+00:00",
            "content": content(files),
            "files": files,
            "stages": stages(rejects, rejects.num_rows + files["images.parquet"]["rows"]),
            "drops": [{**drop, "registered_at": "2026-01-02T03:04:04+00:00", "run_id": "run-7"}],
            "failed_drops": [],
            "fingerprints": {},
            "config": {"rules": {"min_side": 200}},
            "code": {"version": "0.1.0", "git_commit": None, "packages": {}},
            "run_id": "run-8",
            **values,
        }

    return manifest


@pytest.fixture(scope="session")
def publish(write_tables: Callable[..., Path], manifest_of: Callable[..., dict[str, Any]]) -> Callable[..., Release]:
    """Make a complete release in a folder and open it."""

    def make(folder: Path, sequence: int = 1, **tables: Rows) -> Release:
        write_tables(folder, **tables)
        manifest = manifest_of(folder, sequence)
        images = pq.read_table(folder / "images.parquet")
        (folder / "README.md").write_text(card(manifest, images["license"], images.to_pylist()), "utf-8")
        write_database(folder, manifest)
        seal(folder, {**manifest, "files": files_of(folder)})
        return Release(folder)

    return make


@pytest.fixture
def make_release(tmp_path: Path, publish: Callable[..., Release]) -> MakeRelease:
    """Make releases in the lake tmp_path/lake: make_release(version, sequence, **tables)."""

    def make(version: str = "1", sequence: int = 1, **tables: Rows) -> Release:
        return publish(tmp_path / "lake" / "releases" / version, sequence, **tables)

    return make


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory, publish: Callable[..., Release]) -> Path:
    """The folder of a release that no test changes."""
    return publish(tmp_path_factory.mktemp("planted") / "1").folder


@pytest.fixture
def release(planted: Path) -> Iterator[Release]:
    with Release(planted) as opened:
        yield opened
