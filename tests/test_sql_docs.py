"""The questions in docs/sql.md: every query is run, and gives what the page says."""

import re
from pathlib import Path

import pytest

from dataset_build.build import build
from dataset_build.config import Config, load_config
from dataset_build.release.across import Releases
from dataset_build.release.diff import diff, diff_page
from dataset_build.release.gallery import gallery
from dataset_build.release.query import render_rows, run_sql
from dataset_build.release.reader import open_release
from resources.annotations import import_annotations
from resources.images import jpegs
from resources.lake import Lake
from resources.people import take_down
from tests.bucket import copied

PAGE = (Path(__file__).parents[1] / "docs" / "sql.md").read_text("utf-8")
QUESTION = re.compile(r"^### (.+?)$.*?^```sql( --all)?\n(.*?)^```\n\n```csv\n(.*?)^```", re.M | re.S)
QUESTIONS = QUESTION.findall(PAGE)


def block(name: str) -> str:
    """The indented lines after the name of a file."""
    (text,) = re.findall(rf"^`{re.escape(name)}`:\n\n((?:    .*\n|\n(?=    ))+)", PAGE, re.M)
    return re.sub(r"^    ", "", str(text), flags=re.M)


@pytest.fixture(scope="module")
def lake(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's release, and the second one that the page describes."""
    folder = tmp_path_factory.mktemp("twice")
    root = copied(built, folder / "lake")
    for name in ("captions.csv", "second.toml"):
        (folder / name).write_text(block(name))
    held = Lake(root, Config())
    take_down(held, "image", "photos/2025/DSC_00207.jpg", "its owner asked for it")
    import_annotations(held, folder / "captions.csv")
    build(root, load_config(folder / "second.toml"), [])
    return root


def test_there_are_many_and_each_has_an_answer() -> None:
    assert len(QUESTIONS) >= 15
    assert len(QUESTIONS) == PAGE.count("\n### ") == PAGE.count("```sql")


@pytest.mark.parametrize(("every", "query", "answer"), [q[1:] for q in QUESTIONS], ids=[q[0] for q in QUESTIONS])
def test_a_question(lake: Path, every: str, query: str, answer: str) -> None:
    with Releases(lake) if every else open_release(lake=lake) as opened:
        assert render_rows(run_sql(opened, query), "csv") == answer


def test_a_query_is_a_page_too(lake: Path) -> None:
    with open_release(lake=lake) as opened:
        assert len(gallery(opened, "from rejects where reason = 'blurred'").sections[0].cards) == 17


def test_what_is_taken_down_is_not_shown(lake: Path) -> None:
    page = diff_page(diff(lake, "1", "2", limit=10))
    removed = {card.title: card.image_ids[0] for card in page.sections[0].cards}
    shown = jpegs(Lake(lake, Config()), list(removed.values()))
    assert set(removed.values()) - set(shown) == {removed["photos/2025/DSC_00207.jpg"]}
