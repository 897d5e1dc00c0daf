"""What all tables of the configuration file have in common."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, values can't change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def refuse_bad_address(url: str) -> None:
    """Raise ValueError where an address is none of HTTP, or holds a name or a password; it is not repeated."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write it as https://host or http://host:port")
    if parts.username or parts.password:
        raise ValueError("it holds a name or a password; keys belong into the environment")


def refuse_twice(setting: str, names: Sequence[str]) -> None:
    """Raise ValueError where a name stands twice in a list."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{setting} names {', '.join(twice)} more than once")
