"""From a folder of scraped images to a versioned, deduplicated, cleaned and captioned training set."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataset_build.release.reader import open_release

__all__ = ["open_release"]


def __getattr__(name: str) -> Any:
    if name == "open_release":
        from dataset_build.release.reader import open_release

        return open_release
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
