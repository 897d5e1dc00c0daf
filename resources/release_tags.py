"""Set the names that move from release to release. No release is touched by it."""

from pathlib import Path

from dataset_build.errors import UserError
from dataset_build.release.errors import BadVersion
from dataset_build.release.reader import check_version, releases, resolve, tags
from dataset_build.release.tags import LATEST, tag_file
from resources.storage import write_json


def move_tag(root: Path, name: str, version: str) -> str:
    """Let a tag, new or not, mean a release, itself given by version or tag. Returns the release's version."""
    check_version(name, "tag")
    manifests, found = releases(root), resolve(version, root)
    if name in {manifest["version"] for manifest in manifests}:
        raise BadVersion(f"a tag can't be called {name!r}: a release is")
    if "tombstone" in found:
        raise BadVersion(f"release {version} was purged; name {found['tombstone']['successor']}, which stands for it")
    write_json(tag_file(root, name), {"version": found["version"], "sequence": manifests[-1]["sequence"]})
    return str(found["version"])


def roll_back(root: Path, version: str, name: str = LATEST) -> str:
    """Let a tag mean an earlier release than now. No data is touched. Returns the version that it meant before."""
    if name not in tags(root):
        raise UserError(f"no tag {name!r}; `release tag {name} VERSION` makes one")
    before, after = resolve(name, root), resolve(version, root)
    if after["sequence"] >= before["sequence"]:
        raise UserError(f"{name} means release {before['version']}, which is no newer; use `release tag`")
    move_tag(root, name, version)
    return str(before["version"])


def delete_tag(root: Path, name: str) -> None:
    """Forget a tag that was set by hand; `latest` means the newest release again."""
    if not tag_file(root, name).exists():
        raise UserError(f"no tag {name!r} was set")
    tag_file(root, name).unlink()
