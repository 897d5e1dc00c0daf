"""Contact sheets: files that a take-down deletes, given out by name and on this machine only."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from dataset_build.build import build
from dataset_build.config import Config
from resources import sheets
from resources.images import jpegs
from resources.lake import Lake
from resources.people import find_image, take_down
from tests.bucket import lake_at
from tests.pictures import put


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    for number in range(3):
        put(tmp_path / f"scrape/{number}.png", seed=number, text="red hat")
    build(lake_at(tmp_path / "lake"), Config(), [tmp_path / "scrape"])
    return Lake(lake_at(tmp_path / "lake"), Config())


def test_a_take_down_deletes_the_sheets_that_show_it_and_new_ones_do_not(lake: Lake) -> None:
    zero, one, two = (find_image(lake, f"{number}.png") for number in range(3))
    with_it, without = sheets.draw(lake, [(zero, ""), (one, "")]), sheets.draw(lake, [(two, "a")])
    drawn = with_it.read_bytes()
    take_down(lake, "image", zero, "r")
    assert [path.name for path in sorted((lake.root / "sheets").glob("*.png"))] == [without.name]
    again = sheets.draw(lake, [(zero, ""), (one, "")])
    assert again.read_bytes() != drawn
    assert lake.table("places_of", image_ids=[zero, one])["image_id"].to_pylist() == [one]


def test_a_sheet_is_drawn_again_only_once_it_is_gone(lake: Lake, tmp_path: Path) -> None:
    picks = [(find_image(lake, "0.png"), "a")]
    path = sheets.draw(lake, picks)
    drawn = path.read_bytes()
    (tmp_path / "scrape/0.png").unlink()
    assert sheets.draw(lake, picks) == path
    path.unlink()
    assert sheets.draw(lake, picks).read_bytes() != drawn


def test_another_picture_that_lies_there_by_now_is_not_shown_for_it(lake: Lake, tmp_path: Path) -> None:
    zero, one = (find_image(lake, f"{number}.png") for number in range(2))
    put(tmp_path / "scrape/0.png", seed=9)
    assert list(jpegs(lake, [zero, one])) == [one]


def test_what_a_build_shows_in_the_ui_lies_in_the_lake(lake: Lake) -> None:
    assert len(list((lake.root / "sheets").glob("*.png"))) >= 1


def test_sheets_are_given_out_by_name_and_nothing_else_is(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "PORT", 0)
    path = sheets.draw(lake, [(find_image(lake, "0.png"), "")])
    with sheets.serving(lake.root) as address:
        with urllib.request.urlopen(f"{address}/{path.name}") as answer:
            assert answer.read() == path.read_bytes()
        for name in (path.stem + ".json", "", "../drops/sources.json", "0" * 16 + ".png"):
            with pytest.raises(urllib.error.HTTPError, match="404") as error:
                urllib.request.urlopen(f"{address}/{name}")
            error.value.close()
