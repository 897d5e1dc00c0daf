"""Imports are kept by content, the latest counts, and each makes tables of its own."""

import os
from pathlib import Path

import pytest

from dataset_build.build import build
from dataset_build.config import Config, Tags
from dataset_build.release.reader import open_release
from dataset_build.tags.vocabulary import VocabularyError
from resources.lake import Lake
from resources.tags import meaning, statements_about, tag_counts, update_vocabulary
from resources.vocabularies import Vocabularies, with_pins
from tests.bucket import lake_at
from tests.pictures import put


@pytest.fixture
def held(tmp_path: Path) -> Vocabularies:
    return Vocabularies(lake_at(tmp_path / "lake"))


def csv(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.csv"
    file.write_text(text, "utf-8")
    return file


def test_a_content_is_imported_once_and_the_latest_import_counts(held: Vocabularies, tmp_path: Path) -> None:
    one = held.add(csv(tmp_path, "v", "hat,0,1,\n"))
    before = {path: path.stat().st_mtime_ns for path in held.tables.rglob("*") if path.is_file()}
    assert held.add(csv(tmp_path, "same", "hat,0,1,\n"), "v")["fingerprint"] == one["fingerprint"]
    assert {path: path.stat().st_mtime_ns for path in held.tables.rglob("*") if path.is_file()} == before
    two = held.add(csv(tmp_path, "v", "cap,0,1,\n"))
    assert held.pinned("v") == f"v@{two['fingerprint']}"
    assert held.pinned(f"v@{one['fingerprint'][:6]}") == f"v@{one['fingerprint']}"
    assert held.statements(held.pinned("v")).column("tag").to_pylist() == ["cap"]
    held.add(csv(tmp_path, "v", "hat,0,1,\n"))
    assert held.pinned("v") == f"v@{one['fingerprint']}"
    assert [each["name"] for each in held.all()] == ["v"]


def test_several_stand_side_by_side(held: Vocabularies, tmp_path: Path) -> None:
    held.add(csv(tmp_path, "names", "hat,0,1,\n"))
    held.add(csv(tmp_path, "implications", "red_hat,hat\n"), kind="implications")
    lake = Lake(lake_at(tmp_path / "lake"), Config(tags=Tags(vocabularies=["names", "implications"])))
    rows = update_vocabulary(lake).batches()
    assert [(row["spelling"], row["vocabulary"], row["implied"]) for batch in rows for row in batch.to_pylist()] == [
        ("hat", "names", []),
        ("red_hat", "implications", ["hat"]),
    ]
    assert [(row["vocabulary"], row["kind"]) for row in statements_about(lake, "hat")] == [
        ("implications", "implication"),
        ("names", "name"),
    ]
    found = meaning(lake, "red_hat")
    assert found and found["tag"] == "red_hat"
    assert meaning(lake, "unheard_of") is None


def test_a_vocabulary_that_is_not_there_is_named_with_the_command_that_imports_it(
    held: Vocabularies, tmp_path: Path
) -> None:
    held.add(csv(tmp_path, "v", "hat,0,1,\n"))
    message = (
        r"^tags.vocabularies names 'w', which the lake doesn't hold \(it holds: v\); "
        "`dataset-build vocabulary import FILE --name w` imports it$"
    )
    with pytest.raises(VocabularyError, match=message):
        with_pins(Config(tags=Tags(vocabularies=["w"])), lake_at(tmp_path / "lake"))
    with pytest.raises(VocabularyError, match="names 'v@zz'"):
        held.pinned("v@zz")


def test_a_bad_file_is_named_and_leaves_nothing(held: Vocabularies, tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"no file .*none\.csv"):
        held.add(tmp_path / "none.csv")
    with pytest.raises(VocabularyError, match=r"bad\.csv: no usable line among 1"):
        held.add(csv(tmp_path, "bad", "no tags here"))
    assert held.all() == []


def test_another_import_tags_again_and_the_same_one_does_not(held: Vocabularies, tmp_path: Path) -> None:
    source = tmp_path / "scrape"
    put(source / "a.png", seed=1, text="red_cap, scarf")
    lake = lake_at(tmp_path / "lake")
    config = Config(tags=Tags(vocabularies=["v"], implied="add"))
    held.add(csv(tmp_path, "v", "red_hat,0,1,red_cap\n"))
    build(lake, config, [source])
    assert tags_of(lake) == [("red_hat", "general", "alias"), ("scarf", "general", "given")]
    view = Lake(lake, config)
    assert tag_counts(view, view.piece("tags", "scrape.loose")) == (
        {"alias": 1, "given": 1},
        [{"tag": "scarf", "category": "general", "images": 1}],
    )
    assert build(lake, config, []).release is None
    for path in source.rglob("*.png"):  # had it been read, it would be broken now
        facts = path.stat()
        path.write_bytes(b"x" * facts.st_size)
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    held.add(csv(tmp_path, "v", "crimson_hat,0,1,red_cap\nscarf,5,1,\n"))
    build(lake, config, [])
    assert tags_of(lake) == [("crimson_hat", "general", "alias"), ("scarf", "meta", "given")]
    with open_release(None, lake) as release:
        assert release.manifest["config"]["tags"]["vocabularies"] == [held.pinned("v")]


def tags_of(lake: Path) -> list[tuple[str, str, str]]:
    with open_release(None, lake) as release:
        rows = release.arrow("tags").to_pylist()
    return [(row["tag"], row["category"], row["origin"]) for row in rows]


def test_tags_that_stand_together_stand_side_by_side(tmp_path: Path) -> None:
    source = tmp_path / "scrape"
    for number, text in enumerate(("sea, desk, sand, lamp", "sea, sand", "sea, sand", "desk, lamp", "desk, lamp")):
        put(source / f"{number}.png", seed=number, text=text)
    build(lake_at(tmp_path / "lake"), Config(tags=Tags(order="cooccurrence", min_pair_images=2)), [source])
    with open_release(None, lake_at(tmp_path / "lake")) as release:
        images = {row["uri"]: row["tags"] for row in release.arrow("images").to_pylist()}
    assert images["0.png"] == ["desk", "lamp", "sand", "sea"]
    assert images["1.png"] == ["sand", "sea"]
