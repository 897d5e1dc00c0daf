"""Tags: which release each means, moved and rolled back without touching a release."""

from pathlib import Path
from typing import Any

import pytest

from dataset_build.errors import UserError
from dataset_build.release.errors import BadVersion, BrokenTag, PurgedRelease, UnknownRelease
from dataset_build.release.manifest import seal
from dataset_build.release.reader import next_version, open_release, resolve, tags
from resources.release_tags import delete_tag, move_tag, roll_back
from resources.storage import write_json


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for sequence, version in enumerate(("1", "2.0", "b"), 1):
        publish(tmp_path, version, sequence)
    return tmp_path


def publish(root: Path, version: str, sequence: int, **entries: Any) -> None:
    """A manifest is all that tags look at."""
    folder = root / "releases" / version
    folder.mkdir(parents=True)
    seal(folder, {"version": version, "sequence": sequence, **entries})


def test_latest_is_the_newest_until_it_is_set_and_again_after_the_next_release(root: Path) -> None:
    assert tags(root) == {"latest": "b"}
    assert roll_back(root, "1") == "b"
    assert tags(root) == {"latest": "1"}
    assert resolve(None, root)["version"] == "1"
    publish(root, "a", 4)
    assert tags(root) == {"latest": "a"}
    delete_tag(root, "latest")
    assert tags(root) == {"latest": "a"}


def test_a_tag_holds_until_it_is_moved(root: Path) -> None:
    assert move_tag(root, "production", "latest") == "b"
    publish(root, "a", 4)
    assert tags(root) == {"latest": "a", "production": "b"}
    assert roll_back(root, "2.0", "production") == "b"
    assert resolve("production", root)["version"] == "2.0"
    delete_tag(root, "production")
    assert tags(root) == {"latest": "a"}


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (lambda root: move_tag(root, "../x", "1"), "a tag can't be called '../x'"),
        (lambda root: move_tag(root, "1", "b"), "a tag can't be called '1': a release is"),
        (lambda root: move_tag(root, "p", "7"), "no release '7' in .*; there are: 1, 2.0, b; tags: latest"),
        (lambda root: roll_back(root, "b", "p"), "no tag 'p'; `release tag p VERSION` makes one"),
        (lambda root: roll_back(root, "b"), "latest means release b, which is no newer"),
        (lambda root: delete_tag(root, "p"), "no tag 'p' was set"),
    ],
)
def test_what_can_not_be_moved_is_said(root: Path, move: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        move(root)
    assert tags(root) == {"latest": "b"}


def test_a_purged_release_is_stood_for_by_its_reissue_and_latest_does_not_move_to_it(root: Path) -> None:
    move_tag(root, "production", "1")
    publish(root, "4", 4, reissue_of="1")
    write_json(root / "releases/1/tombstone.json", {"successor": "4", "purged_at": "today", "why": "a request"})
    assert tags(root) == {"latest": "b", "production": "4"}
    with pytest.raises(PurgedRelease, match=r"release 1 was purged at today \(a request\); release 4 holds what is"):
        open_release("1", root)
    with pytest.raises(BadVersion, match="release 1 was purged; name 4"):
        move_tag(root, "stable", "1")
    write_json(root / "releases/b/tombstone.json", {"successor": "5", "purged_at": "today", "why": "a request"})
    publish(root, "5", 5, reissue_of="b")
    assert tags(root)["latest"] == "5"


def test_damage_is_named(root: Path) -> None:
    move_tag(root, "production", "1")
    (root / "releases/1/manifest.sha256").unlink()
    with pytest.raises(BrokenTag, match="tag production names release '1', which is not in"):
        resolve("production", root)
    (root / "releases/.tags/production.json").write_text("{")
    with pytest.raises(BrokenTag, match=r"tag production: .*production.json can't be read; set it again"):
        tags(root)


def test_numbers_skip_those_that_are_taken() -> None:
    assert [next_version(taken) for taken in (set(), {"1"}, {"a", "3"}, {"2", "3"})] == ["1", "2", "4", "4"]


def test_an_unknown_release_is_unknown_by_any_name(root: Path) -> None:
    with pytest.raises(UnknownRelease):
        open_release("production", root)
