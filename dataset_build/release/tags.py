"""Names that move from release to release, such as latest or production."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dataset_build.locations import is_remote, locate
from dataset_build.release.errors import BrokenTag

FOLDER = ".tags"  # no version begins with a dot
LATEST = "latest"

Manifests = Sequence[Mapping[str, Any]]
Tag = dict[str, Any]


def tag_file(lake: str | Path, name: str) -> Path:
    """Where a tag is kept: the version that it means, and the newest sequence at the time when it was set."""
    return (locate(lake) if is_remote(lake) else Path(lake)) / "releases" / FOLDER / f"{name}.json"


def read_tags(lake: str | Path) -> dict[str, Tag]:
    """The tags that were set by hand, by name, each {version, sequence}. Raises BrokenTag."""
    return {file.stem: _read(file) for file in sorted(tag_file(lake, "*").parent.glob("*.json"))}


def _read(file: Path) -> Tag:
    try:
        tag = json.loads(file.read_bytes())
        return {"version": str(tag["version"]), "sequence": int(tag["sequence"])}
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenTag(f"tag {file.stem}: {file} can't be read; set it again by `release tag`") from error


def newest(manifests: Manifests) -> Mapping[str, Any] | None:
    """The release that was made last. What a purge re-issued is older data."""
    return next((each for each in reversed(manifests) if not each.get("reissue_of")), None)


def versions_of(tags: Mapping[str, Tag], manifests: Manifests) -> dict[str, str]:
    """The version that each tag means. A purged release is stood for by its re-issue.

    Publishing moves `latest` without a write: set by hand, it holds until the next release.
    """
    last, meant = newest(manifests), {name: tag["version"] for name, tag in tags.items()}
    if last and not (LATEST in tags and tags[LATEST]["sequence"] >= last["sequence"]):
        meant[LATEST] = last["version"]
    return {name: present(version, manifests) for name, version in sorted(meant.items())}


def present(version: str, manifests: Manifests) -> str:
    """The release itself, or what stands for it since it was purged."""
    successors = {each["version"]: each["tombstone"]["successor"] for each in manifests if "tombstone" in each}
    while version in successors:
        version = successors[version]
    return version
