"""Views that a process keeps: what they give is what they would give if they were made each time."""

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.release.reader import releases
from resources.kept import KEPT, kept_file
from resources.lake import Lake
from resources.preview import Draft
from tests.bucket import IN_BUCKETS

pytestmark = pytest.mark.skipif(IN_BUCKETS, reason="looks at files of the lake")


@pytest.fixture
def lake(built: Path, tmp_path: Path) -> Lake:
    return Lake(Path(shutil.copytree(built, tmp_path / "lake")), Config())


def rows(lake: Lake, view: str) -> list[str]:
    return sorted(map(str, lake.view(view).to_pylist()))


def made_anew(lake: Lake, view: str) -> list[str]:
    each_time = Lake(lake.root, lake.config)
    each_time.keeps_views = False
    return rows(each_time, view)


@pytest.mark.parametrize("view", sorted(KEPT))
def test_a_kept_view_follows_the_lake(lake: Lake, view: str) -> None:
    drop = lake.drops.active()[0].name
    whole = rows(lake, view)
    assert whole == rows(lake, view) == made_anew(lake, view)
    lake.drops.remove(drop)
    less = rows(lake, view)
    assert less == made_anew(lake, view)
    assert (less != whole) == (view == "current_facts")  # the others follow from tables that are not made again here
    lake.drops.restore(drop)
    assert rows(lake, view) == whole


def test_what_is_kept_is_not_made_again(lake: Lake) -> None:
    count = lake.count("current_facts")
    file = kept_file(lake.root, "current_facts", lake.version("current_facts"))
    assert pa.parquet.read_metadata(file).num_rows == count


def test_a_draft_keeps_nothing_as_its_tables_lie_in_memory(lake: Lake) -> None:
    draft = Draft(lake.root, Config.model_validate({"rules": {"min_side": 300}}))
    assert draft.count("caption_inputs") < lake.count("caption_inputs")
    assert lake.count("caption_inputs") == Lake(lake.root, Config()).count("caption_inputs")


def test_a_release_is_the_same_whether_views_are_kept_or_made_each_time(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stricter, contents = Config.model_validate({"rules": {"min_side": 300}}), [releases(built)[0]["content"]]
    for keeps in (True, False):
        monkeypatch.setattr(Lake, "keeps_views", keeps)
        outcome = build(Path(shutil.copytree(built, tmp_path / str(keeps))), stricter, [])
        assert outcome.release is not None
        contents.append(outcome.release["content"])
    before, kept, made_anew = contents
    assert before != kept == made_anew
