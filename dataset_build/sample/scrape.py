"""The sample scrape: folders, sidecars and shards as download tools leave them, and what was planted."""

import csv
import io
import json
import os
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dataset_build.sample import files, records
from dataset_build.sample.photos import photo
from dataset_build.sample.picture import Picture, pick
from dataset_build.sample.records import Post
from dataset_build.sample.scenes import scene

PLANTED = {
    "byte_copy": "the same bytes in another place, with other texts",
    "near_copy": "recompressed, halved or framed",
    "rewrapped": "the same pixels in another format",
    "truncated": "a download that broke off",
    "zeroed": "4 kB of zeros in the middle of a JPEG",
    "empty": "no bytes",
    "html": "an error page named .jpg",
    "bomb": "a tiny PNG that announces 3.6 gigapixels",
    "tiny": "64 × 64 pixels",
    "wide": "1200 × 240 pixels",
    "blurred": "out of focus",
    "no_text": "neither tags nor a description",
    "lone_sidecar": "a post whose image is missing",
    "lone_text": "a text that belongs to no image",
}
DRAWN, PHOTO = ("jpg", "jpg", "jpg", "jpeg", "png", "png", "webp", "gif"), ("jpg", "jpg", "jpeg", "webp")
Size = tuple[Sequence[int], Sequence[int]]
LARGE: Size = (range(416, 577, 16), range(416, 577, 16))
MEDIUM: Size = (range(288, 417, 16), range(288, 417, 16))
TINY: Size = ((64,), (64,))
WIDE: Size = ((1200,), (240,))
MORE_TAGS = ("colorful", "flat_color", "cartoon")


@dataclass(frozen=True)
class Sample:
    """A sample scrape: the pictures to keep, and the paths of what was planted to be left out.

    Paths are relative to `root`, members of a tar as `00000.tar/name`. Every occurrence is either one of the
    `pictures` or planted, so a build keeps `pictures` images and rejects `occurrences - pictures`.
    `planted` has the kinds of PLANTED; `odd` are harmless oddities among the kept: names, extensions, modes.
    """

    root: Path
    pictures: int
    planted: dict[str, tuple[str, ...]]
    odd: tuple[str, ...]

    @property
    def occurrences(self) -> int:
        """Places where an image was found or expected."""
        return self.pictures + sum(map(len, self.planted.values()))


def make_sample(out: Path, seed: int = 0) -> Sample:
    """Write a messy scrape of some 350 images under `out`; the same seed gives the same bytes and times.

    Files of the same name are overwritten, others left alone. Takes a few seconds and about 20 MB.
    """
    scrape = Scrape(out, seed)
    posts = danbooru_folder(scrape)
    gelbooru_folder(scrape, posts)
    photos = photo_folder(scrape)
    alt_folder(scrape, posts, photos)
    for shard in range(2):
        write_shard(scrape, shard)
    odd = loose_files(scrape, posts)
    return Sample(out, scrape.pictures, {kind: tuple(paths) for kind, paths in scrape.planted.items()}, odd)


class Scrape:
    """A scrape in the making, and what it holds so far."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root, self.seed = root, seed
        self.number = self.pictures = 0
        self.planted: dict[str, list[str]] = {kind: [] for kind in PLANTED}

    def post(
        self,
        make: Callable[[np.random.Generator, int, int], Picture],
        extensions: Sequence[str],
        size: Size = LARGE,
    ) -> Post:
        """A new picture as a file."""
        self.number += 1
        rng = np.random.default_rng([self.seed, self.number])
        picture = make(rng, pick(rng, size[0]), pick(rng, size[1]))
        return self.file(picture, pick(rng, extensions))

    def file(self, picture: Picture, extension: str) -> Post:
        """The picture as a file of the format. What shows people is rated general or sensitive only."""
        people = "no_humans" not in picture.named("general")
        rating = ("gggggggsss" if people else "ggggggssqe")[self.number % 10]
        return Post(picture, files.encode(picture.image, extension), extension, self.number, rating)

    def keep(self, path: str, data: bytes) -> None:
        """Write an image that a build should keep."""
        self.pictures += 1
        self.write(path, data)

    def plant(self, kind: str, path: str, data: bytes) -> None:
        """Write a file that a build should leave out."""
        self.planted[kind].append(path)
        self.write(path, data)

    def write(self, path: str, data: bytes | str) -> None:
        """Write a file, dated by the number of the last picture."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
        when = (records.START + timedelta(minutes=37 * self.number)).timestamp()
        os.utime(target, (when, when))


