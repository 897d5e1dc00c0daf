"""Where things lie: a folder of this machine, or a prefix of a bucket; and where a machine keeps its own scratch."""

import os
import re
from pathlib import Path
from typing import Any, cast

from dataset_build.config import S3, load_config
from dataset_build.errors import UserError
from dataset_build.fingerprint import digest

SCHEME = "s3://"
PLACE = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](/[^/]+)*/?")
BLOCK = 8 << 20  # bytes that are read at a time


def locate(place: str | Path, settings: S3 | None = None) -> Path:
    """The folder that a text names: an absolute path of this machine, or of a bucket (s3://bucket/prefix).

    What lies in a bucket behaves like a pathlib.Path, and needs the s3 extra. `settings` say how it is reached, by
    default those of the configuration that load_config finds; keys are taken as AWS's own tools take them. Raises
    UserError.
    """
    if not is_remote(place):
        return Path(place).resolve()
    if not isinstance(place, str):
        return place
    if not PLACE.fullmatch(place) or {".", ".."} & set(place.split("/")):
        shown = re.sub(r"//[^/]*@", "//…@", place)  # a key and a secret, perhaps
        raise UserError(f"{shown}: write a place in a bucket as s3://bucket/prefix")
    return bucket_path(place, options(load_config().s3 if settings is None else settings))


def bucket_path(place: str, reached: dict[str, Any]) -> Path:
    """A place in a bucket, and how it is reached, as s3fs.S3FileSystem is told. Raises UserError without s3fs."""
    try:
        from dataset_build.buckets import BucketPath
    except ImportError:
        raise UserError(f"{place}: buckets need the s3 extra: pip install 'dataset-build[s3]'") from None
    return cast(Path, BucketPath(place.rstrip("/"), **reached))


def options(settings: S3) -> dict[str, Any]:
    """The settings as s3fs.S3FileSystem is told them. Listings are not kept: other machines write into a lake too."""
    return {
        "endpoint_url": settings.endpoint_url or None,
        "client_kwargs": {"region_name": settings.region} if settings.region else {},
        "config_kwargs": {
            "retries": {"mode": "standard", "total_max_attempts": settings.attempts},
            "connect_timeout": settings.connect_timeout,
            "read_timeout": settings.read_timeout,
            "max_pool_connections": settings.connections,
        },
        "default_block_size": BLOCK,
        "use_listings_cache": False,
    }


def is_remote(place: str | Path | os.PathLike[str]) -> bool:
    """Whether something lies in a bucket."""
    return str(place).startswith(SCHEME)


def store(path: Path) -> tuple[Any, str]:
    """The file system of what lies in a bucket (s3fs), and its name there."""
    place = cast(Any, path)
    return place.fs, str(place.path)


def scratch(path: Path) -> Path:
    """Where this machine keeps what it needs while it works, and could make again: beside the lake's own files, at
    `path` itself; for a bucket in a folder of this machine, under DATASET_BUILD_SCRATCH or the user's cache.
    """
    if not is_remote(path):
        return path
    named = (os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"))
    endpoint = cast(Any, path).storage_options.get("endpoint_url") or next(filter(None, named), "")
    return scratch_root() / f"s3-{digest(endpoint)[:8]}" / str(path).removeprefix(SCHEME)


def scratch_root() -> Path:
    """The folder for the scratch of all buckets; it must lie on a disk of this machine."""
    if named := os.environ.get("DATASET_BUILD_SCRATCH"):
        return Path(named).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dataset-build"
