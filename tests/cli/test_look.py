"""Looking at releases from the command line: the sample, and a second release of it without its grainy photos."""

import json
import re
from pathlib import Path

import pytest

from dataset_build.build import create_release
from dataset_build.config import Config
from tests.bucket import copied
from tests.shell import Shell


@pytest.fixture(scope="module")
def lake(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = copied(built, tmp_path_factory.mktemp("looked") / "lake")
    create_release(root, Config(rules={"min_sharpness": 240}))  # type: ignore[arg-type]
    return root


def test_diff_counts_lists_and_draws(run: Shell, lake: Path) -> None:
    code, out, _ = run("release", "diff", "1", "latest", "--html", "diff.html", "--limit", 3, "--lake", lake)
    assert code == 0
    assert "release 1: 276 images; release 2: 271 images" in out
    assert re.search(r"removed +│ blur: blurred +│ +5 ", out)
    assert "    left out: blur: blurred 56.22 < 240" in out
    html = Path("diff.html").read_text("utf-8")
    assert "Removed: 5 images, the first 3" in html
    assert html.count("data:image/jpeg;base64,") == 3
    assert 'class="missing"' not in html


def test_diff_as_json(run: Shell, lake: Path) -> None:
    _, out, _ = run("release", "diff", "2", "1", "--format", "json", "--lake", lake)
    found = json.loads(out)
    assert found["counts"] == [{"change": "added", "stage": "blur", "reason": "blurred", "images": 5}]
    assert len(found["changes"]) == 5


def test_a_gallery_of_rejects(run: Shell, lake: Path) -> None:
    query = "select image_id, value from rejects where reason = 'near_duplicate' order by uri"
    code, out, _ = run("gallery", query, "--out", "page.html", "--limit", 4, "--lake", lake)
    assert (code, out) == (0, "wrote page.html\n")
    html = Path("page.html").read_text("utf-8")
    assert html.count("data:image/jpeg;base64,") == 4
    assert "the first 4 rows; there are more" in html
    assert html.count("<dt>duplicate of</dt>") == 4


def test_pictures_that_are_gone_show_as_missing(run: Shell, lake: Path, tmp_path: Path) -> None:
    moved = copied(lake, tmp_path / "lake")
    (tmp_path / "empty").mkdir()
    assert run("source", "move", "scrape", tmp_path / "empty", "--lake", moved)[0] == 0
    assert run("gallery", "from images limit 2", "--out", "page.html", "--lake", moved)[0] == 0
    assert Path("page.html").read_text("utf-8").count('class="missing"') == 2


def test_a_query_without_images_writes_nothing(run: Shell, lake: Path) -> None:
    code, _, err = run("gallery", "select 1", "--out", "page.html", "--lake", lake)
    assert code == 2
    assert "no column image_id" in err
    assert not Path("page.html").exists()


def test_statistics_against_the_parent_and_plots(run: Shell, lake: Path) -> None:
    code, out, _ = run("release", "statistics", "--plots", "plots", "--lake", lake)
    assert code == 0
    assert "before" in out
    assert Path("plots/bias.svg").exists()
    _, out, _ = run("release", "statistics", "--format", "json", "--lake", lake)
    blurred = next(row for row in json.loads(out)["reasons"] if row["reason"] == "blurred")
    assert (blurred["occurrences"], blurred["before"]) == (17, 6)


def test_the_release_holds_them_and_is_sound(run: Shell, lake: Path) -> None:
    folder = lake / "releases" / "2"
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert {"statistics.json", "croissant.json"} <= set(files)
    card = (folder / "README.md").read_text("utf-8")
    assert "Before is the count of the parent release." in card
    assert "| blur | blurred | 17 | 6 |" in card
    assert run("release", "verify", "--all", "--lake", lake)[0] == 0


def test_sql_over_all_releases(run: Shell, lake: Path) -> None:
    query = "select release, count(*) as n from images group by 1 order by 1"
    _, out, _ = run("sql", "--all", query, "--format", "csv", "--lake", lake)
    assert out == "release,n\n1,276\n2,271\n"
    assert run("sql", "--all", "--release", "1", "select 1", "--lake", lake)[0] == 2
