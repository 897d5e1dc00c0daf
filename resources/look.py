"""Small files of a bucket that are asked for again and again, read once within one look at the lake."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar, cast

from dataset_build.locations import is_remote, store

T = TypeVar("T")
_seen: ContextVar[dict[str, Any] | None] = ContextVar("seen", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Within the block, what `once` has made is made no second time; a look inside a look is the same look."""
    if _seen.get() is not None:
        yield
        return
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def once(path: Path, make: Callable[[], T]) -> T:
    """What `make` makes of a path; the same again within one look, where the path is in a bucket."""
    seen = _seen.get()
    if seen is None or not is_remote(path):
        return make()
    if str(path) not in seen:
        seen[str(path)] = make()
    return cast(T, seen[str(path)])


def forget(path: Path) -> None:
    """A file has changed."""
    if seen := _seen.get():
        seen.pop(str(path), None)


def read_ahead(paths: Iterable[Path], read: Callable[[bytes], Any]) -> None:
    """Read objects side by side, for `once` to find within this look; None for those that are not there."""
    seen, wanted = _seen.get(), [path for path in paths if is_remote(path)]
    if seen is None or not wanted:
        return
    keys = {store(path)[1]: str(path) for path in wanted if str(path) not in seen}
    found = store(wanted[0])[0].cat(list(keys), on_error="return", max_concurrency=1) if keys else {}
    for key, place in keys.items():
        data = found.get(key, FileNotFoundError(key))
        if isinstance(data, bytes):
            seen[place] = read(data)
        elif isinstance(data, FileNotFoundError):
            seen[place] = None
        else:
            raise data
