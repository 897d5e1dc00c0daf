"""What sites and download tools say about a picture, in the field names of each."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from dataset_build.sample.picture import Picture

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
RATINGS = {"g": "general", "s": "sensitive", "q": "questionable", "e": "explicit"}


class Post(NamedTuple):
    """A picture as a file that somebody posted."""

    picture: Picture
    data: bytes
    extension: str
    number: int
    rating: str

    @property
    def md5(self) -> str:
        """Hash that boorus name files by."""
        return hashlib.md5(self.data, usedforsecurity=False).hexdigest()

    @property
    def time(self) -> datetime:
        """When it was posted."""
        return START + timedelta(minutes=37 * self.number)


def danbooru(post: Post) -> dict[str, Any]:
    """A post as Danbooru's API gives it and gallery-dl keeps it."""
    by_category = {c: sorted(post.picture.named(c)) for c in ("general", "character", "copyright", "artist", "meta")}
    tags = sorted(tag for names in by_category.values() for tag in names)
    width, height = post.picture.image.size
    return {
        "id": 7_000_000 + post.number,
        "created_at": post.time.isoformat(timespec="milliseconds"),
        "score": post.number % 50,
        "source": f"https://www.pixiv.example/artworks/{90_000_000 + post.number}",
        "md5": post.md5,
        "rating": post.rating,
        "image_width": width,
        "image_height": height,
        "tag_string": " ".join(tags),
        "file_ext": post.extension,
        "file_size": len(post.data),
        "parent_id": None,
        "is_deleted": False,
        "is_banned": False,
        "tag_count": len(tags),
        **{f"tag_string_{category}": " ".join(names) for category, names in by_category.items()},
        "file_url": f"https://cdn.danbooru.example/original/{post.md5[:2]}/{post.md5}.{post.extension}",
        "category": "danbooru",
        "subcategory": "tag",
        "filename": post.md5,
        "extension": post.extension,
    }


def gelbooru(post: Post, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """A post as Gelbooru's API gives it and gallery-dl keeps it: tags without categories."""
    width, height = post.picture.image.size
    folder = f"{post.md5[:2]}/{post.md5[2:4]}"
    return {
        "id": 9_000_000 + post.number,
        "created_at": post.time.strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "score": post.number % 20,
        "width": width,
        "height": height,
        "md5": post.md5,
        "directory": folder,
        "image": f"{post.md5}.{post.extension}",
        "rating": RATINGS[post.rating],
        "source": f"https://www.pixiv.example/artworks/{90_000_000 + post.number}",
        "parent_id": 0,
        "title": "",
        "status": "active",
        "tags": " ".join(sorted({tag for tag, _ in post.picture.tags} | set(more))),
        "file_url": f"https://img.gelbooru.example/images/{folder}/{post.md5}.{post.extension}",
        "category": "gelbooru",
        "filename": post.md5,
        "extension": post.extension,
    }


def img2dataset(post: Post, key: str) -> dict[str, Any]:
    """The record that img2dataset writes beside each image of a shard."""
    width, height = post.picture.image.size
    return {
        "caption": post.picture.prose,
        "url": f"https://photos.example/{post.number}.jpg",
        "key": key,
        "status": "success",
        "error_message": None,
        "width": width,
        "height": height,
        "original_width": width,
        "original_height": height,
        "exif": "{}",
        "sha256": hashlib.sha256(post.data).hexdigest(),
    }
