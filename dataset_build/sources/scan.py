"""Looking at a source: which files stand there, in which groups, and what changed since earlier drops."""

import re
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from dataset_build.errors import UserError
from dataset_build.locations import is_remote, locate
from dataset_build.schemas import FILES
from dataset_build.sources.files import is_there, walk
from dataset_build.sources.names import is_root_table, role_of, split, topic_of, topics_for

FACTS = ["path", "size", "modified"]
SCAN = pa.schema([FILES.schema.field(name) for name in FACTS]).append(
    pa.field(
        "group", pa.string(), metadata={"doc": "which drops it belongs to: shards, loose, or its top-level folder"}
    )
)
SHARDS, LOOSE = "shards", "loose"
SHARD_FOLDER = re.compile(r"\d{5}")
SHARD_FILE = re.compile(r"\d{5}(_stats)?\.(json|parquet)|.*\.(tar|parquet)", re.IGNORECASE | re.DOTALL)
LOG = "data.jsonl"  # gallery-dl only ever appends to it

State = dict[str, tuple[int, int]]  # bytes and modification time by path


class SourceNotFound(UserError):
    """The source root is missing, is no folder, or can't be listed."""


def find_root(place: str | Path, fix: str) -> Path:
    """The root of a source by its name: a folder that exists, or a prefix of a bucket under which there is anything.

    Raises SourceNotFound, which tells of the fix, BucketError and UserError.
    """
    root = locate(place)
    if is_there(root):
        return root
    raise SourceNotFound(f"{'nothing under' if is_remote(root) else 'no folder'} {root}: {fix}")


def scan(root: Path) -> pa.Table:
    """Every file under a source root as rows of SCAN, ordered by path; no file is opened.

    A folder that can't be listed is a row whose path ends with a slash. A shared table in the root itself speaks for
    the files in all folders, so it has a row in each of their groups. Raises SourceNotFound and BucketError.
    """
    try:
        rows = [(path, size, time, group_of(path)) for path, size, time in walk(root)]
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise SourceNotFound(
            f"can't list the source {root} ({cause}): mend that, or say where it lies now: `dataset-build source move`"
        ) from None
    folders = {group for path, _, _, group in rows if "/" in path and group != SHARDS}
    rows += [(*row[:3], group) for row in rows if is_root_table(row[0]) for group in folders]
    columns = zip(*rows, strict=True) if rows else [()] * len(SCAN)
    found = pa.table([pa.array(c, f.type) for c, f in zip(columns, SCAN, strict=True)], schema=SCAN)
    return found.sort_by([("path", "ascending"), ("group", "ascending")])


def group_of(path: str) -> str:
    """The group of a file: `shards` for archives and numbered shards, its top-level folder, or `loose`."""
    first, slash, _ = path.partition("/")
    if slash:
        return _group_of_folder(first)
    return SHARDS if SHARD_FILE.fullmatch(first) and not is_root_table(first) else LOOSE


@lru_cache
def _group_of_folder(name: str) -> str:
    if SHARD_FOLDER.fullmatch(name):
        return SHARDS
    return f"{name}/" if name in (SHARDS, LOOSE) else name


def changes(current: pa.Table, known: pa.Table) -> pa.Table:
    """What is new in a group: rows of schemas.FILES ordered by path, none when nothing changed.

    `current` is the group's part of `scan`; `known` holds path, size and modified of each file as the last drop
    with it left it, vanished ones apart. A drop is closed: a new, changed or vanished text brings the images that
    it speaks for, and every image brings its texts, all as `changed` (names.py says who speaks for whom). A log that
    only grew, data.jsonl, is no change by itself: its new lines speak for new images, which bring it along.
    Nothing is said about files in a folder that can't be listed now.
    """
    if current.select(FACTS).equals(known.select(FACTS)):  # as on most nights: of many files nothing is looked up
        return FILES.schema.empty_table()
    now, before = _state(current), _state(known)
    differ = (path for path, facts in now.items() if before.get(path) != facts)
    touched = {path: "changed" if path in before else "added" for path in differ if not _only_grew(path, now, before)}
    hidden = tuple(path for path in now if path.endswith("/"))
    touched |= {path: "vanished" for path in before.keys() - now.keys() if not path.startswith(hidden)}
    if touched and before:
        kin = _kin(touched, now, before)
        touched = dict.fromkeys(kin, "changed") | touched
    if all(map(is_root_table, touched)) and any("/" in path for path in now):
        touched = {}  # a table in the root that speaks for no image of this folder
    return _files(touched, now, before)


def _kin(touched: dict[str, str], now: State, before: State) -> set[str]:
    """Images that the touched texts speak for, and the texts that speak for those or other touched images."""
    roles = {path: role_of(path) for path in now.keys() | touched.keys()}
    spoken = {topic_of(path, roles[path]) for path in touched} - {None}
    brought = {path for path in now if spoken and not spoken.isdisjoint(topics_for(path, roles[path]))}
    topics = {topic for path in brought | touched.keys() for topic in topics_for(path, roles[path])}
    return brought | {path for path in now if roles[path] != "image" and topic_of(path, roles[path]) in topics}


def _only_grew(path: str, now: State, before: State) -> bool:
    return split(path)[1] == LOG and path in before and now[path][0] > before[path][0]


def _state(files: pa.Table) -> State:
    paths, sizes, modified = (files.column(name).to_pylist() for name in FACTS)
    return dict(zip(paths, zip(sizes, modified, strict=True), strict=True))


def _files(touched: dict[str, str], now: State, before: State) -> pa.Table:
    paths = sorted(touched)
    facts = [now.get(path) or before[path] for path in paths]
    columns = (paths, [size for size, _ in facts], [time for _, time in facts], [touched[path] for path in paths])
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, FILES.schema, strict=True)], schema=FILES.schema)
