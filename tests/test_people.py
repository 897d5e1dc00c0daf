"""What people say holds: what is taken down is gone, overrides win over rules, and lineage tells of both."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.explain import render, story
from dataset_build.release.reader import open_release
from dataset_build.takedowns import BadValue
from resources import images
from resources.lake import Lake
from resources.people import NotFound, find_image, held_by, images_of, lift, override, take_down
from tests.bucket import copied, lake_at
from tests.pictures import picture, put


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures, a smaller copy of the first, and one that is too small."""
    folder = tmp_path_factory.mktemp("people")
    for number in range(3):
        put(folder / "scrape" / f"{number}.png", seed=number, text="red hat")
    picture(0).resize((310, 232)).save(folder / "scrape/copy.png")
    (folder / "scrape/copy.txt").write_text("red hat")
    put(folder / "scrape/small.png", seed=9, text="tiny", size=(150, 150))
    build(lake_at(folder / "lake"), Config(), [folder / "scrape"])
    return lake_at(folder / "lake")


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Lake:
    return Lake(copied(made, tmp_path / "lake"), Config())


def kept(lake: Lake) -> list[str]:
    with open_release(lake=lake.root) as release:
        return sorted(release.arrow("images")["uri"].to_pylist())


def told(lake: Lake, image: str) -> str:
    with open_release(lake=lake.root) as release:
        return render(story(release, image))


def rejects(lake: Lake) -> dict[str, tuple[str, str, str | None]]:
    with open_release(lake=lake.root) as release:
        rows = release.arrow("rejects").to_pylist()
    return {row["uri"]: (row["stage"], row["reason"], row["detail"]) for row in rows if row["stage"] != "source"}


def test_a_take_down_leaves_the_next_release_with_its_copies_and_is_listed_for_the_old(lake: Lake) -> None:
    assert kept(lake) == ["0.png", "1.png", "2.png"]
    row = take_down(lake, "image", "copy.png", "asked by\nthe artist")
    assert (row["number"], row["reason"], images_of(lake), held_by(lake)) == (
        1,
        "asked by the artist",
        {1: 2},
        {1: {"1": 1}},
    )
    assert take_down(lake, "image", "copy.png", "again")["number"] == 1
    assert build(lake.root, Config(), []).release is not None
    assert kept(lake) == ["1.png", "2.png"]
    gone = {uri: fate for uri, fate in rejects(lake).items() if fate[0] == "takedown"}
    words = "asked by the artist"
    assert gone == {"0.png": ("takedown", "similar", words), "copy.png": ("takedown", "image", words)}
    assert "by hand\n  taken down by take-down 1: asked by the artist\n" in told(lake, "0.png")
    assert held_by(lake) == {1: {"1": 1}}
    lift(lake, 1, "a mistake")
    assert build(lake.root, Config(), []).twin == "1"


def test_a_taken_down_image_is_drawn_no_more(lake: Lake) -> None:
    ids = [find_image(lake, name) for name in ("0.png", "copy.png", "1.png")]
    assert len(images.read_images(lake, ids)) == 3
    take_down(lake, "image", "0.png", "r")
    assert list(images.read_images(lake, ids)) == ids[2:]


def test_a_take_down_is_remembered_by_its_phash_when_its_drop_is_gone(tmp_path: Path, lake: Lake) -> None:
    take_down(lake, "image", "0.png", "r")
    lake.drops.remove("scrape.loose")
    picture(0).save(tmp_path / "other.jpg")
    put(tmp_path / "new/1.png", seed=5, text="new hat")
    Image.open(tmp_path / "other.jpg").resize((640, 480)).save(tmp_path / "new/0.webp")
    (tmp_path / "new/0.txt").write_text("red hat")
    build(lake.root, Config(), [tmp_path / "new"])
    assert kept(lake) == ["1.png"]
    assert rejects(lake)["0.webp"][:2] == ("takedown", "similar")


def test_overrides_win_over_rules_and_are_told(lake: Lake) -> None:
    override(lake, "small.png", "keep", "it is meant to be small")
    override(lake, "1.png", "reject", "off topic")
    override(lake, "copy.png", "keep", "another scan")
    build(lake.root, Config(), [])
    assert kept(lake) == ["0.png", "2.png", "copy.png", "small.png"]
    assert rejects(lake) == {"1.png": ("override", "rejected_by_hand", "off topic")}
    assert "by hand\n  keep: it is meant to be small\n" in told(lake, "small.png")
    assert "judged\n  passed     source, takedown, broken, content, size, aspect" in told(lake, "2.png").replace(
        "override, ", ""
    )
    for name in ("small.png", "1.png", "copy.png"):
        override(lake, name, "clear", "no more")
    assert build(lake.root, Config(), []).twin == "1"


def test_a_rejected_keeper_leaves_its_place_to_its_copy(lake: Lake) -> None:
    override(lake, "0.png", "reject", "watermark")
    build(lake.root, Config(), [])
    assert kept(lake) == ["1.png", "2.png", "copy.png"]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("image", "9.png", "no image '9.png' in"),
        ("image", ".png", "no image '.png' in"),
        ("phash", "12", "'12' is no phash: 16 hex digits"),
        ("url", "*://*/*", "would fit almost any address"),
        ("source_id", " ", "'' is no source_id"),
    ],
)
def test_what_can_not_be_taken_down_is_said(lake: Lake, kind: Any, value: str, message: str) -> None:
    with pytest.raises((NotFound, BadValue), match=message):
        take_down(lake, kind, value, "r")
    assert lake.count("takedowns") == 0
