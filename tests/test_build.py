"""Whole builds: what is planted is found, what is done is not done again, and nothing is lost."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import dataset_build
from dataset_build import build as building
from dataset_build.build import BuildFailed, Outcome, build
from dataset_build.config import Captions, Config, Rules
from dataset_build.errors import UserError
from dataset_build.images import formats
from dataset_build.release.reader import Release, releases
from dataset_build.sample import Sample
from resources import storage
from resources.engine import LocalEngine
from resources.lake import Lake
from resources.people import override, take_down
from resources.storage import LakeBusy, lock
from tests.bucket import lake_at
from tests.pictures import put

# What becomes of each kind of fault that the sample plants.
FATES = {
    "byte_copy": {"same_bytes"},
    "near_copy": {"near_duplicate"},
    "rewrapped": {"same_pixels"},
    "truncated": {"truncated"},
    "zeroed": {"undecodable"},
    "empty": {"empty"},
    "html": {"not_an_image"},
    "bomb": {"too_many_pixels"},
    "tiny": {"too_small"},
    "wide": {"too_elongated"},
    "blurred": {"blurred"},
    "no_text": {"no_caption"},
    "lone_sidecar": {"not_an_image"},
    "lone_text": {"not_an_image"},
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two folders and a loose file, all to be kept."""
    root = tmp_path / "scrape"
    for number, name in enumerate(("one/a.png", "one/b.jpg", "two/c.png", "d.webp")):
        put(root / name, seed=number, text=f"tag_{number}, red")
    return root


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return lake_at(tmp_path / "lake")


def opened(lake: Path, version: str | None = None) -> Release:
    return dataset_build.open_release(version, lake)


def kept(lake: Path) -> list[str]:
    with opened(lake) as release:
        return sorted(release.arrow("images").column("uri").to_pylist())


def reasons(lake: Path) -> dict[str, str]:
    with opened(lake) as release:
        return {row["uri"]: row["reason"] for row in release.arrow("rejects").to_pylist()}


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def test_every_planted_fault_of_the_sample_is_found_and_nothing_else(sample: Sample, built: Path) -> None:
    with opened(built) as release:
        images, rejects = release.arrow("images").to_pylist(), release.arrow("rejects").to_pylist()
    assert len(images) == sample.pictures
    assert len(images) + len(rejects) == sample.occurrences
    kinds = {path: kind for kind, paths in sample.planted.items() for path in paths}
    for row in rejects:
        place = row["uri"] if row["member"] is None else f"{row['uri']}/{row['member']}"
        if place in kinds and kinds[place] not in ("byte_copy", "near_copy", "rewrapped"):
            assert {row["reason"]} == FATES[kinds[place]], place
    planted = Counter(next(iter(FATES[kind])) for kind in kinds.values())
    assert Counter(row["reason"] for row in rejects) == planted


class InThisProcess:
    """An engine without workers, for what is to be otherwise in this process."""

    def run(self, work: Any, units: Any, **_: Any) -> Iterator[Any]:
        for number, batch in units:
            yield number, work(batch)


