"""A release's manifest: what the release holds, where it came from, and the seal that makes it complete."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.fingerprint import digest
from dataset_build.locations import is_remote
from dataset_build.schemas import RELEASE_TABLES

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
TOMBSTONE = "tombstone.json"
DATABASE = "release.duckdb"
CARD = "README.md"
STATISTICS = "statistics.json"
CROISSANT = "croissant.json"
STAGES = (
    "source", "takedown", "broken", "override", "content", "size", "aspect", "blur", "text", "duplicate", "corpus",
    "caption",
)  # fmt: skip
PACKAGES = ("duckdb", "pyarrow", "pillow", "numpy", "opencv-python-headless", "simplejpeg", "imagehash", "onnxruntime")


def stages(rejects: pa.Table, occurrences: int, order: Sequence[str] = STAGES) -> list[dict[str, Any]]:
    """How many occurrences came into each stage, were rejected there by reason, and went on.

    `rejects` has one row per occurrence left out, with `stage` and `reason`. Stages that `order` doesn't know
    come before the captions. ValueError if more is rejected than was found.
    """
    groups = rejects.group_by(["stage", "reason"]).aggregate([([], "count_all")]).to_pylist()
    groups.sort(key=lambda group: (-group["count_all"], group["reason"]))
    funnel, remaining = [], occurrences
    for stage in _in_order({group["stage"] for group in groups}, order):
        rejected = {group["reason"]: group["count_all"] for group in groups if group["stage"] == stage}
        out = remaining - sum(rejected.values())
        funnel.append({"stage": stage, "in": remaining, "rejected": rejected, "out": out})
        remaining = out
    if remaining < 0:
        raise ValueError(f"{rejects.num_rows} occurrences are rejected, but only {occurrences} were found")
    return funnel


def _in_order(found: Collection[str], order: Sequence[str]) -> list[str]:
    unknown = sorted(set(found) - set(order))
    last = [stage for stage in order if stage == "caption"]
    return [*(stage for stage in order if stage not in last), *unknown, *last]


def files_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Facts about each file of a release that is there."""
    names = (*(f"{table.name}.parquet" for table in RELEASE_TABLES), DATABASE, STATISTICS, CROISSANT, CARD)
    return {name: file_facts(folder / name) for name in names if (folder / name).exists()}


def file_facts(path: Path) -> dict[str, Any]:
    """Bytes and sha256 of a file; of a Parquet file also its rows and the types of its columns."""
    table = _table_facts(path) if path.suffix == ".parquet" else {}
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {**table, "bytes": path.stat().st_size, "sha256": sha256}


def _table_facts(path: Path) -> dict[str, Any]:
    with pq.ParquetFile(path) as file:
        columns = {field.name: str(field.type) for field in file.schema_arrow}
        return {"rows": file.metadata.num_rows, "columns": columns}


def content(files: Mapping[str, Mapping[str, Any]]) -> str:
    """One hash for all rows of a release: releases with equal content hold equal Parquet files."""
    return digest({name: file["sha256"] for name, file in files.items() if name.endswith(".parquet")})


def code() -> dict[str, Any]:
    """What made the release: this package's version, its git commit if it is a checkout, and its libraries."""
    return {
        "version": _version("dataset-build"),
        "git_commit": _git_commit(Path(__file__).parents[2]),
        "packages": {package: _version(package) for package in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_commit(checkout: Path) -> str | None:
    """The commit of a checkout, with -dirty after it when files differ from it; null when it is none."""
    git = shutil.which("git")
    if git is None or not (checkout / ".git").exists():
        return None
    command = [git, "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return result.stdout.strip() or None


def seal(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, then its hash. From then on the release is complete and never changes."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    _write(folder / MANIFEST, text)
    _write(folder / SEAL, f"{hashlib.sha256(text.encode()).hexdigest()}  {MANIFEST}\n")


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a complete release; null when it isn't sealed, or isn't what was sealed.

    A purged release has a `tombstone` besides: why and when its data was deleted, and its successor.
    """
    try:
        text, line = (folder / MANIFEST).read_bytes(), (folder / SEAL).read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    except OSError:
        if is_remote(folder):  # what can't be reached may well be there
            raise
        return None
    if line != f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n":
        return None
    manifest: dict[str, Any] = json.loads(text)
    if (folder / TOMBSTONE).exists():
        manifest["tombstone"] = json.loads((folder / TOMBSTONE).read_bytes())
    return manifest
