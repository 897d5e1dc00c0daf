"""What a lake can do without: parts that are too small, tables that nothing needs, and what killed builds left."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dataset_build.fingerprint import Fingerprint
from dataset_build.locations import scratch
from dataset_build.release.reader import releases
from dataset_build.steps import recipe_fingerprint
from resources.annotations import PERSON
from resources.journal import Journal
from resources.lake import EVERY_FINGERPRINT, PER_DROP, TABLES, Lake
from resources.pieces import Piece
from resources.releases import unfinished
from resources.storage import delete, is_used, lock, read_json

SMALL = 64 * 2**20  # bytes; parts below are merged
SETTLED = 3600  # seconds after which nobody writes to a temporary file any more
OF_A_TABLE = 3  # parts of the path of what was made under one fingerprint
OF_A_PIECE = {"manifest.json", ".lock", "index"}


@dataclass(frozen=True)
class Waste:
    """Something that can be deleted. `costly` is what cost money or hours, and is not deleted without being named."""

    table: str
    where: str  # fingerprint and drop, or a path in the lake
    why: str
    paths: tuple[Path, ...]
    costly: bool = False

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(file.stat().st_size for path in self.paths for file in _files(path))


def compact(lake: Lake) -> Iterator[tuple[Piece, int]]:
    """Merge the small parts of every piece, whatever it was made under; yields those merged, with the parts saved."""
    with lock(lake.root / ".lock", "compacting"):
        for piece in stored(lake):
            with lake.writing(piece):
                if saved := piece.merge(SMALL):
                    yield piece, saved


def stored(lake: Lake) -> Iterator[Piece]:
    """Every finished piece in the lake, under any fingerprint."""
    for folder, manifest in _pieces(lake):
        if manifest:
            yield Piece(folder, TABLES[manifest["table"]], Fingerprint(manifest["made_from"]))


def waste(lake: Lake) -> Iterator[Waste]:
    """What neither a release nor the present configuration needs. Nothing is deleted."""
    kept = needed(lake)
    for name in sorted(TABLES.keys() - EVERY_FINGERPRINT | {"captions"}):
        for folder in _folders(lake.root / "tables" / name):
            if folder.name not in kept[name]:
                why = "no release and no present setting names it"
                costly = name == "captions" and (folder / "manifest.json").exists()
                yield Waste(name, folder.name, why, (folder,), costly)
    yield from _left_in_pieces(lake, kept)
    yield from _left_elsewhere(lake)


def needed(lake: Lake) -> dict[str, set[str]]:
    """The fingerprints of each table that are the present ones, or of which a release was made that has its data."""
    kept = {name: {str(lake.fingerprint(name))} for name in TABLES}
    kept["captions"] |= {str(PERSON), "person"}
    kept["captions"] |= {str(recipe_fingerprint(name, lake.config)) for name in lake.config.captions.recipes}
    for manifest in releases(lake.root):
        if "tombstone" not in manifest:
            for name, made in manifest["fingerprints"].items():
                kept.setdefault(name, set()).add(made["fingerprint"])
            recipes = manifest["fingerprints"]["captions"]["made_from"]["recipes"]
            kept["captions"] |= {str(Fingerprint(parts)) for parts in recipes}
    return kept


def clean(lake: Lake, costly: bool = False) -> Iterator[Waste]:
    """Delete the waste, what is costly only when asked to; yields what was deleted.

    Manifests go first: what is half deleted counts as unfinished, and is found again.
    """
    with lock(lake.root / ".lock", "deleting"), lock(lake.root / "releases" / ".lock", "deleting"):
        for found in list(waste(lake)):
            if costly or not found.costly:
                yield found
                for path in found.paths:
                    with _writing(lake, path):
                        _delete(path)


@contextmanager
def _writing(lake: Lake, path: Path) -> Iterator[None]:
    """Keep others, who may do without a build's lock, from writing to the pieces that a path is, holds or lies in."""
    where = _within(lake, path).split("/")
    if where[0] != "tables":
        yield
        return
    whole, table = len(where) == OF_A_TABLE, where[1]
    with ExitStack() as locks:
        for folder in (path if whole else path.parent, *(_folders(path) if whole and table in PER_DROP else ())):
            locks.enter_context(lock(folder / ".lock", "deleting"))
        yield


def _delete(path: Path) -> None:
    for manifest in path.rglob("manifest.json") if path.is_dir() else ():
        manifest.unlink()
    delete(path)


def _within(lake: Lake, path: Path) -> str:
    """A path as it lies in the lake, or in its scratch on this machine."""
    return str(path).removeprefix(str(lake.root)).removeprefix(str(scratch(lake.root))).strip("/")


def _left_in_pieces(lake: Lake, kept: dict[str, set[str]]) -> Iterator[Waste]:
    """Files of finished pieces that their manifests don't list."""
    for folder, manifest in _pieces(lake):
        _, name, fingerprint, *drop = _within(lake, folder).split("/")
        if manifest and (name in EVERY_FINGERPRINT or fingerprint in kept[name]):
            listed = OF_A_PIECE | {part["file"] for part in manifest["parts"]}
            left = tuple(p for p in sorted(folder.iterdir()) if p.name not in listed and p.suffix != ".tmp")
            if left:
                yield Waste(name, "/".join([fingerprint, *drop]), "left by a build that was killed", left)


def _left_elsewhere(lake: Lake) -> Iterator[Waste]:
    """Releases that were not finished, temporary files, and journals of another format."""
    here, old = scratch(lake.root), time.time() - SETTLED
    spills = (path for path in (here / "tmp").glob("*") if not is_used(path))
    temporary = [path for path in (*here.glob("**/.*.tmp"), *spills) if path.stat().st_mtime < old]
    journal = Journal(here / "journal").file.name
    journals = [path for path in (here / "journal").glob("calls-*") if not path.name.startswith(journal)]
    for why, paths in (
        ("a release that was not finished", unfinished(lake.root)),
        ("a temporary file of a build that was killed", sorted(temporary)),
        ("replies in a format that is not read any more", sorted(journals)),
    ):
        for path in paths:
            yield Waste("", _within(lake, path), why, (path,))


def _pieces(lake: Lake) -> Iterator[tuple[Path, dict[str, Any] | None]]:
    """The folder of every piece, finished or not, with its manifest."""
    for name in sorted(TABLES):
        for folder in _folders(lake.root / "tables" / name):
            for each in (folder, *_folders(folder)):
                manifest = read_json(each / "manifest.json")
                if manifest is None or "parts" in manifest:  # the manifest of an index lists none
                    yield each, manifest


def _folders(path: Path) -> list[Path]:
    return sorted(each for each in path.glob("*") if each.is_dir())


def _files(path: Path) -> Iterator[Path]:
    yield from (each for each in path.rglob("*") if each.is_file()) if path.is_dir() else (path,)
