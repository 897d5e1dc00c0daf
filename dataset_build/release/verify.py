"""Is a release what its manifest says? Its seal, its files, every row and reference, and the database."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.errors import RunError
from dataset_build.queries import load_query
from dataset_build.release.copies import folder_copy
from dataset_build.release.errors import BrokenTag
from dataset_build.release.manifest import (
    DATABASE,
    MANIFEST,
    SEAL,
    TOMBSTONE,
    content,
    file_facts,
    read_manifest,
    stages,
)
from dataset_build.release.reader import VERSION, folder_of, releases
from dataset_build.release.tags import FOLDER, read_tags, versions_of
from dataset_build.schemas import RELEASE_TABLES

CHECKS = ("keys", "references", "no_duplicate", "caption", "counts")
ENTRIES = {"version", "sequence", "parent", "content", "files", "stages"}
SHOWN = 3  # values that are named of each kind of fault
FINGERPRINT = "select count(*), bit_xor(hash(t)), sum(hash(t)::hugeint) from query_table($1) t"

Manifest = Mapping[str, Any]


class Unsound(RunError):
    """A release is not what its manifest says."""


def verify(folder: Path) -> list[str]:
    """What is wrong with the release in `folder`, a line each; nothing when it is sound.

    Raises nothing for what it finds, whatever that is. What lies in a bucket is read whole, into scratch.
    """
    with folder_copy(folder) as here:
        return _verified(here, folder.parent)


def _verified(folder: Path, beside: Path) -> list[str]:
    """The same of a folder of this machine; the other releases lie in `beside`."""
    try:
        manifest = read_manifest(folder)
    except ValueError as error:
        return [f"{TOMBSTONE if (folder / TOMBSTONE).exists() else MANIFEST}: not JSON: {error}"]
    if manifest is None:
        return [_unsealed(folder)]
    if "tombstone" in manifest:
        return list(_tombstone(folder, manifest, beside))
    if lacking := sorted(ENTRIES - set(manifest)):
        return [f"{MANIFEST}: {', '.join(lacking)}: missing"]
    problems = [*_entries(folder, manifest), *_files(folder, manifest)]
    if unreadable := list(_unreadable(folder)):
        return problems + unreadable
    return [*problems, *_rows(folder, manifest), *_counts(folder, manifest), *_database(folder, manifest)]


def verify_lake(lake: Path) -> dict[str, list[str]]:
    """The same of every release of a lake, by version, and of what ties them together, by ""."""
    folders = sorted(path for path in folder_of(lake).glob("*") if VERSION.fullmatch(path.name))
    found = {folder.name: verify(folder) for folder in folders}
    return {**found, "": list(_ties(lake))}


def _unsealed(folder: Path) -> str:
    for name in (MANIFEST, SEAL):
        if not (folder / name).is_file():
            return f"{name}: missing"
    return f"{MANIFEST}: its sha256 is not the one in {SEAL}"


def _tombstone(folder: Path, manifest: Manifest, beside: Path) -> Iterator[str]:
    left = sorted({path.name for path in folder.iterdir()} - {MANIFEST, SEAL, TOMBSTONE})
    if left:
        yield f"{', '.join(left)}: data of a purged release; run `release purge {manifest['version']}` again"
    if read_manifest(beside / manifest["tombstone"]["successor"]) is None:
        yield f"{TOMBSTONE}: its successor {manifest['tombstone']['successor']} is no complete release"


def _entries(folder: Path, manifest: Manifest) -> Iterator[str]:
    if manifest["version"] != folder.name:
        yield f"{MANIFEST}: it is of release {manifest['version']}"
    if manifest["content"] != content(manifest["files"]):
        yield f"{MANIFEST}: content is not the hash of the files that it lists"
    wanted = {f"{table.name}.parquet" for table in RELEASE_TABLES} | {DATABASE}
    for name in sorted(wanted - set(manifest["files"])):
        yield f"{MANIFEST}: {name} is not listed"


def _files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Missing, changed and extra files."""
    listed = manifest["files"]
    for name in sorted({path.name for path in folder.iterdir()} - set(listed) - {MANIFEST, SEAL}):
        yield f"{name}: not in the manifest"
    for name, wanted in listed.items():
        path = folder / name
        if Path(name).name != name or path.is_symlink() or not path.is_file():
            yield f"{name}: missing"
            continue
        try:
            found = file_facts(path)
        except (pa.ArrowException, OSError) as error:
            yield f"{name}: can't be read: {_line(error)}"
            continue
        for fact, value in wanted.items():
            if found.get(fact) != value:
                yield f"{name}: {fact} is {_short(found.get(fact))}, the manifest says {_short(value)}"


