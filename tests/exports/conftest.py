"""A planted release of nine images, three of each common format, whose texts are as awkward as texts can be."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.exports.plan import Wish
from dataset_build.exports.registry import load_format
from dataset_build.exports.run import export
from dataset_build.exports.samples import Missing, Row
from dataset_build.release.database import write_database
from dataset_build.release.manifest import content, files_of, seal
from dataset_build.release.reader import Release
from dataset_build.schemas import RELEASE_TABLES
from tests.pictures import picture

FORMATS = ("JPEG", "PNG", "WEBP")
TEXTS = (
    "A cat.",
    "Two lines,\nwith\ta tab and a \"quote\".",
    "<b>bold</b> & <image> | {a|b} ||| ;;; 'single'",
    "None",
    "猫がいる。 🐈\u200d⬛ naïve café",
    "  spaces around, then \r\n a line ",
    "=1+1, a formula; with commas",
    "bell \x07 and nul \x00 inside",
    "A very long caption " + "that goes on " * 40 + "and ends.",
)  # fmt: skip


def encoded(number: int) -> bytes:
    file = io.BytesIO()
    picture(number, (300 + number, 200)).save(file, FORMATS[number % 3])
    return file.getvalue()


FILES = {hashlib.sha256(data).hexdigest(): data for data in map(encoded, range(len(TEXTS)))}


def planted_image(number: int, image_id: str, data: bytes) -> Row:
    return {
        "image_id": image_id, "caption": TEXTS[number], "caption_recipe": "compose", "caption_model": "compose",
        "tags": ["cat", "1girl"], "tag_string": "cat 1girl", "rating": ("general", "questionable", None)[number % 3],
        "alt_text": f"alt {number}" if number else None, "source": "scrape", "drop": "scrape.a", "uri": f"a/{number}",
        "member": None, "source_id": str(number), "url": f"https://example.org/{number}", "license": "CC BY 4.0",
        "file_bytes": len(data), "format": FORMATS[number % 3], "width": 300 + number, "height": 200, "orientation": 1,
    }  # fmt: skip


def caption(image_id: str, recipe: str, variant: str, text: str) -> Row:
    values = {"image_id": image_id, "recipe": recipe, "variant": variant, "n": 0, "caption": text, "status": "ok"}
    return {"caption_id": hashlib.sha256(f"{image_id}{variant}".encode()).hexdigest(), "model": recipe, **values}


def planted() -> dict[str, list[Row]]:
    images = [planted_image(number, *file) for number, file in enumerate(FILES.items())]
    own = [caption(row["image_id"], "compose", "caption", row["caption"]) for row in images]
    short = [caption(row["image_id"], "two", "short", f"Short {row['source_id']}.") for row in images]
    return {
        "images": images,
        "captions": [*own, *short, caption(images[0]["image_id"], "deck", "extra_tags", "sitting, indoors")],
        "tags": [
            {"image_id": row["image_id"], "tag": tag, "category": "general", "rank": rank}
            for row in images
            for rank, tag in enumerate(row["tags"])
        ],
        "rejects": [],
        "lineage": [{"image_id": row["image_id"], "kept": True, "caption_id": row["caption_id"]} for row in own],
    }


def write_release(folder: Path, tables: dict[str, list[Row]]) -> Path:
    folder.mkdir(parents=True)
    for table in RELEASE_TABLES:
        rows = tables[table.name]
        columns = {field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in table.schema}
        key = [(column, "ascending") for column in table.key]
        pq.write_table(pa.table(columns, table.schema).sort_by(key), folder / f"{table.name}.parquet")
    write_database(folder)
    files = files_of(folder)
    seal(folder, {"version": folder.name, "sequence": 1, "content": content(files), "files": files})
    return folder


class Shelf:
    """Images in memory; those that are not there are vanished. It remembers which were read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.given: list[str] = []
        self.patience: int | None = None  # images until the user loses it
        self.refused: dict[str, str] = {}  # taken down, by which take-down

    def read(self, rows: Sequence[Row]) -> Iterator[bytes | Missing]:
        for row in rows:
            if self.patience == len(self.given):
                raise KeyboardInterrupt
            self.given.append(row["image_id"])
            yield self.files.get(row["image_id"], Missing("vanished", "gone"))

    def path(self, row: Row) -> str | Missing:
        found = row["image_id"] in self.files
        return f"/originals/{row['uri']}" if found else Missing("vanished", "gone")

    def taken_down(self, version: str) -> dict[str, str]:
        return self.refused


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("planted") / "7", planted())


@pytest.fixture
def release(folder: Path) -> Iterator[Release]:
    with Release(folder) as opened:
        yield opened


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(FILES)


@pytest.fixture
def texts() -> dict[str, str]:
    """The releases's captions by image id, in the order of the ids."""
    return dict(sorted(zip(FILES, TEXTS, strict=True)))


@pytest.fixture
def files() -> dict[str, bytes]:
    return dict(sorted(FILES.items()))


Write = Callable[..., dict[str, Any]]
Written = Callable[[str], Path]


@pytest.fixture(scope="session")
def written(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The folder of an export by the defaults, in three shards; not to be changed."""
    root = tmp_path_factory.mktemp("written")

    def run(form: str) -> Path:
        if not (root / form).exists():
            with Release(folder) as release:
                export(release, form, load_format(form), root / form, Shelf(FILES), Wish(rows=4, root="/data/set"))
        return root / form

    return run


@pytest.fixture
def write(release: Release, shelf: Shelf, tmp_path: Path) -> Write:
    """Export the planted release: write("kohya", rows=4) into tmp_path/kohya, or into `out`."""

    def run(form: str, out: Path | None = None, resume: bool = False, **wish: Any) -> dict[str, Any]:
        return export(release, form, load_format(form), out or tmp_path / form, shelf, Wish(**wish), resume)

    return run
