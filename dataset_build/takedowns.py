"""What a take-down may be about, and how its value is checked."""

import re
from typing import Literal

from dataset_build.errors import UserError

Kind = Literal["image", "phash", "source_id", "url"]
LEAST_LITERAL = 4  # letters and digits of a pattern: "*" would take everything down


class BadValue(UserError):
    """A take-down can't be about that."""


def as_value(kind: Kind, value: str) -> str:
    """The value of a take-down as it is stored. Raises BadValue."""
    value = value.strip()
    if kind == "phash" and not re.fullmatch(r"[0-9a-fA-F]{16}", value):
        raise BadValue(f"{value!r} is no phash: 16 hex digits, as ImageHash prints it")
    if kind == "url" and len(re.findall(r"\w", re.sub(r"\[[^\]]*\]|^[a-z*]+:", "", value))) < LEAST_LITERAL:
        raise BadValue(f"{value!r} would fit almost any address; name at least a host")
    if not value or not value.isprintable():
        raise BadValue(f"{value!r} is no {kind}")
    return value.lower() if kind == "phash" else value