def danbooru_folder(scrape: Scrape) -> list[Post]:
    """Drawn scenes, each with its post in `<file>.json`."""
    posts = [scrape.post(scene, DRAWN) for _ in range(90)]
    for post in posts:
        scrape.keep(_with_record(scrape, post), post.data)
    for _ in range(3):
        post = scrape.post(scene, ("jpg",))
        scrape.plant("truncated", _with_record(scrape, post), files.truncated(post.data))
        post = scrape.post(scene, ("png",), TINY)
        scrape.plant("tiny", _with_record(scrape, post), post.data)
    lone = _with_record(scrape, scrape.post(scene, ("jpg",)))
    scrape.planted["lone_sidecar"].append(f"{lone}.json")
    return posts


def gelbooru_folder(scrape: Scrape, danbooru: Sequence[Post]) -> None:
    """Drawn scenes with all posts in one `data.jsonl`; some were on the other site too."""
    lines: list[dict[str, Any]] = []

    def path(post: Post, *more: str) -> str:
        lines.append(records.gelbooru(post, more))
        return f"gelbooru/{post.md5}.{post.extension}"

    for _ in range(60):
        post = scrape.post(scene, DRAWN)
        scrape.keep(path(post), post.data)
    for post in danbooru[:6]:
        scrape.plant("byte_copy", path(post, *MORE_TAGS), post.data)
    for i, post in enumerate(danbooru[6:15]):
        alter, extension = files.NEAR_COPIES[i % 2]  # no frames: flat drawings have uniform edges of their own
        copy = post._replace(data=alter(post.picture.image), extension=extension)
        scrape.plant("near_copy", path(copy, *MORE_TAGS), copy.data)
    for _ in range(3):
        post = scrape.post(scene, ("jpg",))
        scrape.plant("zeroed", path(post), files.zeroed(post.data))
    for _ in range(2):
        post = scrape.post(scene, ("png",), WIDE)
        scrape.plant("wide", path(post), post.data)
    scrape.write("gelbooru/data.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def photo_folder(scrape: Scrape) -> list[Post]:
    """Photos with a sentence in `<stem>.txt` or `<stem>.caption`, or with none."""

    def path(post: Post, text: str | None = ".txt") -> str:
        stem = f"photos/{2024 + post.number % 2}/DSC_{post.number:05}"
        if text:
            scrape.write(stem + text, f"{_sentence(post.picture)}\n")
        return f"{stem}.{post.extension}"

    posts = [scrape.post(photo, PHOTO, LARGE if i < 9 else MEDIUM) for i in range(48)]
    for i, post in enumerate(posts):
        scrape.keep(path(post, ".caption" if i % 5 == 0 else ".txt"), post.data)
    for _ in range(12):
        post = scrape.post(photo, PHOTO, MEDIUM)
        scrape.plant("no_text", path(post, None), post.data)
    for _ in range(6):
        post = scrape.post(photo, ("jpg",), MEDIUM)
        post = scrape.file(post.picture._replace(image=files.blurred(post.picture.image)), "jpg")
        scrape.plant("blurred", path(post), post.data)
    for kind, damage in (("truncated", files.truncated), ("zeroed", files.zeroed)) * 2:
        post = scrape.post(photo, ("jpg",), MEDIUM)
        scrape.plant(kind, path(post), damage(post.data))
    for _ in range(2):
        post = scrape.post(photo, ("jpg",), WIDE)
        scrape.plant("wide", path(post), post.data)
    scrape.plant("html", path(scrape.post(photo, ("jpg",), TINY)), files.HTML_PAGE)
    return posts


def alt_folder(scrape: Scrape, danbooru: Sequence[Post], photos: Sequence[Post]) -> None:
    """Pictures of both kinds with descriptions in `metadata.csv`, many seen before."""
    rows = [("file_name", "text")]

    def path(post: Post) -> str:
        rows.append((f"{len(rows):04}.{post.extension}", _sentence(post.picture)))
        return f"alt/{rows[-1][0]}"

    for i in range(30):
        post = scrape.post((scene, photo)[i % 2], ("jpg", "webp", "avif", "tif", "png", "bmp")[i % 6 :][:1], MEDIUM)
        scrape.keep(path(post), post.data)
    for i, post in enumerate(photos[:9]):
        alter, extension = files.NEAR_COPIES[i % 3]
        copy = post._replace(data=alter(post.picture.image), extension=extension)
        scrape.plant("near_copy", path(copy), copy.data)
    for post in photos[9:12]:
        scrape.plant("byte_copy", path(post), post.data)
    lossless = [post for post in danbooru if post.extension == "png"]
    for i, post in enumerate(lossless[-5:]):
        copy = scrape.file(post.picture, ("bmp", "tif")[i % 2])
        scrape.plant("rewrapped", path(copy), copy.data)
    for _ in range(2):
        post = scrape.post(photo, ("jpg",), TINY)
        scrape.plant("tiny", path(post), post.data)
    scrape.plant("empty", path(scrape.post(photo, ("jpg",), TINY)), b"")
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    scrape.write("alt/metadata.csv", table.getvalue())


def write_shard(scrape: Scrape, shard: int) -> None:
    """A tar as img2dataset writes it: image, text and JSON of each key side by side; one image is broken."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for i in range(20):
            post = scrape.post((scene, photo)[i % 2], ("jpg",), MEDIUM)
            key, data = f"{shard:05}{i:04}", post.data
            if shard == 1 and i == 7:
                data = files.truncated(data)
                scrape.planted["truncated"].append(f"{shard:05}.tar/{key}.jpg")
            else:
                scrape.pictures += 1
            _add_member(tar, f"{key}.jpg", data)
            _add_member(tar, f"{key}.txt", post.picture.prose.encode())
            _add_member(tar, f"{key}.json", json.dumps(records.img2dataset(post, key)).encode())
    scrape.write(f"{shard:05}.tar", buffer.getvalue())


def loose_files(scrape: Scrape, danbooru: Sequence[Post]) -> tuple[str, ...]:
    """Files in the root with tags in `<file>.txt`, as prompts write them; gives the odd ones."""
    turned = Image.Exif()
    turned[0x0112] = 6
    odd: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("夏の海.jpg", "jpg", "RGB", {}),
        ("été à la plage.png", "png", "RGBA", {}),
        ("🌸 spring v1.2.webp", "webp", "RGB", {}),
        ("IMG_0001.JPG", "jpg", "RGB", {"exif": turned}),
        ("PNG inside.jpg", "png", "RGB", {}),
        ("print.jpg", "jpg", "CMYK", {}),
        ("sketch.tif", "tif", "L", {}),
        ("render.avif", "avif", "RGB", {}),
        ("blink.gif", "gif", "RGB", {"save_all": True, "append_images": [Image.new("RGB", (416, 416))]}),
    )
    for name, extension, mode, options in odd:
        picture = scrape.post(scene, ("png",), ((416,), (416,))).picture
        scrape.keep(name, files.encode(picture.image.convert(mode), extension, **options))
        scrape.write(f"{name}.txt", _prompt(picture))
    for i, post in enumerate(danbooru[15:18]):
        scrape.plant("byte_copy", f"saved {i + 1}.{post.extension}", post.data)
        scrape.write(f"saved {i + 1}.txt", _prompt(post.picture))
    scrape.plant("bomb", "poster.png", files.bomb(60_000, 60_000))
    scrape.plant("lone_text", "notes.txt", b"Saved in spring.\n")
    return tuple(name for name, *_ in odd)


def _with_record(scrape: Scrape, post: Post) -> str:
    """Write the Danbooru record of the post; gives the path of its image."""
    path = f"danbooru/danbooru_{7_000_000 + post.number}_{post.md5}.{post.extension}"
    scrape.write(f"{path}.json", json.dumps(records.danbooru(post), indent=4))
    return path


def _sentence(picture: Picture) -> str:
    return f"{picture.prose[0].upper()}{picture.prose[1:]}."


def _prompt(picture: Picture) -> str:
    """Tags as a prompt lists them: commas, spaces, escaped brackets, a weight."""
    first, *others = (tag.replace("_", " ").replace("(", r"\(").replace(")", r"\)") for tag, _ in picture.tags)
    return ", ".join((f"({first}:1.2)", *others))


def _add_member(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(data), int(records.START.timestamp())
    tar.addfile(member, io.BytesIO(data))
