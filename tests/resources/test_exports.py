"""Images read back from real sources: files, tar members, rows of Parquet."""

import csv
import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_build.build import build
from dataset_build.config import Config
from dataset_build.exports.plan import Wish
from dataset_build.exports.registry import load_format
from dataset_build.exports.run import export
from dataset_build.exports.samples import Missing, Row
from dataset_build.release.reader import Release, open_release
from resources import exports
from resources.exports import LakeImages
from resources.lake import Lake
from resources.people import take_down
from tests.bucket import copied, lake_at
from tests.pictures import picture, put


def encoded(seed: int, form: str) -> bytes:
    file = io.BytesIO()
    picture(seed).save(file, form)
    return file.getvalue()


def put_tar(path: Path, members: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake over a source of nine images: three files, three in a tar, three in a Parquet file; not to be changed."""
    root = tmp_path_factory.mktemp("exports")
    source = root / "source"
    for seed, name in enumerate(("a/0.jpg", "a/ö.png", "b/2.webp")):
        put(source / name, seed, f"text {seed}")
    images = {f"{seed}": encoded(seed, form) for seed, form in ((3, "JPEG"), (4, "PNG"), (5, "WEBP"))}
    texts = {f"{seed}.txt": f"text {seed}".encode() for seed in images}
    put_tar(source / "00000.tar", {**{f"{seed}.jpg": data for seed, data in images.items()}, **texts})
    rows = [
        {"image": {"bytes": encoded(seed, "PNG"), "path": f"{seed}.png"}, "text": f"text {seed}"} for seed in (6, 7, 8)
    ]
    pq.write_table(pa.Table.from_pylist(rows), source / "rows.parquet")
    build(lake_at(root / "lake"), Config(), [source])
    return root


@pytest.fixture
def release(made: Path) -> Iterator[Release]:
    with open_release(lake=lake_at(made / "lake")) as opened:
        yield opened


@pytest.fixture
def images(made: Path) -> LakeImages:
    return LakeImages(Lake(lake_at(made / "lake"), Config()))


@pytest.fixture
def rows(release: Release) -> list[Row]:
    return release.arrow("images").to_pylist()


def by_place(rows: list[Row], found: Any) -> dict[tuple[str, str | None], Any]:
    return {(row["uri"], row["member"]): each for row, each in zip(rows, found, strict=True)}


@pytest.mark.parametrize("held", [1, 100_000, 64 << 20])
def test_every_image_is_read_in_the_order_asked_for(
    rows: list[Row], images: LakeImages, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(exports, "BYTES", held)
    assert len(rows) == 9
    for order in (rows, rows[::-1]):
        found = list(images.read(order))
        assert [hashlib.sha256(data).hexdigest() for data in found if isinstance(data, bytes)] == [
            row["image_id"] for row in order
        ]


def test_only_a_file_of_its_own_has_a_path(made: Path, rows: list[Row], images: LakeImages) -> None:
    paths = by_place(rows, map(images.path, rows))
    source = made / "source"
    assert {uri: path for (uri, member), path in paths.items() if member is None} == {
        name: str(source / name) for name in ("a/0.jpg", "a/ö.png", "b/2.webp")
    }
    assert {path.reason for (_, member), path in paths.items() if member is not None} == {"in_archive"}


@pytest.fixture
def moved(made: Path, images: LakeImages, tmp_path: Path) -> Iterator[Path]:
    """A copy of the source, from which the lake reads now."""
    source = shutil.copytree(made / "source", tmp_path / "source")
    images.lake.drops.move_source("source", source)
    yield source
    images.lake.drops.move_source("source", made / "source")


def test_what_happened_to_the_source_is_said_image_by_image(moved: Path, rows: list[Row], images: LakeImages) -> None:
    (moved / "a" / "0.jpg").unlink()
    (moved / "b" / "2.webp").write_bytes(b"")
    put_tar(moved / "00000.tar", {"other.jpg": b"other"})
    (moved / "rows.parquet").write_bytes(b"PAR1")
    found = by_place(rows, images.read(rows))
    reasons = {uri: each.reason if isinstance(each, Missing) else "read" for (uri, _), each in found.items()}
    assert reasons == {
        "a/0.jpg": "vanished", "a/ö.png": "read", "b/2.webp": "empty", "00000.tar": "unreadable",
        "rows.parquet": "unreadable",
    }  # fmt: skip
    paths = by_place(rows, map(images.path, rows))
    assert paths["a/0.jpg", None].reason == "vanished"
    assert paths["b/2.webp", None].reason == "changed"


def test_images_of_a_source_that_was_forgotten_are_said_to_be_gone(
    made: Path, rows: list[Row], images: LakeImages
) -> None:
    images.lake.drops.forget_source("source")
    try:
        found = [*images.read(rows), *map(images.path, (row for row in rows if row["member"] is None))]
    finally:
        images.lake.drops.add_source(made / "source")
    assert {each.reason for each in found if isinstance(each, Missing)} == {"vanished"}
    assert len(found) == 12
    assert all(isinstance(each, bytes) for each in images.read(rows))


def test_a_link_out_of_the_source_is_not_followed(
    moved: Path, rows: list[Row], images: LakeImages, tmp_path: Path
) -> None:
    (moved / "a" / "0.jpg").rename(tmp_path / "secret.jpg")
    (moved / "a" / "0.jpg").symlink_to(tmp_path / "secret.jpg")
    row = next(row for row in rows if row["uri"] == "a/0.jpg")
    assert [each.reason for each in (*images.read([row]), images.path(row)) if isinstance(each, Missing)] == [
        "outside_source", "outside_source",
    ]  # fmt: skip


def test_an_image_of_a_forgotten_source_is_said_to_be_gone(rows: list[Row], images: LakeImages) -> None:
    row = {**rows[0], "drop": "never"}
    (found,) = images.read([row])
    assert isinstance(found, Missing) and found.reason == "vanished"
    assert isinstance(images.path({**row, "member": None}), Missing)


@pytest.mark.parametrize("form", ["webdataset", "openclip-csv"])
def test_an_image_that_is_taken_down_is_exported_no_more(made: Path, tmp_path: Path, form: str) -> None:
    lake = Lake(copied(lake_at(made / "lake"), tmp_path / "lake"), Config())
    row = take_down(lake, "image", "b/2.webp", "asked by the artist")
    with open_release(lake=lake.root) as release:
        wish = Wish(where="member is null")
        manifest = export(release, form, load_format(form), tmp_path / "out", LakeImages(lake), wish)
    assert (manifest["rows"], manifest["skipped"]) == (2, {"taken_down": 1})
    with (tmp_path / "out" / "skipped.csv").open(newline="") as file:
        assert [*csv.reader(file)][1:] == [[row["value"], "taken_down", "take-down 1"]]


def test_an_export_of_the_lake_holds_every_image(release: Release, images: LakeImages, tmp_path: Path) -> None:
    manifest = export(release, "webdataset", load_format("webdataset"), tmp_path / "out", images, Wish())
    assert (manifest["rows"], manifest["skipped"]) == (9, {})
    with tarfile.open(tmp_path / "out" / "00000.tar") as tar:
        found = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    captions = dict(release.sql("select image_id, caption from images").fetchall())
    assert {name.split(".")[0]: data.decode() for name, data in found.items() if name.endswith("txt")} == captions
    hashes = {hashlib.sha256(data).hexdigest() for name, data in found.items() if name.endswith("jpg")}
    assert hashes == set(captions)
