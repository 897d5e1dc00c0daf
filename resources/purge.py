"""Issue a past release again without what was taken down since, and delete the data of the old one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build import schemas
from dataset_build.errors import UserError
from dataset_build.locations import is_remote, scratch
from dataset_build.queries import load_query
from dataset_build.release.manifest import MANIFEST, SEAL, STAGES, TOMBSTONE, content, files_of, read_manifest, stages
from dataset_build.release.reader import next_version, releases, resolve
from resources.lake import Lake
from resources.people import taken_in
from resources.releases import discard, finish, heading, publish, staging
from resources.storage import delete_folder, write_json, write_parquet

TAKEN = pa.schema([("image_id", pa.string()), ("number", pa.int64()), ("kind", pa.string()), ("words", pa.string())])
Manifest = dict[str, Any]


class NothingToPurge(UserError):
    """A release holds no image that is taken down."""


def purge(lake: Lake, name: str, version: str | None = None) -> tuple[str, int]:
    """Issue a release again, by default under the next number, without the images that are taken down.

    Of the old one only the manifest stays, with a tombstone. Returns the new version, and how many images went. What
    was interrupted is finished by the same call. Raises NothingToPurge.
    """
    old = resolve(name, lake.root)
    folder = lake.root / "releases" / old["version"]
    if "tombstone" in old:
        _delete_data(folder)
        return old["tombstone"]["successor"], 0
    taken = _taken(lake, old["version"])
    if not taken.num_rows:
        raise NothingToPurge(f"release {old['version']} holds no image that is taken down")
    successor = _reissued(lake, old["version"]) or _reissue(lake, old, taken, version)
    why = "; ".join(sorted(set(taken["words"].to_pylist())))
    write_json(
        folder / TOMBSTONE,
        {"purged_at": datetime.now(UTC).isoformat(timespec="seconds"), "why": why, "successor": successor},
    )
    _delete_data(folder)
    return successor, taken.num_rows


def _taken(lake: Lake, version: str) -> pa.Table:
    """The images of a release that are taken down, by which take-down, and why."""
    takedowns = {row["number"]: row for row in lake.view("active_takedowns").to_pylist()}
    rows = [(row["value"], int(row["key"])) for row in taken_in(lake, version)]
    found = [
        {"image_id": image_id, "number": n, "kind": takedowns[n]["kind"], "words": takedowns[n]["reason"]}
        for image_id, n in rows
    ]
    return pa.Table.from_pylist(found, TAKEN)


def _reissued(lake: Lake, version: str) -> str | None:
    """A re-issue that an interrupted purge of this release has published, if nothing in it is taken down since."""
    found = [each["version"] for each in releases(lake.root) if each.get("reissue_of") == version]
    return next((each for each in reversed(found) if not taken_in(lake, each)), None)


def _reissue(lake: Lake, old: Manifest, taken: pa.Table, version: str | None) -> str:
    """Publish the release without the images, unless one of that content exists. Returns its version."""
    version = version or next_version({manifest["version"] for manifest in releases(lake.root)})
    with staging(lake.root, version) as (folder, earlier):
        with _tables(lake, old["version"], taken) as connection:
            for table in schemas.RELEASE_TABLES:
                rows = connection.execute(load_query(f"purged_{table.name}").text).to_arrow_reader(10_000)
                write_parquet(folder / f"{table.name}.parquet", rows, table.schema)
        occurrences = old["stages"][0]["in"]
        order = [stage for stage in STAGES if stage not in old.get("skipped", {})]
        manifest = {**old, **_heading(old, taken, version, earlier), **_follows(folder, occurrences, order)}
        staged = finish(lake, folder, manifest, earlier, occurrences)
    if any(staged.problems.values()):
        raise UserError(f"release {old['version']} can't be issued again: {staged.problems}")
    if staged.twin:
        discard(staged)
        return staged.twin
    return publish(staged).name


def _heading(old: Manifest, taken: pa.Table, version: str, earlier: list[Manifest]) -> Manifest:
    numbers = sorted(set(taken["number"].to_pylist()))
    notes = f"release {old['version']} without {taken.num_rows:,} images that were taken down"
    return {
        **heading(version, earlier, old["version"], notes),
        "reissue_of": old["version"],
        "takedowns": numbers,
    }


def _follows(folder: Path, occurrences: int, order: Sequence[str]) -> Manifest:
    """The entries of a manifest that follow from the rows."""
    files = files_of(folder)
    rejects = pq.read_table(folder / "rejects.parquet", columns=["stage", "reason"])
    return {"files": files, "content": content(files), "stages": stages(rejects, occurrences, order)}


@contextmanager
def _tables(lake: Lake, version: str, taken: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = lake.root / "releases" / version
    with lake.connect([]) as connection:
        for table in schemas.RELEASE_TABLES:
            connection.read_parquet(str(folder / f"{table.name}.parquet")).create_view(table.name)
        connection.register("taken", taken)
        yield connection


def _delete_data(folder: Path) -> None:
    """All but the manifest, its seal and the tombstone; of a bucket also what this machine has read of it."""
    if "tombstone" not in (read_manifest(folder) or {}):
        raise UserError(f"{folder} has no tombstone")
    for path in folder.iterdir():
        if path.name not in (MANIFEST, SEAL, TOMBSTONE):
            delete_folder(path) if path.is_dir() else path.unlink()
    if is_remote(folder):
        delete_folder(scratch(folder))
