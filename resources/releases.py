"""Write a release beside the others, check it, and only then give it its name."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from dataset_build import schemas
from dataset_build.errors import RunError, UserError
from dataset_build.locations import is_remote, scratch
from dataset_build.queries import load_query
from dataset_build.release.card import EXAMPLES, card, summary
from dataset_build.release.connection import memory_of
from dataset_build.release.croissant import croissant
from dataset_build.release.database import write_database
from dataset_build.release.errors import BadVersion
from dataset_build.release.manifest import (
    CARD,
    CROISSANT,
    MANIFEST,
    SEAL,
    STAGES,
    STATISTICS,
    code,
    content,
    files_of,
    seal,
    stages,
)
from dataset_build.release.reader import check_version, releases, tags
from dataset_build.release.statistics import as_json, measure, read_statistics
from dataset_build.release.tags import newest, present
from resources.lake import Lake
from resources.look import one_look
from resources.storage import (
    delete,
    delete_folder,
    lock,
    publish_folder,
    read_json,
    stamp_of,
    write_json,
    write_parquet,
    write_text,
)

INPUTS = (
    "drops", "occurrences", "image_facts", "text_regions", "image_embeddings", "captions", "takedowns", "overrides",
)  # fmt: skip
STAGING = ".staging-"
CHECKS = ("no_duplicate", "caption", "counts", "takedown")


class ReleaseExists(UserError):
    """That version has been released; releases never change."""


class Overtaken(RunError):
    """Another process published a release while this one was being written."""


@dataclass(frozen=True)
class Staged:
    """A release that has been written into a `folder` of this machine and not yet published into the lake at `root`.
    `problems` lists by check what is wrong with it; `twin` is an earlier release of the same content."""

    root: Path
    folder: Path
    manifest: dict[str, Any]
    problems: dict[str, list[dict[str, Any]]]
    twin: str | None


def stage(lake: Lake, version: str, notes: str = "") -> Staged:
    """Write what the lake holds now as a release, into a hidden folder."""
    with staging(lake.root, version) as (folder, earlier):
        _write_tables(lake, folder)
        before = newest(earlier)
        parent = present(before["version"], earlier) if before else None
        manifest = {**heading(version, earlier, parent, notes), **_made_from(lake, folder)}
        return finish(lake, folder, manifest, earlier, lake.count("found_occurrences"))


def _write_tables(lake: Lake, folder: Path) -> None:
    """The five tables, by queries that share what they are made from."""
    queries = {table: load_query(f"release_{table.name}") for table in schemas.RELEASE_TABLES}
    with lake.connect(sorted({name for query in queries.values() for name in query.inputs})) as connection:
        for table, query in queries.items():
            rows = connection.execute(query.text).to_arrow_reader(10_000)
            write_parquet(folder / f"{table.name}.parquet", rows, table.schema)


@contextmanager
def staging(root: Path, version: str) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """An empty hidden folder to write a release into, and the manifests of the earlier ones. What was left of others
    that were not finished is deleted."""
    earlier, folder = free_version(root, version), scratch(root / "releases") / f"{STAGING}{version}"
    with lock(root / "releases" / ".lock", f"writing release {version}"):
        for left in unfinished(root):
            delete(left)
        folder.mkdir(parents=True)
        yield folder, earlier


def unfinished(root: Path) -> list[Path]:
    """What is left of releases that were not finished, to be deleted in this order: folders of this machine; in a
    bucket what was uploaded of each, and then its mark."""
    left = sorted(scratch(root / "releases").glob(f"{STAGING}*"))
    if is_remote(root):
        for mark in sorted((root / "releases").glob(f"{STAGING}*")):
            folder = mark.with_name(mark.name.removeprefix(STAGING))
            left += [mark] if stamp_of(folder / SEAL) else [folder, mark]
    return left


def free_version(root: Path, version: str) -> list[dict[str, Any]]:
    """The manifests of all releases, of which none and no tag is called `version`. Raises BadVersion, ReleaseExists."""
    check_version(version)
    earlier = releases(root)
    if version in {manifest["version"] for manifest in earlier}:
        raise ReleaseExists(f"release {version!r} exists and never changes; choose another version")
    if version in tags(root):
        raise BadVersion(f"a release can't be called {version!r}: a tag is")
    return earlier


def heading(version: str, earlier: list[dict[str, Any]], parent: str | None, notes: str) -> dict[str, Any]:
    """The entries of a manifest that don't follow from the rows."""
    return {
        "version": version,
        "sequence": max((old["sequence"] for old in earlier), default=0) + 1,
        "parent": parent,
        "notes": notes,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def finish(
    lake: Lake, folder: Path, manifest: dict[str, Any], earlier: list[dict[str, Any]], occurrences: int
) -> Staged:
    """Add the database, the card and the hashes of all files to the tables in `folder`, and check them.

    `occurrences` is the number of places where a file was found.
    """
    _add_files(lake, folder, manifest)
    twin = next((old["version"] for old in earlier if old["content"] == manifest["content"]), None)
    return Staged(lake.root, folder, manifest, run_checks(lake, folder, occurrences), twin)


def _add_files(lake: Lake, folder: Path, manifest: dict[str, Any]) -> None:
    """The database, and beside it, each with half of the memory, what describes the tables."""
    # The database takes longer, so that it is made by the thread that Ctrl-C reaches.
    half = memory_of(lake.config.engine.memory) / 2
    with ThreadPoolExecutor(1) as beside:
        described = beside.submit(describe, lake, folder, manifest, half)
        write_database(folder, manifest, half)
        described.result()
    manifest["files"] = files_of(folder)


def describe(lake: Lake, folder: Path, manifest: dict[str, Any], memory: float) -> None:
    """Write the statistics, the Croissant metadata and the card of the tables in `folder`, with `memory` GiB."""
    statistics, parent = measure(folder, memory), manifest["parent"]
    before = read_statistics(lake.root / "releases" / parent) if parent is not None else None
    images = folder / "images.parquet"
    licences = pq.read_table(images, columns=["license"], read_dictionary=["license"]).column("license")
    write_text(folder / STATISTICS, as_json(statistics))
    write_text(folder / CROISSANT, croissant(manifest, summary(manifest["stages"])))
    write_text(folder / CARD, card(manifest, licences, _first_rows(images, EXAMPLES), statistics, before))


def _first_rows(table: Path, limit: int) -> list[dict[str, Any]]:
    with pq.ParquetFile(table) as file:
        return [row for batch in islice(file.iter_batches(limit), 1) for row in batch.to_pylist()]


def rejected_samples(staged: Staged, limit: int) -> list[dict[str, Any]]:
    """Image and reason of some that a staged release leaves out, at most `limit` of each reason."""
    query = load_query("rejected_samples")
    with duckdb.connect(":memory:") as connection:
        connection.read_parquet(str(staged.folder / "rejects.parquet")).create_view("rejects")
        return connection.execute(query.text, {"limit": limit}).to_arrow_table().to_pylist()


def publish(staged: Staged) -> Path:
    """Seal a staged release and give it its name, by which it becomes visible, and what `latest` means."""
    root, version, sequence = staged.root, staged.manifest["version"], staged.manifest["sequence"]
    with lock(root / "releases" / ".lock", f"publishing release {version}"):
        earlier = free_version(root, version)
        if not staged.folder.is_dir() or any(old["sequence"] >= sequence for old in earlier):
            raise Overtaken("another release was made meanwhile; run the same command again")
        seal(staged.folder, staged.manifest)
        if not is_remote(root):
            return publish_folder(staged.folder, root / "releases" / version, (MANIFEST, SEAL))
        marker = root / "releases" / f"{STAGING}{version}"
        write_json(marker, {"files": sorted(staged.manifest["files"])})
        folder = publish_folder(staged.folder, root / "releases" / version, (MANIFEST, SEAL))
        marker.unlink()
        return folder


def discard(staged: Staged) -> None:
    """Drop a staged release."""
    delete_folder(staged.folder)


def run_checks(
    lake: Lake, folder: Path, occurrences: int, checks: Sequence[str] = CHECKS
) -> dict[str, list[dict[str, Any]]]:
    """What is wrong with the release in `folder`, by check."""
    with lake.connect([]) as connection:
        for table in schemas.RELEASE_TABLES:
            connection.read_parquet(str(folder / f"{table.name}.parquet")).create_view(table.name)
        for view in ("active_takedowns", "taken_down"):
            connection.register(view, lake.view(view))
        problems = {}
        for check in checks:
            query = load_query(f"check_{check}")
            values = dict.fromkeys(query.params, occurrences)
            problems[check] = connection.execute(query.text, values).to_arrow_table().to_pylist()
        return problems


def _made_from(lake: Lake, folder: Path) -> dict[str, Any]:
    files, skipped = files_of(folder), skipped_stages(lake)
    rejects = pq.read_table(folder / "rejects.parquet", columns=["stage", "reason"])
    complete = lake.complete_drops()
    return {
        "content": content(files),
        "files": files,
        "stages": stages(rejects, lake.count("found_occurrences"), [s for s in STAGES if s not in skipped]),
        "skipped": skipped,
        "inputs": inputs_of(lake),
        "sources": {name: str(root) for name, root in lake.drops.sources().items()},
        "drops": [_drop(lake, name) for name in complete],
        "failed_drops": [d.name for d in lake.drops.active() if d.name not in complete],
        "fingerprints": {table.name: _fingerprint(lake, table.name) for table in schemas.LAKE_TABLES},
        "config": lake.config.published(),
        "code": code(),
        **lake.provenance,
    }


def skipped_stages(lake: Lake) -> dict[str, str]:
    """The stages in which nothing is judged, and why: there are no measurements."""
    why = lake.off("text_regions")
    return {"text": why} if why else {}


def inputs_of(lake: Lake) -> dict[str, str]:
    """What a release depends on: rows of drops, captions, the word of people, and the fingerprint of every step, those
    of its own tables included."""
    with one_look():
        versions = {name: lake.version(name) for name in INPUTS}
    steps = [*(t.name for t in schemas.LAKE_TABLES), *(f"release_{t.name}" for t in schemas.RELEASE_TABLES)]
    return {**versions, **{f"{step}_step": str(lake.fingerprint(step)) for step in steps}}


def twin_of(root: Path, inputs: dict[str, str]) -> str | None:
    """The earlier release whose content these inputs were found to give."""
    known = read_json(_unchanged(root))
    return str(known["twin"]) if known and known["inputs"] == inputs else None


def remember_twin(lake: Lake, twin: str) -> None:
    """For `twin_of` to find."""
    write_json(_unchanged(lake.root), {"inputs": inputs_of(lake), "twin": twin})


def _unchanged(root: Path) -> Path:
    return root / "releases" / ".unchanged.json"


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