def _unreadable(folder: Path) -> Iterator[str]:
    """The tables that can't be read to the end."""
    for table in RELEASE_TABLES:
        try:
            with pq.ParquetFile(folder / f"{table.name}.parquet") as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group)
        except (pa.ArrowException, OSError) as error:
            yield f"{table.name}.parquet: can't be read: {_line(error)}"


def _rows(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Keys, references and the checks that a release passed when it was made."""
    with duckdb.connect(":memory:") as connection:
        for table in RELEASE_TABLES:
            connection.read_parquet(str(folder / f"{table.name}.parquet")).create_view(table.name)
        for check in CHECKS:
            query = load_query(f"check_{check}")
            values = dict.fromkeys(query.params, manifest["stages"][0]["in"])
            try:
                rows = connection.execute(query.text, values).to_arrow_table().to_pylist()
            except duckdb.Error as error:
                yield f"{check}: can't be checked: {_line(error)}"
            else:
                yield from _told(check, rows)


def _told(check: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    for key in sorted({row["key"] for row in rows}):
        values = [str(row["value"]) for row in rows if row["key"] == key]
        more = f" and {len(values) - SHOWN:,} more" if len(values) > SHOWN else ""
        yield f"{check}: {key}: {', '.join(values[:SHOWN])}{more}"


def _counts(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The funnel adds up and says what the rejects say."""
    funnel, left = manifest["stages"], manifest["stages"][0]["in"]
    for stage in funnel:
        if stage["in"] != left or stage["out"] != left - sum(stage["rejected"].values()):
            yield f"{MANIFEST}: the counts of stage {stage['stage']} don't add up"
        left = stage["out"]
    images = pq.read_metadata(folder / "images.parquet").num_rows
    if left != images:
        yield f"{MANIFEST}: {left:,} images come out of the last stage, but images has {images:,}"
    rejects = pq.read_table(folder / "rejects.parquet", columns=["stage", "reason"])
    said = {stage["stage"]: stage["rejected"] for stage in funnel}
    for stage in stages(rejects, max(rejects.num_rows, funnel[0]["in"]), list(said)):
        if stage["rejected"] != said.get(stage["stage"], {}):
            yield f"{MANIFEST}: what stage {stage['stage']} rejected is not what rejects has"


def _database(folder: Path, manifest: Manifest) -> Iterator[str]:
    """The same rows in the database as in the Parquet files, and the same manifest."""
    try:
        with (
            duckdb.connect(":memory:") as files,
            duckdb.connect(str(folder / DATABASE), read_only=True) as database,
        ):
            for table in RELEASE_TABLES:
                files.read_parquet(str(folder / f"{table.name}.parquet")).create_view(table.name)
                if _fingerprint(files, table.name) != _fingerprint(database, table.name):
                    yield f"{DATABASE}: {table.name} is not {table.name}.parquet"
            entries = {key: json.loads(value) for key, value in database.sql("from manifest").fetchall()}
        for key in sorted(set(entries) | set(manifest)):
            if key != "files" and entries.get(key) != manifest.get(key):
                yield f"{DATABASE}: {key} is not what {MANIFEST} says"
    except (duckdb.Error, ValueError, RuntimeError) as error:
        yield f"{DATABASE}: can't be read: {_line(error)}"


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[Any, ...]:
    """Equal for the same columns and the same rows, in any order."""
    relation = connection.table(table)
    return (*relation.columns, *map(str, relation.types), connection.execute(FINGERPRINT, [table]).fetchone())


def _ties(lake: Path) -> Iterator[str]:
    """Tags, parents and sequence numbers."""
    manifests = releases(lake)
    versions = {manifest["version"] for manifest in manifests}
    try:
        for tag, version in versions_of(read_tags(lake), manifests).items():
            if version not in versions:
                yield f"{FOLDER}/{tag}.json: names release {version}, which is not there"
    except BrokenTag as error:
        yield str(error)
    for earlier, later in pairwise(manifests):
        if earlier["sequence"] == later["sequence"]:
            yield f"releases {earlier['version']} and {later['version']} have the same sequence number"
    for manifest in manifests:
        if manifest["parent"] is not None and manifest["parent"] not in versions:
            yield f"release {manifest['version']}: its parent {manifest['parent']} is not there"


def _line(error: Exception) -> str:
    return str(error).split("\n")[0][:200]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:80]} …"
