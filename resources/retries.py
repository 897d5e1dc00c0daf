"""Files that could not be read, and may be now: a store fails for a while and comes back."""

from dataset_build.locations import is_remote
from resources.lake import Lake


def to_retry(lake: Lake, source: str) -> list[str]:
    """The files of a source in a bucket that were unreadable; in a folder that is mostly what never will be read."""
    if not is_remote(lake.drops.sources()[source]):
        return []
    return list(lake.table("unreadable_files", source=source)["uri"].to_pylist())
