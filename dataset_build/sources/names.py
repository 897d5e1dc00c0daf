"""What a file is by its name alone, and which texts speak for which images.

A sidecar speaks for the images of its stem (`a.txt` for `a.jpg`) and for the image whose whole name is its stem
(`a.jpg.txt`); a shared table for every image in its folder and below; the files `00000.parquet` and
`00000_stats.json` of img2dataset for the shard, `00000.tar` or the folder `00000`.
"""

import re
from functools import lru_cache

SIDECARS = ("txt", "caption", "json")
ARCHIVES = ("tar", "packed", "parquet", "images")
ROLES = {
    **dict.fromkeys(("tar", "parquet", *SIDECARS)),
    **dict.fromkeys(("jsonl", "ndjson", "csv", "tsv"), "table"),
    **dict.fromkeys(("zip", "rar", "7z", "cbz", "cbr", "tgz", "gz", "bz2", "xz", "zst"), "packed"),
}
KOHYA_TABLE = re.compile(r"meta(data)?([_-].*)?\.json", re.IGNORECASE | re.DOTALL)
SHARD_TABLE = re.compile(r"(\d{5,})(?:\.parquet|_stats\.json)")
WAIFUC = re.compile(r"\.(.+)_meta\.json", re.DOTALL)


def role_of(path: str) -> str:
    """tar | packed | parquet | table | stats | txt | caption | json, or image for everything else.

    Once opened, a Parquet file's role is one of images | shard | files | urls | other | broken (see parquet.kind_of).
    """
    extension = path[path.rfind(".") + 1 :].lower()
    role = ROLES.get(extension, "image") or extension
    if role == "json":
        name = split(path)[1]
        role = "table" if KOHYA_TABLE.fullmatch(name) else "stats" if SHARD_TABLE.fullmatch(name) else role
    return role


def topic_of(path: str, role: str) -> str | None:
    """What a text speaks for: a stem, or a folder with its slash; None for what is no text."""
    if role == "image":
        return None
    folder, name = split(path)
    if role == "shard":
        return f"{stem(path)}/"
    if shard := SHARD_TABLE.fullmatch(name) if role in ("parquet", "stats") else None:
        return f"{folder}{shard[1]}/"
    if role in ("table", "files") or (role == "parquet" and name.startswith("metadata")):
        return folder
    if role not in SIDECARS:
        return None
    hidden = WAIFUC.fullmatch(name) if name.startswith(".") else None
    return folder + hidden[1] if hidden else stem(path)


def topics_for(path: str, role: str) -> list[str]:
    """The topics under which texts speak for an image file or an archive; none for a text."""
    if role == "image":
        return [*stems_of(path), *folders_of(path)]
    return [stem(path), f"{stem(path)}/"] if role in ARCHIVES else []


def stems_of(path: str) -> tuple[str, ...]:
    """The stems that sidecars of an image file may have: its path without and with its extension."""
    short = stem(path)
    return (path,) if short == path else (short, path)


def folders_of(path: str) -> tuple[str, ...]:
    """The folders that hold a file, outermost first, each with its slash; "" is the source root."""
    return _chain(path[: path.rfind("/") + 1])


@lru_cache(maxsize=4096)
def _chain(folder: str) -> tuple[str, ...]:
    return ("", *(folder[: i + 1] for i, letter in enumerate(folder) if letter == "/"))


def split(path: str) -> tuple[str, str]:
    """Folder, with its slash, and file name."""
    folder, slash, name = path.rpartition("/")
    return folder + slash, name


def stem(path: str) -> str:
    """The path without its last extension."""
    dot = path.rfind(".")
    return path[:dot] if dot > path.rfind("/") + 1 else path


def is_root_table(path: str) -> bool:
    """Whether it is a shared table in the source root, which speaks for every folder."""
    return "/" not in path and topic_of(path, role_of(path)) == ""
