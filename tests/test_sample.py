import csv
import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Iterable
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from dataset_build.images.hashes import Views
from dataset_build.images.hashes import views as hashed_views
from dataset_build.images.measures import inside_all_borders, inside_border, measured_grey, sharpness
from dataset_build.sample import Sample, make_sample

IMAGES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def found(sample: Sample) -> dict[str, bytes]:
    """The bytes of every image file and tar member, by path."""
    found = {path: (sample.root / path).read_bytes() for path in files(sample.root) if suffix(path) in IMAGES}
    for name in ("00000.tar", "00001.tar"):
        for member, data in members(sample.root / name).items():
            if suffix(member) in IMAGES:
                found[f"{name}/{member}"] = data
    return found


@pytest.fixture(scope="module")
def kept(sample: Sample, found: dict[str, bytes]) -> dict[str, bytes]:
    left_out = {path for paths in sample.planted.values() for path in paths}
    return {path: data for path, data in found.items() if path not in left_out}


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: data.read() for member in tar if (data := tar.extractfile(member))}


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def suffix(path: str) -> str:
    return Path(path).suffix.lower()


def rgb(data: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")


def grey(data: bytes) -> np.ndarray:
    return measured_grey(np.asarray(rgb(data)))


def views(data: bytes) -> Views:
    picture = grey(data)
    inside = inside_border(picture)
    return hashed_views(picture, inside, inside_all_borders(picture, inside))


def distance(a: Views, b: Views) -> int:
    """Bits of 256 that differ, the least over the views that are compared."""
    crops_a, crops_b = ([views.crops[k : k + 32] for k in (0, 32, 64)] for views in (a, b))
    allowed = [*product(a[:3], b[:3]), *product(crops_a, b[:3]), *product(a[:3], crops_b)]
    return min((int.from_bytes(one) ^ int.from_bytes(other)).bit_count() for one, other in allowed)


def hashed(datas: Iterable[bytes]) -> set[str]:
    return {hashlib.sha256(data).hexdigest() for data in datas}


def test_counts(sample: Sample, found: dict[str, bytes], kept: dict[str, bytes]) -> None:
    assert {kind: len(paths) for kind, paths in sample.planted.items()} == {
        "byte_copy": 12, "near_copy": 18, "rewrapped": 5, "truncated": 6, "zeroed": 5, "empty": 1, "html": 1,
        "bomb": 1, "tiny": 5, "wide": 4, "blurred": 6, "no_text": 12, "lone_sidecar": 1, "lone_text": 1,
    }  # fmt: skip
    assert (sample.pictures, sample.occurrences) == (276, 354)
    assert len(kept) == 276
    assert len(found) == 354 - 2


def test_planted_paths_exist_once(sample: Sample, found: dict[str, bytes]) -> None:
    paths = [path for paths in sample.planted.values() for path in paths]
    assert len(set(paths)) == len(paths)
    assert set(paths) <= found.keys() | set(files(sample.root))


def test_the_same_seed_gives_the_same_files(sample: Sample, tmp_path: Path) -> None:
    again = make_sample(tmp_path)
    assert (again.planted, again.pictures, again.odd) == (sample.planted, sample.pictures, sample.odd)
    assert files(tmp_path) == files(sample.root)
    for path in files(tmp_path):
        ours, theirs = sample.root / path, tmp_path / path
        assert ours.read_bytes() == theirs.read_bytes(), path
        assert ours.stat().st_mtime_ns == theirs.stat().st_mtime_ns, path


def test_kept_pictures_are_sound_sharp_and_large(kept: dict[str, bytes]) -> None:
    for path, data in kept.items():
        picture = grey(data)
        assert min(rgb(data).size) >= 288, path
        assert sharpness(picture) > 40, path
        if data.startswith(b"\xff\xd8"):
            simplejpeg.decode_jpeg(data, strict=True, colorspace="GRAY")


def test_kept_pictures_are_distinct(kept: dict[str, bytes]) -> None:
    hashes = [views(data) for data in kept.values()]
    assert min(distance(a, b) for a, b in combinations(hashes, 2)) > 72


def test_formats(kept: dict[str, bytes]) -> None:
    formats = {Image.open(io.BytesIO(data)).format for data in kept.values()}
    assert formats == {"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"}
    assert {suffix(path) for path in kept} == IMAGES


def test_copies(sample: Sample, found: dict[str, bytes], kept: dict[str, bytes]) -> None:
    bytes_kept = hashed(kept.values())
    pixels_kept = hashed(rgb(data).tobytes() for path, data in kept.items() if path.endswith(".png"))
    assert hashed(found[path] for path in sample.planted["byte_copy"]) <= bytes_kept
    rewrapped = [found[path] for path in sample.planted["rewrapped"]]
    assert hashed(rewrapped).isdisjoint(bytes_kept)
    assert hashed(rgb(data).tobytes() for data in rewrapped) <= pixels_kept
    bases = [views(data) for path, data in kept.items() if path.startswith(("danbooru", "photos"))]
    for path in sample.planted["near_copy"]:
        copy = views(found[path])
        assert min(distance(copy, base) for base in bases) <= 31, path


def test_damage(sample: Sample, found: dict[str, bytes]) -> None:
    for path in (*sample.planted["truncated"], *sample.planted["zeroed"]):
        with pytest.raises(ValueError):
            simplejpeg.decode_jpeg(found[path], strict=True)
    for path in sample.planted["zeroed"]:
        Image.open(io.BytesIO(found[path])).load()
    for kind in ("empty", "html"):
        with pytest.raises(UnidentifiedImageError):
            Image.open(io.BytesIO(found[sample.planted[kind][0]]))
    bomb = found[sample.planted["bomb"][0]]
    assert (len(bomb) < 100, struct.unpack(">II", bomb[16:24])) == (True, (60_000, 60_000))


def test_unfit_pictures(sample: Sample, found: dict[str, bytes]) -> None:
    assert {rgb(found[path]).size for path in sample.planted["tiny"]} == {(64, 64)}
    assert {rgb(found[path]).size for path in sample.planted["wide"]} == {(1200, 240)}
    assert max(sharpness(grey(found[path])) for path in sample.planted["blurred"]) < 4


def test_danbooru_posts(sample: Sample, kept: dict[str, bytes]) -> None:
    paths = [path for path in kept if path.startswith("danbooru/")]
    assert len(paths) == 90
    for path in paths:
        post = json.loads((sample.root / f"{path}.json").read_bytes())
        assert post["md5"] == hashlib.md5(kept[path]).hexdigest()
        assert (post["image_width"], post["image_height"]) == rgb(kept[path]).size
        assert post["rating"] in "gsqe"
        strings = [post[f"tag_string_{c}"] for c in ("general", "artist", "character", "copyright", "meta")]
        assert sorted(" ".join(strings).split()) == post["tag_string"].split()
        assert len(post["tag_string_general"].split()) >= 5
        if "girl" in post["tag_string_general"] or "boy" in post["tag_string_general"]:
            assert post["rating"] in "gs"


def test_gelbooru_posts(sample: Sample, found: dict[str, bytes]) -> None:
    lines = (sample.root / "gelbooru/data.jsonl").read_text().splitlines()
    posts = {f"gelbooru/{post['image']}": post for post in map(json.loads, lines)}
    assert posts.keys() == {path for path in found if path.startswith("gelbooru/")}
    assert len(posts) == 60 + 6 + 9 + 3 + 2
    copies = [path for kind in ("byte_copy", "near_copy") for path in sample.planted[kind] if path in posts]
    assert [path for path in posts if "flat_color" in posts[path]["tags"].split()] == copies
    assert all(post["tags"].split() == sorted(post["tags"].split()) for post in posts.values())
    assert {post["rating"] for post in posts.values()} == {"general", "sensitive", "questionable", "explicit"}


def test_photos_and_their_texts(sample: Sample, found: dict[str, bytes]) -> None:
    photos = [path for path in found if path.startswith("photos/")]
    texts = {
        Path(path).with_suffix("").as_posix() for path in files(sample.root) if suffix(path) in {".txt", ".caption"}
    }
    silent = [path for path in photos if Path(path).with_suffix("").as_posix() not in texts]
    assert silent == sorted(sample.planted["no_text"])
    assert sum(path.startswith("photos/") and path.endswith(".caption") for path in files(sample.root)) == 10


def test_imagefolder_table(sample: Sample, found: dict[str, bytes]) -> None:
    with (sample.root / "alt/metadata.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert {f"alt/{row['file_name']}" for row in rows} == {path for path in found if path.startswith("alt/")}
    assert all(row["text"].endswith(".") for row in rows)


def test_shards(sample: Sample, found: dict[str, bytes]) -> None:
    texts = members(sample.root / "00001.tar")
    assert sorted(texts) == sorted(f"{10_000 + i:09}.{kind}" for i in range(20) for kind in ("jpg", "txt", "json"))
    record = json.loads(texts["000010003.json"])
    assert record["key"] == "000010003"
    assert record["caption"] == texts["000010003.txt"].decode()
    assert record["sha256"] == hashlib.sha256(found["00001.tar/000010003.jpg"]).hexdigest()
    assert "00001.tar/000010007.jpg" in sample.planted["truncated"]


def test_odd_files_are_kept(sample: Sample, kept: dict[str, bytes]) -> None:
    assert set(sample.odd) <= kept.keys()
    assert kept["PNG inside.jpg"].startswith(b"\x89PNG")
    assert Image.open(io.BytesIO(kept["IMG_0001.JPG"])).getexif()[0x0112] == 6
    assert Image.open(io.BytesIO(kept["blink.gif"])).n_frames == 2
    assert {Image.open(io.BytesIO(kept[path])).mode for path in sample.odd} >= {"RGB", "RGBA", "L", "CMYK", "P"}
    assert any(not path.isascii() for path in sample.odd)


def test_prompts_hold_weights_and_escaped_brackets(sample: Sample) -> None:
    prompts = [(sample.root / f"{path}.txt").read_text() for path in sample.odd]
    assert all(prompt.startswith("(") and ":1.2), " in prompt for prompt in prompts)
    assert any(r"\(" in prompt for prompt in prompts)
