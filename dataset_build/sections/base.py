"""What all tables of the configuration file have in common."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, values can't change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def refuse_twice(setting: str, names: Sequence[str]) -> None:
    """Raise ValueError where a name stands twice in a list."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{setting} names {', '.join(twice)} more than once")
