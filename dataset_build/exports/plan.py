"""What an export is to hold, and whether a folder may be used for it."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dataset_build.exports.errors import ExportError
from dataset_build.exports.formats import Format
from dataset_build.exports.samples import Mode
from dataset_build.fingerprint import digest
from dataset_build.mixes import DEFAULT, load_mix, parameters
from dataset_build.release.reader import Release

MANIFEST = "export.json"
STATE = ".export"  # what is finished, while the export isn't
PLAN = "plan.json"

Plan = dict[str, Any]


@dataclass(frozen=True)
class Wish:
    """What is to be exported, and how. Equal wishes over equal releases give equal bytes."""

    mix: str = DEFAULT
    settings: tuple[str, ...] = ()  # name=value, over the mix's defaults
    where: str | None = None  # an SQL expression over the release's images
    limit: int | None = None  # rows at most, the first by image id
    mode: Mode | None = None  # the format's first when null
    rows: int | None = None  # in a shard; the format's own when null
    root: str | None = None  # where the folder will lie for its consumer; where it is written when null


def plan_of(release: Release, name: str, form: Format, wish: Wish, taken_down: Collection[str] = ()) -> Plan:
    """The wish with all defaults filled in, and which images are taken down. Raises ExportError or BadMix."""
    mode = wish.mode or form.modes[0]
    if mode not in form.modes:
        raise ExportError(f"{name} can't hold images by {mode}; it can by {' or '.join(form.modes)}")
    mix = load_mix(wish.mix)
    return {
        "format": name,
        "release": release.version,
        "content": release.manifest["content"],
        "mix": wish.mix,
        "mix_sha256": hashlib.sha256(mix.text.encode()).hexdigest(),
        "parameters": parameters(mix, wish.settings),
        "where": wish.where,
        "limit": wish.limit,
        "images": mode,
        "shard_rows": wish.rows or form.rows,
        "root": wish.root,
        "taken_down": digest(sorted(taken_down)) if taken_down else None,
        "code": version("dataset-build"),
    }


def check(out: Path, plan: Plan, resume: bool) -> dict[str, Any] | None:
    """Check that the folder may be used; returns the manifest when this very export is finished in it already.

    Raises ExportError when the folder is not empty, or with `resume` when something else was begun in it.
    """
    if out.exists() and any(out.iterdir()):
        if not resume:
            raise ExportError(f"{out} is not empty: name a new folder, or go on with --resume")
        finished = read_json(out / MANIFEST)
        _check_same(out, plan, finished["plan"] if finished else read_json(out / STATE / PLAN))
        if finished:
            return finished
    return None


def _check_same(out: Path, plan: Plan, begun: Plan | None) -> None:
    if begun is None:
        raise ExportError(f"{out} holds no export to go on with; name a new folder")
    if different := [key for key in plan if begun.get(key) != plan[key]]:
        raise ExportError(f"another export was begun in {out}: {', '.join(different)} differ; name a new folder")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; null when there is no such file."""
    try:
        value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return value
