"""Write a release beside the others, check it, and only then give it its name."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from dataset_build import schemas
from dataset_build.errors import UserError
from dataset_build.queries import load_query
from dataset_build.release.card import card
from dataset_build.release.database import write_database
from dataset_build.release.manifest import STAGES, code, content, files_of, seal, stages
from dataset_build.release.reader import check_version, releases
from dataset_build.text.models import why_off
from resources.lake import Lake
from resources.storage import lock, write_parquet

INPUTS = ("drops", "occurrences", "image_facts", "text_regions", "captions")
CHECKS = ("no_duplicate", "caption", "counts")


class ReleaseExists(UserError):
    """That version has been released; releases never change."""


@dataclass(frozen=True)
class Staged:
    """A release that has been written and not yet published."""

    folder: Path
    manifest: dict[str, Any]
    problems: dict[str, list[dict[str, Any]]]
    twin: str | None


def stage(lake: Lake, version: str) -> Staged:
    """Write a release into a hidden folder. `problems` lists by check what is wrong with it; `twin` is an earlier
    release of the same content."""
    check_version(version)
    earlier = releases(lake.root)
    if version in {manifest["version"] for manifest in earlier}:
        raise ReleaseExists(f"release {version!r} exists and never changes; choose another version")
    folder = lake.root / "releases" / f".staging-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    with lock(lake.root / "releases" / ".lock", f"writing release {version}"):
        for table in schemas.RELEASE_TABLES:
            write_parquet(folder / f"{table.name}.parquet", lake.query(f"release_{table.name}"), table.schema)
        manifest = _manifest(lake, version, folder, earlier)
        write_database(folder, manifest)
        described = pq.read_table(folder / "images.parquet", columns=["image_id", "caption", "license"])
        (folder / "README.md").write_text(card(manifest, described), "utf-8")
        manifest["files"] = files_of(folder)
        twins = [old["version"] for old in earlier if old["content"] == manifest["content"]]
        return Staged(folder, manifest, run_checks(lake, folder), twins[0] if twins else None)


def publish(staged: Staged) -> Path:
    """Seal a staged release and give it its name."""
    seal(staged.folder, staged.manifest)
    folder = staged.folder.with_name(staged.manifest["version"])
    staged.folder.rename(folder)
    return folder


def discard(staged: Staged) -> None:
    """Drop a staged release."""
    shutil.rmtree(staged.folder)


def run_checks(lake: Lake, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What is wrong with the release in `folder`, by check."""
    occurrences = lake.count("found_occurrences")
    with duckdb.connect(":memory:") as connection:
        for table in schemas.RELEASE_TABLES:
            connection.read_parquet(str(folder / f"{table.name}.parquet")).create_view(table.name)
        problems = {}
        for check in CHECKS:
            query = load_query(f"check_{check}")
            values = dict.fromkeys(query.params, occurrences)
            problems[check] = connection.execute(query.text, values).to_arrow_table().to_pylist()
        return problems


def _manifest(lake: Lake, version: str, folder: Path, earlier: list[dict[str, Any]]) -> dict[str, Any]:
    files, rejects, skipped = files_of(folder), pq.read_table(folder / "rejects.parquet"), skipped_stages(lake)
    complete = lake.complete_drops()
    return {
        "version": version,
        "sequence": max((old["sequence"] for old in earlier), default=0) + 1,
        "parent": earlier[-1]["version"] if earlier else None,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "content": content(files),
        "files": files,
        "stages": stages(rejects, lake.count("found_occurrences"), [s for s in STAGES if s not in skipped]),
        "skipped": skipped,
        "inputs": inputs_of(lake),
        "sources": {name: str(root) for name, root in lake.drops.sources().items()},
        "drops": [_drop(lake, name) for name in complete],
        "failed_drops": [d.name for d in lake.drops.active() if d.name not in complete],
        "fingerprints": {table.name: _fingerprint(lake, table.name) for table in schemas.LAKE_TABLES},
        "config": lake.config.model_dump(),
        "code": code(),
        **lake.provenance,
    }


def skipped_stages(lake: Lake) -> dict[str, str]:
    """The stages in which nothing is judged, and why: there are no measurements."""
    why = why_off(lake.config.text)
    return {"text": why} if why else {}


def inputs_of(lake: Lake) -> dict[str, str]:
    """What a release depends on: the rows of the drops, captions, and the fingerprint of every step."""
    versions = {name: lake.version(name) for name in INPUTS}
    return {**versions, **{f"{t.name}_step": str(lake.fingerprint(t.name)) for t in schemas.LAKE_TABLES}}


def _drop(lake: Lake, name: str) -> dict[str, Any]:
    drop, piece = lake.drops.get(name), lake.piece("occurrences", name)
    return {
        "name": name,
        "source": drop.source,
        "sequence": drop.sequence,
        "files": drop.files,
        "bytes": drop.bytes,
        "registered_at": drop.registered_at,
        "data_version": piece.version,
        **(piece.manifest or {})["provenance"],
    }


def _fingerprint(lake: Lake, name: str) -> dict[str, Any]:
    fingerprint = lake.fingerprint(name)
    return {"fingerprint": str(fingerprint), "made_from": fingerprint.parts}
