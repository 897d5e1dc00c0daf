"""Files that could not be read, and may be now: a store fails for a while and comes back, a decoder is installed."""

from dataset_build.images import formats
from dataset_build.locations import is_remote
from resources.lake import Lake


def to_retry(lake: Lake, source: str) -> list[str]:
    """The files of a source with images in formats that were not read, and are now; and those of a bucket that were
    unreadable: in a folder that is mostly what never will be read."""
    again = lake.table("readable_files", source=source, formats=list(formats.allowed()))["uri"].to_pylist()
    if is_remote(lake.drops.sources()[source]):
        again += lake.table("unreadable_files", source=source)["uri"].to_pylist()
    return again
