"""Files that could not be read, and may be now: a store or a share comes back, a decoder is installed."""

from pathlib import Path

from dataset_build.images import formats
from dataset_build.locations import is_remote
from dataset_build.sources.files import GONE, opened
from dataset_build.sources.uris import UnreadableError
from resources.lake import Lake


def to_retry(lake: Lake, source: str) -> list[str]:
    """The files of a source with images in formats that were not read, and are now; and those that could not be read
    when last tried: of a folder, if they open now."""
    root = lake.drops.sources()[source]
    again = lake.table("readable_files", source=source, formats=list(formats.allowed()))["uri"].to_pylist()
    failed = lake.table("unreadable_files", source=source, gone=GONE)["uri"].to_pylist()
    return [*again, *(uri for uri in failed if is_remote(root) or _opens(root, uri))]


def _opens(root: Path, uri: str) -> bool:
    try:
        with opened(root, uri):
            return True
    except UnreadableError:
        return False
