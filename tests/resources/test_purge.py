"""A purged release: issued again without what was taken down, its data gone, its story told by a tombstone."""

import json
from pathlib import Path

import pytest

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.errors import PurgedRelease
from dataset_build.release.explain import render, story
from dataset_build.release.reader import open_release, releases, tags
from dataset_build.release.verify import verify_lake
from resources import purge as purging
from resources.lake import Lake
from resources.people import take_down
from resources.purge import NothingToPurge, purge
from resources.release_tags import move_tag
from tests.bucket import copied, lake_at
from tests.pictures import put


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release 1 with three images, of which one is to be taken down, and 2 with one more."""
    folder = tmp_path_factory.mktemp("purge")
    for number in range(3):
        put(folder / f"scrape/{number}.png", seed=number, text="red hat")
    put(folder / "scrape/copy.png", seed=0, text="red hat")
    build(lake_at(folder / "lake"), Config(), [folder / "scrape"])
    put(folder / "scrape/new.png", seed=7, text="hat")
    build(lake_at(folder / "lake"), Config(), [])
    return lake_at(folder / "lake")


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Lake:
    lake = Lake(copied(made, tmp_path / "lake"), Config())
    move_tag(lake.root, "production", "1")
    take_down(lake, "image", "0.png", "asked by the artist")
    return lake


def test_a_purge_reissues_deletes_and_tells(lake: Lake) -> None:
    assert purge(lake, "production") == ("3", 1)
    assert sorted(path.name for path in (lake.root / "releases/1").iterdir()) == [
        "manifest.json",
        "manifest.sha256",
        "tombstone.json",
    ]
    with pytest.raises(PurgedRelease, match=r"\(asked by the artist\); release 3 holds what is left of it"):
        open_release("1", lake.root)
    assert tags(lake.root) == {"latest": "2", "production": "3"}
    with open_release("production", lake.root) as release:
        assert sorted(release.arrow("images")["uri"].to_pylist()) == ["1.png", "2.png"]
        rows = {
            row["uri"]: (row["stage"], row["reason"], row["detail"]) for row in release.arrow("rejects").to_pylist()
        }
        told = render(story(release, "0.png"))
        assert (release.manifest["parent"], release.manifest["reissue_of"]) == ("1", "1")
        assert release.manifest["notes"] == "release 1 without 1 images that were taken down"
        assert "text" in release.manifest["skipped"]
        assert "text" not in [stage["stage"] for stage in release.manifest["stages"]]
        assert [s["rejected"] for s in release.manifest["stages"] if s["stage"] == "takedown"] == [{"image": 2}]
    words = ("takedown", "image", "asked by the artist")
    assert {uri: rows[uri] for uri in ("0.png", "copy.png")} == {"0.png": words, "copy.png": words}
    assert "taken down by take-down 1: asked by the artist" in told
    assert "left out of release 3" in told
    assert verify_lake(lake.root) == {"1": [], "2": [], "3": [], "": []}
    with pytest.raises(NothingToPurge, match="release 3 holds no image that is taken down"):
        purge(lake, "3")


def test_the_latest_can_be_purged_and_builds_go_on(lake: Lake) -> None:
    assert purge(lake, "latest", "2b") == ("2b", 1)
    assert tags(lake.root) == {"latest": "2b", "production": "1"}
    assert build(lake.root, Config(), []).release is not None
    last = releases(lake.root)[-1]
    assert (last["version"], last["parent"], tags(lake.root)["latest"]) == ("4", "2b", "4")


def test_an_interrupted_purge_is_finished_by_another(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(purging, "write_json", stop)
    with pytest.raises(KeyboardInterrupt):
        purge(lake, "1")
    assert [manifest["version"] for manifest in releases(lake.root)] == ["1", "2", "3"]
    monkeypatch.undo()
    monkeypatch.setattr(purging, "_delete_data", stop)
    with pytest.raises(KeyboardInterrupt):
        purge(lake, "1")
    assert verify_lake(lake.root)["1"][0].endswith("data of a purged release; run `release purge 1` again")
    monkeypatch.undo()
    assert purge(lake, "1") == ("3", 0)
    assert verify_lake(lake.root) == {"1": [], "2": [], "3": [], "": []}
    assert json.loads((lake.root / "releases/1/tombstone.json").read_text())["successor"] == "3"
