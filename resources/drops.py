"""The register of sources and drops: what has arrived, in which order, and what each drop holds."""

import re
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path, PurePath
from typing import Any, ParamSpec, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dataset_build.config import Arrival
from dataset_build.errors import UserError
from dataset_build.fingerprint import digest
from dataset_build.locations import locate
from dataset_build.parquet_files import read_parquet
from dataset_build.queries import load_query
from dataset_build.schemas import FILES
from dataset_build.sources.arrival import arrived
from dataset_build.sources.scan import SourceNotFound, changes, find_root, scan
from resources.look import forget, once, one_look
from resources.storage import files_below, lock, read_json, read_json_ahead, write_json, write_parquet

P, T = ParamSpec("P"), TypeVar("T")
TRIES = 3  # at a file that can't be read


class UnknownDrop(UserError):
    """No drop has that name."""


class UnknownSource(UserError):
    """No source has that name."""


@dataclass(frozen=True)
class Drop:
    """An immutable batch of source material. Later drops of a group hold only what changed in it."""

    name: str
    source: str
    group: str
    sequence: int
    files: int
    bytes: int
    vanished: int
    registered_at: str
    removed: bool = False


def _alone(purpose: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A method of Drops that reads the register and changes it, while no other process does."""

    def locked(method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def alone(*args: P.args, **kwargs: P.kwargs) -> T:
            register: Any = args[0]
            with lock(register.folder / ".lock", purpose):
                return method(*args, **kwargs)

        return alone

    return locked


class Drops:
    """The register, kept under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records: dict[str, dict[str, Any]] = {}  # what was registered never changes

    def sources(self) -> dict[str, Path]:
        """Root of each known source, by name: a folder, or a prefix of a bucket."""
        return {name: locate(root) for name, root in (read_json(self.folder / "sources.json") or {}).items()}

    @_alone("adding a source")
    def add_source(self, place: str | Path) -> str:
        """Register a root; returns the name it has from then on. Raises SourceNotFound and BucketError.

        One that was forgotten comes back under its name, with its drops. No other root gets a name that had drops.
        """
        sources, root = self.sources(), find_root(place, "give --source a folder of images")
        for name, known in sources.items():
            if known == root:
                return name
        name = self._remember(root) or _unused(
            slug(PurePath(str(root)).name), {*sources, *(drop.source for drop in self.all())}
        )
        self._write_sources({**sources, name: root})
        return name

    def _remember(self, root: Path) -> str | None:
        """Take back the drops that were left out when this root was forgotten, if it was; returns its name."""
        removed = [drop for drop in self.all() if drop.removed]
        forgotten = [drop for drop in removed if read_json(self._tombstone(drop.name)).get("forgotten") == str(root)]
        for drop in forgotten:
            self._tombstone(drop.name).unlink(missing_ok=True)
        forget(self.folder)
        return forgotten[-1].source if forgotten else None

    def root_of(self, drop: Drop) -> Path:
        """What the paths of a drop are relative to. Raises UnknownSource when its source was forgotten."""
        return self._with(drop.source)[drop.source]

    @_alone("moving a source")
    def move_source(self, name: str, place: str | Path) -> None:
        """Say where the files of a source lie now. Raises SourceNotFound and BucketError."""
        self._write_sources({**self._with(name), name: find_root(place, "give the folder where the files lie now")})

    @_alone("forgetting a source")
    def forget_source(self, name: str) -> None:
        """Take all drops of a source out of every later release, and look there no more."""
        sources = self._with(name)
        root = sources.pop(name)
        for drop in self.active():
            if drop.source == name:
                self._remove(drop.name, forgotten=str(root))
        self._write_sources(sources)

    def _with(self, name: str) -> dict[str, Path]:
        sources = self.sources()
        if name not in sources:
            raise UnknownSource(f"no source {name!r}; there are: {', '.join(sources) or 'none'}")
        return sources

    def _write_sources(self, sources: dict[str, Path]) -> None:
        write_json(self.folder / "sources.json", {name: str(root) for name, root in sources.items()})

    def all(self) -> list[Drop]:
        """Every drop, removed ones included, in the order of arrival."""
        return list(once(self.folder, self._all))

    def _all(self) -> list[Drop]:
        files = set(files_below(self.folder))
        names = [file.removesuffix("/drop.json") for file in files if file.endswith("/drop.json")]
        with one_look():
            read_json_ahead(self.folder / name / "drop.json" for name in names if name not in self._records)
            new = {name: read_json(self.folder / name / "drop.json") for name in names if name not in self._records}
        self._records |= new
        drops = (Drop(**self._records[name], removed=f"{name}/removed.json" in files) for name in names)
        return sorted(drops, key=lambda drop: drop.sequence)

    def active(self) -> list[Drop]:
        """The drops that count, in the order of arrival."""
        return [drop for drop in self.all() if not drop.removed]

    def get(self, name: str) -> Drop:
        """The drop of that name, or UnknownDrop with the names there are."""
        drops = {drop.name: drop for drop in self.all()}
        if name not in drops:
            raise UnknownDrop(f"no drop {name!r}; there are: {', '.join(drops) or 'none'}")
        return drops[name]

    def files(self, name: str) -> pa.Table:
        """What a drop holds: schemas.FILES."""
        return read_parquet(self.folder / name / "files.parquet")

    def table(self) -> pa.Table:
        """The active drops as rows of (drop, source, sequence)."""
        drops = self.active()
        return pa.table(
            {
                "drop": pa.array([d.name for d in drops], pa.string()),
                "source": pa.array([d.source for d in drops], pa.string()),
                "sequence": pa.array([d.sequence for d in drops], pa.int64()),
            }
        )

    def discover(self, source: str, arrival: Arrival | None = None, again: Sequence[str] = ()) -> list[Drop]:
        """Look at a source's files, without opening any, and register what is new and complete as drops.

        The files `again` count as changed, unless as many drops as TRIES held them as they are.
        """
        before = self.all()
        groups, whole = self._look(source, arrival)
        with lock(self.folder / ".lock", "looking for new drops"):
            forget(self.folder)
            drops = self.all()
            if drops != before:  # another process registered what may be newer than that look
                groups, whole = self._look(source, arrival)
            known = len(drops)
            for group, news in self._news(source, groups, whole, again).items():
                drops.append(self._register(source, group, news, drops))
            return drops[known:]

    def news(self, source: str, arrival: Arrival | None = None, again: Sequence[str] = ()) -> dict[str, pa.Table]:
        """What `discover` would register: rows of schemas.FILES by group. Nothing is written."""
        return self._news(source, *self._look(source, arrival), again)

    def _look(self, source: str, arrival: Arrival | None) -> tuple[list[str], pa.Table]:
        """The groups of a source that may hold news, and the files of those that have arrived whole."""
        root = self.sources()[source]
        found = self._without_lake(scan(root), root)
        earlier = {drop.group for drop in self.all() if drop.source == source}
        if earlier and not found.num_rows:
            raise SourceNotFound(f"{root} is empty, and held files before: mount it again, or `drop remove` its drops")
        whole = arrived(found, arrival or Arrival(), time.time_ns())
        here, complete = (set(table["group"].unique().to_pylist()) for table in (found, whole))
        return sorted((earlier - here) | complete), whole

    def remove(self, name: str) -> None:
        """Take a drop out of every later release. Its files and tables are left where they are."""
        self._remove(self.get(name).name)

    def _remove(self, name: str, **why: str) -> None:
        write_json(self._tombstone(name), {"removed_at": _now(), **why})
        forget(self.folder)

    def restore(self, name: str) -> None:
        """Undo `remove`. Raises UnknownSource when its source was forgotten: it comes back with that."""
        if (source := self.get(name).source) not in self.sources():
            raise UnknownSource(f"the source {source!r} of {name} was forgotten: add it again, and its drops are back")
        self._tombstone(name).unlink(missing_ok=True)
        forget(self.folder)

    def _without_lake(self, found: pa.Table, root: Path) -> pa.Table:
        """A lake may lie inside of what it is built from."""
        top, lake = f"{str(root).rstrip('/')}/", f"{self.folder.resolve().parent}/"
        if not lake.startswith(top):
            return found
        return found.filter(pc.invert(pc.starts_with(found.column("path"), lake.removeprefix(top))))

    def _tombstone(self, name: str) -> Path:
        return self.folder / name / "removed.json"

    def _register(self, source: str, group: str, news: pa.Table, drops: Sequence[Drop]) -> Drop:
        """Write a drop down; `drops` are those before it."""
        others = {drop.name for drop in drops if (drop.source, drop.group) != (source, group)}
        base = _unused(f"{source}.{slug(group)}", others)
        name = _unused(base, {drop.name for drop in drops}, separator=".")
        here = news.filter(pc.not_equal(news.column("change"), "vanished"))
        drop = Drop(
            name=name,
            source=source,
            group=group,
            sequence=len(drops) + 1,
            files=here.num_rows,
            bytes=pc.sum(here.column("size")).as_py() or 0,
            vanished=news.num_rows - here.num_rows,
            registered_at=_now(),
        )
        write_parquet(self.folder / name / "files.parquet", news.to_batches(), FILES.schema)
        record = asdict(drop)
        del record["removed"]
        write_json(self.folder / name / "drop.json", record)
        forget(self.folder)
        return drop

    def _news(self, source: str, groups: list[str], found: pa.Table, again: Sequence[str]) -> dict[str, pa.Table]:
        """What is new in those groups that hold news since their drops: schemas.FILES by group."""
        earlier: dict[str, list[Drop]] = {group: [] for group in groups}
        for drop in self.all():
            if drop.source == source and drop.group in earlier:
                earlier[drop.group].append(drop)
        news = {}
        with duckdb.connect(":memory:") as connection:
            for group, drops in earlier.items():
                current = found.filter(pc.equal(found.column("group"), group)).drop_columns("group")
                news[group] = changes(current, self._known(connection, drops, again))
        return {group: files for group, files in news.items() if files.num_rows}

    def _known(self, connection: duckdb.DuckDBPyConnection, drops: list[Drop], again: Sequence[str]) -> pa.Table:
        """The files of a group as its drops left them."""
        tables = [
            self.files(d.name).append_column("sequence", pa.repeat(d.sequence, d.files + d.vanished)) for d in drops
        ]
        empty = FILES.schema.append(pa.field("sequence", pa.int64())).empty_table()
        connection.register("group_files", pa.concat_tables([empty, *tables]))
        values = {"again": list(again), "tries": TRIES}
        return connection.execute(load_query("known_files").text, values).to_arrow_table()


def slug(text: str) -> str:
    """A name that is safe in paths and partition keys; letters of any script stay."""
    clean = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", text)).strip("._")[:80]
    return clean or digest(text)[:8]


def _unused(name: str, taken: set[str], separator: str = "-") -> str:
    number, candidate = 2, name
    while candidate in taken:
        number, candidate = number + 1, f"{name}{separator}{number}"
    return candidate


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
