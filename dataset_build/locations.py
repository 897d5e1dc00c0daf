"""Where things lie: a folder of this machine, or a prefix of a bucket."""

import os
from pathlib import Path
from typing import cast

from dataset_build.errors import UserError

SCHEME = "s3://"


def locate(place: str | Path) -> Path:
    """The folder that a text names: an absolute path of this machine, or of a bucket (s3://bucket/prefix).

    What lies in a bucket behaves like a pathlib.Path, and needs the s3 extra. Credentials, region and endpoint are
    taken from the environment, as AWS's own tools take them. Raises UserError.
    """
    if not str(place).startswith(SCHEME):
        return Path(place).resolve()
    try:
        import s3fs  # type: ignore[import-untyped]  # noqa: F401 - asked for by name when a path is used
        from upath import UPath
    except ImportError:
        raise UserError(f"{place}: buckets need the s3 extra: pip install 'dataset-build[s3]'") from None
    return cast(Path, UPath(str(place), config_kwargs={"retries": {"mode": "standard", "max_attempts": 5}}))


def is_remote(place: str | Path | os.PathLike[str]) -> bool:
    """Whether something lies in a bucket."""
    return str(place).startswith(SCHEME)