def test_of_formats_that_can_be_read_by_now_the_files_are_read_and_no_others(
    source: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = tuple(name for name in formats.allowed() if name != "WEBP")
    with monkeypatch.context() as patch:
        patch.setattr(formats, "allowed", lambda: without)
        build(lake, Config(), [source], engine=InThisProcess())
        assert reasons(lake) == {"d.webp": "unsupported_format"}
        assert build(lake, Config(), [], engine=InThisProcess()).new_drops == []
    outcome = build(lake, Config(), [])
    assert outcome.new_drops == ["scrape.loose.2"]
    files = Lake(lake, Config()).drops.files("scrape.loose.2")
    assert files.column("path").to_pylist() == ["d.txt", "d.webp"]
    assert kept(lake) == ["d.webp", "one/a.png", "one/b.jpg", "two/c.png"]
    assert build(lake, Config(), []).new_drops == []


def test_a_second_build_reads_nothing_and_writes_nothing(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    before = snapshot(lake / "tables") | snapshot(lake / "releases") | snapshot(lake / "drops")
    for path in source.rglob("*.png"):  # had it been read, it would be broken now
        facts = path.stat()
        path.write_bytes(b"x" * facts.st_size)
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert build(lake, Config(), []).release is None
    assert snapshot(lake / "tables") | snapshot(lake / "releases") | snapshot(lake / "drops") == before


def test_a_new_file_is_all_that_is_read_and_captioned(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    put(source / "one/new.png", seed=9, text="hat")
    outcome = build(lake, Config(), [])
    assert outcome.new_drops == ["scrape.one.2"]
    assert kept(lake) == ["d.webp", "one/a.png", "one/b.jpg", "one/new.png", "two/c.png"]
    view = Lake(lake, Config())
    assert view.piece("occurrences", "scrape.one.2").rows == 1
    assert [part.name[:10] for part in view.captions("compose").parts()] == ["part-00000", "part-00001"]
    assert [m["parent"] for m in releases(lake)] == [None, "1"]


def test_a_changed_file_replaces_and_a_vanished_one_leaves(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    put(source / "one/a.png", seed=50)
    (source / "two/c.png").unlink()
    build(lake, Config(), [])
    with opened(lake) as release:
        rows = release.arrow("rejects").to_pylist()
        drops = dict(zip(*(release.arrow("images").column(c).to_pylist() for c in ("uri", "drop")), strict=True))
    assert sorted((row["drop"], row["uri"], row["stage"], row["reason"]) for row in rows) == [
        ("scrape.one", "one/a.png", "source", "replaced"),
        ("scrape.two", "two/c.png", "source", "vanished"),
        ("scrape.two.2", "two/c.txt", "source", "not_an_image"),
    ]
    assert drops == {"one/a.png": "scrape.one.2", "one/b.jpg": "scrape.one", "d.webp": "scrape.loose"}


def test_a_changed_text_brings_a_new_caption_and_no_new_decode(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    (source / "d.txt").write_text("green, tag_3")
    build(lake, Config(), [])
    with opened(lake) as release:
        captions = dict(zip(*(release.arrow("images").column(c).to_pylist() for c in ("uri", "caption")), strict=True))
    assert "green" in captions["d.webp"].lower()
    assert "red" in captions["one/a.png"].lower()
    assert Lake(lake, Config()).captions("compose").rows == 5


def test_captions_of_an_earlier_recipe_stay_and_come_back(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    build(lake, Config(captions=Captions(max_tags=1)), [], engine=Refusing())
    with opened(lake) as release:
        captions = release.arrow("captions").to_pylist()
        shown = set(release.arrow("images").column("caption").to_pylist())
    assert len(captions) == 8
    assert len(shown & {row["caption"] for row in captions}) == 4
    assert all("red" not in caption.lower() for caption in shown)
    build(lake, Config(), [], engine=Refusing())
    with opened(lake) as release:
        assert release.arrow("captions").num_rows == 8
        assert all("red" in caption.lower() for caption in release.arrow("images").column("caption").to_pylist())


def test_a_changed_threshold_reads_no_image(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    outcome = build(lake, Config(rules=Rules(min_side=241)), [], engine=Refusing())
    assert (outcome.failed_drops, kept(lake)) == ({}, [])
    assert set(reasons(lake).values()) == {"too_small"}


def test_chosen_rules_reject_after_duplicates_and_before_captions(source: Path, lake: Path) -> None:
    put(source / "one/copy.png", seed=0, text="art by alice, tag_0")
    build(lake, Config(), [source])
    rules = {"corpus": {"rules": ["cluster_cap", "lists"]}, "cluster_cap": {"by": "source", "cap": 1}}
    build(lake, Config.model_validate(rules), [], engine=Refusing())
    assert len(kept(lake)) == 1
    assert Counter(reasons(lake).values()) == {"same_bytes": 1, "cluster_cap": 3}
    assert Lake(lake, Config()).captions("compose").rows == 4
    changed = {**rules, "lists": {"block_sources": ["scrape"]}}
    build(lake, Config.model_validate(changed), [], engine=Refusing())
    assert Counter(reasons(lake).values()) == {"same_bytes": 1, "source_blocked": 4}


class Refusing:
    """An engine for builds that must not read images."""

    def run(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise AssertionError("no image is to be read")


def test_the_same_scrape_gives_the_same_release_wherever_it_lies_and_whoever_works(
    source: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / source.name
    shutil.copytree(source, elsewhere)
    for root, scrape, workers in ((tmp_path / "a", source, 1), (tmp_path / "b", elsewhere, 2)):
        build(root, Config(), [scrape], engine=LocalEngine(workers))
        override(Lake(root, Config()), "d.webp", "reject", "off topic")
        take_down(Lake(root, Config()), "image", "one/b.jpg", "asked")
        build(root, Config(), [], engine=LocalEngine(workers))
    one, two = (opened(tmp_path / lake, "2") for lake in "ab")
    tables = [name for name in one.manifest["files"] if name.endswith(".parquet")]
    assert len(tables) == 5
    assert {n: one.manifest["files"][n] for n in tables} == {n: two.manifest["files"][n] for n in tables}
    assert one.manifest["content"] == two.manifest["content"]
    for name in tables:
        rows = [release.relation(name.removesuffix(".parquet")).to_arrow_table() for release in (one, two)]
        assert rows[0] == rows[1] == one.arrow(name.removesuffix(".parquet")), name
    one.close()
    two.close()


def test_a_setting_that_changes_nothing_makes_no_release(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    outcome = build(lake, Config(rules=Rules(min_side=100)), [])
    assert outcome.release is None
    assert [m["version"] for m in releases(lake)] == ["1"]
    assert list((lake / "releases").glob(".staging*")) == []


class Interrupted:
    """The local engine, stopped after a number of units."""

    def __init__(self, units: int, error: BaseException) -> None:
        self.units, self.error = units, error

    def run(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, unit in enumerate(LocalEngine(1).run(*args, **kwargs)):
            if number == self.units:
                raise self.error
            yield unit


def many(tmp_path: Path) -> Path:
    root = tmp_path / "scrape"
    for number in range(40):
        put(root / f"{number:02}.png", seed=100 + number, text="red")
    return root


def test_an_interrupted_build_goes_on_where_it_stopped(tmp_path: Path, lake: Path) -> None:
    root = many(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        build(lake, Config(), [root], engine=Interrupted(1, KeyboardInterrupt()))
    view = Lake(lake, Config())
    done = view.piece("occurrences", "scrape.loose")
    assert (done.version, len(list((done.folder / "units").glob("*.parquet")))) == (None, 1)
    assert releases(lake) == []
    counted = Counting()
    build(lake, Config(), [], engine=counted)
    assert counted.rows == 24
    build(lake_at(tmp_path / "undisturbed"), Config(), [root])
    assert releases(lake)[0]["content"] == releases(lake_at(tmp_path / "undisturbed"))[0]["content"]


class Counting:
    """The local engine, counting rows."""

    rows = 0

    def run(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for number, batch in LocalEngine(1).run(*args, **kwargs):
            self.rows += batch.num_rows
            yield number, batch


@pytest.mark.parametrize("write", [3, 7, 12, 20, 26])
def test_a_full_disk_loses_nothing_and_leaves_nothing_half_written(
    write: int, tmp_path: Path, lake: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_sync", filling(write, storage._sync))
    with pytest.raises((BuildFailed, OSError), match="No space left on device"):
        raise_failures(build(lake, Config(), [source]))
    monkeypatch.undo()
    assert [path for path in lake.rglob("*.tmp") if path.is_file()] == []
    build(lake, Config(), [source])
    build(lake_at(tmp_path / "undisturbed"), Config(), [source])
    assert releases(lake)[-1]["content"] == releases(lake_at(tmp_path / "undisturbed"))[0]["content"]


def filling(room: int, sync: Callable[[Path], None]) -> Callable[[Path], None]:
    """A disk that is full after a number of writes."""
    left = [room]

    def full(path: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device", str(path))
        sync(path)

    return full


def raise_failures(outcome: Outcome) -> None:
    for reason in outcome.failed_drops.values():
        raise BuildFailed(reason)


def test_a_drop_that_fails_holds_back_no_other_and_is_named(source: Path, lake: Path) -> None:
    outcome = build(lake, Config(), [source], engine=FailingOn("two/c.png"))
    assert list(outcome.failed_drops) == ["scrape.two"]
    assert "RuntimeError: the network went away" in outcome.failed_drops["scrape.two"]
    assert releases(lake)[0]["failed_drops"] == ["scrape.two"]
    assert kept(lake) == ["d.webp", "one/a.png", "one/b.jpg"]
    assert build(lake, Config(), []).failed_drops == {}
    assert kept(lake) == ["d.webp", "one/a.png", "one/b.jpg", "two/c.png"]
    assert releases(lake)[1]["failed_drops"] == []


class FailingOn:
    """The local engine, failing on a drop that holds a file."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def run(self, work: Any, units: Any, **kwargs: Any) -> Iterator[Any]:
        batches = list(units)
        if any(self.uri in batch.column("uri").to_pylist() for _, batch in batches):
            raise RuntimeError("the network went away")
        yield from LocalEngine(1).run(work, batches, **kwargs)


def test_a_removed_drop_leaves_the_next_release(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    Lake(lake, Config()).drops.remove("scrape.two")
    build(lake, Config(), [])
    assert kept(lake) == ["d.webp", "one/a.png", "one/b.jpg"]
    Lake(lake, Config()).drops.restore("scrape.two")
    assert build(lake, Config(), []).release is None or len(kept(lake)) == 4


def test_one_build_at_a_time(source: Path, lake: Path) -> None:
    with lock(lake / ".lock", "testing"), pytest.raises(LakeBusy, match=r"in use by process \d+ \(testing\)"):
        build(lake, Config(), [source])


def test_a_build_needs_a_source(lake: Path) -> None:
    with pytest.raises(UserError, match="knows no source yet; give --source a folder of images"):
        build(lake, Config(), [])


def test_the_same_image_in_two_drops_is_kept_once_with_all_its_words(tmp_path: Path, lake: Path) -> None:
    root = tmp_path / "scrape"
    put(root / "a/x.png", seed=1, text="hat")
    put(root / "b/y.png", seed=1, text="scarf")
    build(lake, Config(), [root])
    with opened(lake) as release:
        (image,) = release.arrow("images").to_pylist()
        (reject,) = release.arrow("rejects").to_pylist()
        (story,) = release.arrow("lineage").to_pylist()
    assert (image["uri"], sorted(image["tags"])) == ("a/x.png", ["hat", "scarf"])
    assert (reject["uri"], reject["reason"], reject["duplicate_of"]) == ("b/y.png", "same_bytes", image["image_id"])
    assert [place["uri"] for place in story["occurrences"]] == ["a/x.png", "b/y.png"]


def test_the_ui_is_told_where_columns_come_from(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    with building.open_instance(lake) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("image_texts"))
    assert event is not None and event.asset_materialization is not None
    lineage = event.asset_materialization.metadata["dagster/column_lineage"].value
    assert lineage.deps_by_column["ratings"] == [dg.TableColumnDep(dg.AssetKey("occurrences"), "rating")]


def test_the_ui_is_shown_histograms_with_their_thresholds(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    shown = {
        "image_verdicts": ("shorter_side", "aspect", "sharpness", "contrast", "text_area"),
        "duplicates": ("distance", "correlation"),
    }
    with building.open_instance(lake) as instance:
        for asset, names in shown.items():
            event = instance.get_latest_materialization_event(dg.AssetKey(asset))
            assert event is not None and event.asset_materialization is not None
            for name in names:
                text = event.asset_materialization.metadata[name].value
                assert str(text).startswith("!["), name
                assert "(data:image/png;base64," in str(text)
