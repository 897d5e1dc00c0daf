"""Releases as a consumer sees them: found in a lake by name, read as Arrow, DuckDB relations or pandas."""

import re
from collections.abc import Collection
from functools import cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dataset_build.locations import is_remote, locate
from dataset_build.parquet_files import read_parquet
from dataset_build.release.connection import Connected, quiet
from dataset_build.release.copies import local_copy
from dataset_build.release.errors import (
    BadVersion,
    BrokenTag,
    IncompleteRelease,
    MissingExtra,
    NoRelease,
    NoSuchTable,
    PurgedRelease,
    UnknownRelease,
)
from dataset_build.release.manifest import CARD, DATABASE, read_manifest
from dataset_build.release.tags import LATEST, read_tags, versions_of
from dataset_build.schemas import RELEASE_TABLES

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TABLES = tuple(table.name for table in RELEASE_TABLES)


def check_version(name: str, what: str = "release") -> None:
    """Raise BadVersion unless a new release, or a tag, may have that name."""
    if not VERSION.fullmatch(name):
        raise BadVersion(f"a {what} can't be called {name!r}: up to 64 of A-Z a-z 0-9 . - _, a letter or digit first")
    if what == "release" and name == LATEST:
        raise BadVersion(f"a release can't be called {name!r}: that is a tag, which moves")


def next_version(taken: Collection[str]) -> str:
    """The first number from the count of releases on that no release is called by."""
    return next(str(number) for number in count(len(taken) + 1) if str(number) not in taken)


def releases(lake: str | Path = "lake") -> list[dict[str, Any]]:
    """The manifests of the complete releases in a lake, oldest first; of purged ones with a `tombstone`."""
    folders = (folder for folder in folder_of(lake).glob("*") if VERSION.fullmatch(folder.name))
    found = ((folder, read_manifest(folder)) for folder in folders)
    manifests = (manifest for folder, manifest in found if manifest and manifest["version"] == folder.name)
    return sorted(manifests, key=lambda manifest: (manifest["sequence"], manifest["version"]))


def folder_of(lake: str | Path) -> Path:
    """Where the releases of a lake lie."""
    return (locate(lake) if is_remote(lake) else Path(lake)) / "releases"


def tags(lake: str | Path = "lake") -> dict[str, str]:
    """The version that each tag of a lake means. Raises BrokenTag."""
    return versions_of(read_tags(lake), releases(lake))


def resolve(name: str | None = None, lake: str | Path = "lake") -> dict[str, Any]:
    """The manifest of the release that is called by that version or tag, or that `latest` means.

    Raises NoRelease, UnknownRelease or BrokenTag, whose messages name the fix.
    """
    known = {manifest["version"]: manifest for manifest in releases(lake)}
    if not known:
        raise NoRelease(f"no release in {lake}: `dataset-build build --source DIR --lake {lake}` makes one")
    if name in known:
        return known[name]
    named = versions_of(read_tags(lake), list(known.values()))
    name = LATEST if name is None else name
    version = named.get(name)
    if version is None:
        also = f"; tags: {', '.join(named)}" if named else ""
        raise UnknownRelease(f"no release {name!r} in {lake}; there are: {', '.join(known)}{also}")
    if version not in known:
        raise BrokenTag(f"tag {name} names release {version!r}, which is not in {lake}; move it")
    return known[version]


def open_release(version: str | None = None, lake: str | Path = "lake") -> "Release":
    """Open a release of a lake by its version or by a tag; `latest` by default.

    Raises NoRelease, UnknownRelease, PurgedRelease, BrokenTag or IncompleteRelease, whose messages name the fix.
    """
    return Release(folder_of(lake) / resolve(version, lake)["version"])


class Release(Connected):
    """One release: a folder of Parquet files, their manifest and a DuckDB file, all read-only."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = locate(folder) if is_remote(folder) else Path(folder)
        manifest = read_manifest(self.folder)
        if manifest is None:
            raise UnknownRelease(f"{folder} is no complete release: manifest.json or its hash is missing or wrong")
        self.manifest: dict[str, Any] = manifest
        self.version: str = manifest["version"]
        if tombstone := manifest.get("tombstone"):
            raise PurgedRelease(
                f"release {self.version} was purged at {tombstone['purged_at']} ({tombstone['why']}); "
                f"release {tombstone['successor']} holds what is left of it"
            )
        self._check_files()

    def _check_files(self) -> None:
        """Cheap, so done on each opening: the files are there with the right sizes. The card may be edited."""
        sizes = {name: file["bytes"] for name, file in self.manifest["files"].items() if name != CARD}
        paths = {name: self.folder / name for name in sizes}
        damaged = [n for n, path in paths.items() if not path.is_file() or path.stat().st_size != sizes[n]]
        if damaged:
            raise IncompleteRelease(
                f"release {self.version}: {', '.join(damaged)} missing or changed; restore {self.folder} from a copy"
            )

    def arrow(self, table: str) -> pa.Table:
        """A table as Arrow, in the order of its key: images, captions, tags, rejects or lineage."""
        _check_table(table)
        return read_parquet(self.folder / f"{table}.parquet")

    def relation(self, table: str) -> duckdb.DuckDBPyRelation:
        """A table as a DuckDB relation, read as it is used; it ends with this object."""
        _check_table(table)
        return self._connection.table(table)

    def pandas(self, table: str) -> Any:
        """A table as a pandas.DataFrame. Raises MissingExtra without pandas."""
        if find_spec("pandas") is None:
            raise MissingExtra("pandas isn't installed: pip install 'dataset-build[pandas]'")
        return self.arrow(table).to_pandas()

    def sql(self, query: str, params: Any = None) -> duckdb.DuckDBPyRelation:
        """Run a query over release.duckdb, values bound by ? or $name; null if it is a statement without rows.

        Raises duckdb.Error, also for what would change the release.
        """
        return self._connection.sql(query, params=params)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return quiet(duckdb.connect(str(self.database), read_only=True))

    @property
    def database(self) -> Path:
        """The DuckDB file on this machine; one that lies in a bucket is fetched once."""
        return local_copy(self.folder / DATABASE, self.manifest["files"][DATABASE])


def _check_table(name: str) -> None:
    if name not in TABLES:
        raise NoSuchTable(f"no table {name!r}; there are: {', '.join(TABLES)}")
