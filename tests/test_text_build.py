"""Whole builds with text detection, and without it."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

import dataset_build
from dataset_build.build import build
from dataset_build.cli import app
from dataset_build.config import Config, Text
from dataset_build.contact_sheet import MARK
from dataset_build.release.reader import releases
from dataset_build.text.models import TextUnavailable
from resources.engine import LocalEngine
from resources.images import tiles
from resources.lake import Lake
from tests.pictures import picture, put

OFF = "onnxruntime is not installed: pip install 'dataset-build[text]'"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two folders of two drawings and a page of text each."""
    root = tmp_path / "scrape"
    for number, name in enumerate(("one/a.png", "one/b.png", "two/c.png", "two/d.png")):
        put(root / name, seed=number, text="red")
    for number, name in enumerate(("one/page.png", "two/page.jpg")):
        put_page(root / name, seed=number)
    return root


def put_page(path: Path, seed: int) -> None:
    """Large words over a drawing."""
    image, font = picture(seed + 20, (480, 360)), ImageFont.load_default(44)
    for line in range(4):
        ImageDraw.Draw(image).text((20, 20 + 80 * line), "WORDS OVER ALL", "white", font, stroke_width=3, stroke_fill=0)
    image.save(path)
    path.with_suffix(".txt").write_text("text")


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def uris(lake: Path, table: str = "images") -> list[str]:
    with dataset_build.open_release(None, lake) as release:
        return release.arrow(table).column("uri").to_pylist()


def areas(lake: Path) -> list[float | None]:
    with dataset_build.open_release(None, lake) as release:
        return release.arrow("images").column("text_area").to_pylist()


