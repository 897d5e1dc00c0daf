"""A preview says what a build would do, and does nothing."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dataset_build.build import build
from dataset_build.config import Config, ConfigError, with_settings
from dataset_build.errors import UserError
from resources import images
from resources.lake import Lake
from resources.preview import NeedsFacts, preview, sheet
from tests.bucket import lake_at
from tests.pictures import put

CHANGES = ["rules.min_side=230", "duplicates.radius=0", 'corpus.rules=["cluster_cap"]', "cluster_cap.by=source"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pictures of three sizes, one without a text, and a smaller copy."""
    folder = tmp_path_factory.mktemp("preview")
    for number, size in enumerate([(320, 240), (320, 240), (320, 220), (320, 210), (320, 190)]):
        put(folder / "scrape" / f"{number}.png", seed=number, text="red, hat" if number else None, size=size)
    with Image.open(folder / "scrape" / "1.png") as picture:
        picture.resize((310, 232)).save(folder / "scrape" / "copy.png")
    build(lake_at(folder / "lake"), Config(), [folder / "scrape"])
    return lake_at(folder / "lake")


def snapshot(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def counts(root: Path, *settings: str) -> dict[tuple[str, str], tuple[int, int]]:
    found, _ = preview(root, Config(), settings)
    rows = found.stages.to_pylist()
    return {(row["stage"], row["reason"]): (row["now"], row["changed"]) for row in rows if row["reason"]}


def test_it_counts_what_each_stage_rejects_now_and_then(lake: Path) -> None:
    found = counts(lake, "rules.min_side=215", "duplicates.radius=0", "duplicates.confirm=2")
    assert found[("size", "too_small")] == (1, 2)
    assert found[("duplicate", "near_duplicate")] == (1, 0)
    assert found[("caption", "no_caption")] == (1, 1)


def test_it_agrees_with_the_build(tmp_path: Path) -> None:
    for number in range(6):
        put(tmp_path / "scrape" / f"{number}.png", seed=number, text="red", size=(320, 200 + 10 * number))
    root = lake_at(tmp_path / "lake")
    build(root, Config(), [tmp_path / "scrape"])
    changes = [*CHANGES, "cluster_cap.cap=2", "caption_rules.min_characters=4"]
    _, draft = preview(root, Config(), changes)
    config = with_settings(Config(), changes)
    build(root, config, [])
    built = Lake(root, config).table("outcomes").sort_by("image_id")
    assert draft.table("outcomes").sort_by("image_id") == built
    assert built.column("reason").to_pylist().count("cluster_cap") == 1
    back, _ = preview(root, config, ["rules.min_side=200", "cluster_cap.cap=9"])
    assert back.changes.num_rows == 4


def test_it_reads_no_pixel_and_writes_nothing(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("no pixel is to be read")

    monkeypatch.setattr(images, "read_images", refuse)
    before = snapshot(lake)
    counts(lake, *CHANGES)
    assert snapshot(lake) == before


def test_images_that_come_in_count_as_kept_until_they_are_captioned(lake: Path) -> None:
    found, draft = preview(lake, Config(), ["rules.min_side=100"])
    assert found.to_caption == 1
    assert [(row["comes_in"], row["reason"]) for row in found.changes.to_pylist()] == [(True, "too_small")]
    assert Image.open(io.BytesIO(sheet(draft, found.changes))).size == (104, 118)


def test_what_does_not_change_is_shared_with_what_is_stored(lake: Path) -> None:
    _, draft = preview(lake, Config(), ["caption_rules.min_characters=40"])
    assert set(draft.held) == {"caption_failures", "caption_verdicts", "outcomes_now", "outcomes_changed"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["images.max_pixels=1"], r"images.max_pixels=1: needs new facts \(occurrences, image_facts\)"),
        (["rules.min_side=1", "captions.max_tags=1"], r"^captions.max_tags=1: needs new facts \(captions\)"),
        (["duplicates.radius=60", "duplicates.widest_radius=60"], "^duplicates.widest_radius=60: needs new facts"),
    ],
)
def test_settings_that_need_new_facts_are_named(lake: Path, settings: list[str], message: str) -> None:
    with pytest.raises(NeedsFacts, match=message):
        preview(lake, Config(), settings)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rules.min_sid=1", "rules.min_sid: no such setting; did you mean rules.min_side?"),
        ("zebra.x=1", "zebra.x: no such setting; `dataset-build init` writes a file that explains all of them"),
        ("rules=1", "'rules=1': write a setting as section.key=value, such as rules.min_side=300"),
        ("rules.min_side", "'rules.min_side': write a setting as section.key=value, such as rules.min_side=300"),
        ("rules.min_side=-1", "rules.min_side: Input should be greater than or equal to 0 (got -1)"),
        ("rules.min_side=big", "rules.min_side: Input should be a valid integer, unable to parse string as an integer"),
        ("duplicates.radius=73", "duplicates.radius: Input should be less than or equal to 72 (got 73)"),
    ],
)
def test_a_wrong_setting_is_named_with_the_fix(setting: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        with_settings(Config(), [setting])
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_values_are_written_as_in_toml_and_text_may_stand_bare() -> None:
    changed = with_settings(Config(), ["corpus.rules=['lists']", "cluster_cap.by=source", " rules.max_aspect = 2.5"])
    assert (changed.corpus.rules, changed.cluster_cap.by, changed.rules.max_aspect) == (["lists"], "source", 2.5)
    assert Config().corpus.rules == []


def test_a_lake_without_facts_names_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no facts under this configuration; run `dataset-build build` first"):
        preview(tmp_path / "nothing", Config(), ["rules.min_side=1"])
    assert not (tmp_path / "nothing").exists()