class Refusing:
    """An engine for builds that must not read images."""

    def run(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise AssertionError("no image is to be read")


class Counting:
    """The local engine, which notes the drops' rows and may stop after some units of text."""

    def __init__(self, units: int = 99) -> None:
        self.rows, self.units = 0, units

    def run(self, work: Any, units: Any, **kwargs: Any) -> Iterator[Any]:
        for number, batch in LocalEngine(1).run(work, units, **kwargs):
            if "text_area" in batch.schema.names:
                if not self.units:
                    raise KeyboardInterrupt
                self.units -= 1
                self.rows += batch.num_rows
            yield number, batch


@pytest.mark.usefixtures("text_detection")
def test_planted_pages_are_rejected_and_a_new_threshold_reads_no_image(source: Path, lake: Path) -> None:
    build(lake, Config(), [source])
    with dataset_build.open_release(None, lake) as release:
        rejects = release.arrow("rejects").to_pylist()
    assert [(r["uri"], r["stage"], r["reason"], r["threshold"]) for r in rejects] == [
        ("one/page.png", "text", "text_heavy", 0.04),
        ("two/page.jpg", "text", "text_heavy", 0.04),
    ]
    assert min(r["value"] for r in rejects) > 0.15
    assert areas(lake) == [0.0] * 4
    assert_text_is_outlined(Lake(lake, Config()), rejects[0]["image_id"])
    outcome = build(lake, Config(text=Text(max_area=0.9)), [], engine=Refusing())
    assert outcome.failed_drops == {}
    assert len(uris(lake)) == 6


def assert_text_is_outlined(lake: Lake, image_id: str) -> None:
    labels = ("text_heavy", "+ text_heavy", "other")
    (outlined,), (changing,), (plain,) = (tiles(lake, [(image_id, label)]) for label in labels)
    assert outlined.image and changing.image and plain.image
    assert sum(pixel == MARK for pixel in outlined.image.get_flattened_data()) > 200
    assert changing.image.tobytes() == outlined.image.tobytes()
    assert MARK not in plain.image.get_flattened_data()


def test_without_the_extra_nothing_is_judged_and_the_release_says_so(source: Path, lake: Path) -> None:
    built = CliRunner().invoke(app, ["build", "--source", str(source), "--lake", str(lake)])
    assert f"not judged: text: {OFF}" in built.output
    status = CliRunner().invoke(app, ["status", "--lake", str(lake)])
    assert f"text detection: off: {OFF}" in status.output
    assert len(uris(lake)) == 6
    assert areas(lake) == [None] * 6
    manifest = releases(lake)[0]
    assert manifest["skipped"] == {"text": OFF}
    assert "text" not in [stage["stage"] for stage in manifest["stages"]]
    assert manifest["fingerprints"]["text_regions"]["made_from"]["off"] == OFF
    assert "Nothing was judged in stage text: onnxruntime is not installed" in card(lake)
    assert not (lake / "tables" / "text_regions").exists()


def card(lake: Path) -> str:
    return (lake / "releases" / "1" / "README.md").read_text("utf-8")


def test_asked_for_and_missing_it_stops_the_build(source: Path, lake: Path) -> None:
    with pytest.raises(TextUnavailable, match="onnxruntime is not installed"):
        build(lake, Config(text=Text(detect="on")), [source])
    assert not (lake / "tables").exists()


def test_switched_on_later_it_measures_what_was_read_before(
    source: Path, lake: Path, request: pytest.FixtureRequest
) -> None:
    build(lake, Config(), [source])
    request.getfixturevalue("text_detection")
    counting = Counting()
    build(lake, Config(), [], engine=counting)
    assert (counting.rows, len(uris(lake)), releases(lake)[1]["skipped"]) == (6, 4, {})
    assert [m["fingerprints"]["text_regions"]["made_from"].get("off") for m in releases(lake)] == [OFF, None]


@pytest.mark.usefixtures("text_detection")
def test_an_interrupted_detection_goes_on_where_it_stopped(tmp_path: Path, lake: Path) -> None:
    root = tmp_path / "scrape"
    for number in range(40):
        put(root / f"{number:02}.png", seed=number, text="red", size=(200, 200))
    with pytest.raises(KeyboardInterrupt):
        build(lake, Config(), [root], engine=Counting(units=1))
    assert releases(lake) == []
    counting = Counting()
    build(lake, Config(), [], engine=counting)
    assert counting.rows == 24
    piece = Lake(lake, Config()).piece("text_regions", "scrape.loose")
    assert piece.rows == 40
    assert sorted(path.name for path in piece.folder.iterdir() if path.suffix != ".lock") == sorted(
        [".lock", "manifest.json", piece.parts()[0].name]
    )


class FailingOnText(Counting):
    """The local engine, which can't detect text in a drop that holds a file."""

    def run(self, work: Any, units: Any, **kwargs: Any) -> Iterator[Any]:
        batches = list(units)
        uris = [uri for _, batch in batches for uri in batch.column("uri").to_pylist()]
        if "image_id" in batches[0][1].schema.names and "two/c.png" in uris:
            raise RuntimeError("the model could not be loaded")
        yield from super().run(work, batches, **kwargs)


@pytest.mark.usefixtures("text_detection")
def test_a_drop_whose_text_could_not_be_detected_counts_for_nothing_yet(source: Path, lake: Path) -> None:
    outcome = build(lake, Config(), [source], engine=FailingOnText())
    assert list(outcome.failed_drops) == ["scrape.two"]
    assert releases(lake)[0]["failed_drops"] == ["scrape.two"]
    assert sorted(uris(lake)) == ["one/a.png", "one/b.png"]
    assert build(lake, Config(), []).failed_drops == {}
    assert sorted(uris(lake)) == ["one/a.png", "one/b.png", "two/c.png", "two/d.png"]


@pytest.mark.usefixtures("text_detection")
def test_a_file_that_vanished_since_is_not_measured_and_not_rejected(
    source: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = source / "one/page.png"
    data, facts = page.read_bytes(), page.stat()

    class Tampering(Counting):
        def run(self, work: Any, units: Any, **kwargs: Any) -> Iterator[Any]:
            units = list(units)
            if "image_id" in units[0][1].schema.names:
                other = io.BytesIO()
                Image.new("RGB", (300, 300)).save(other, "PNG")
                page.write_bytes(other.getvalue())
                os.utime(page, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            yield from super().run(work, units, **kwargs)

    build(lake, Config(), [source], engine=Tampering())
    page.write_bytes(data)
    with dataset_build.open_release(None, lake) as release:
        rows = {row["uri"]: row["text_area"] for row in release.arrow("images").to_pylist()}
    assert rows["one/page.png"] is None
