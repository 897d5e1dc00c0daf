"""dataset.toml as one typed model: every setting with its unit, default and source."""

import json
import os
import textwrap
import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dataset_build.errors import UserError


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, values can't change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageLimits(Section):
    """What one image may cost to read."""

    max_pixels: int = Field(
        90_000_000,
        gt=0,
        description="pixels; larger images are not decoded (half of Pillow's own bomb limit)",
    )
    max_bytes: int = Field(256 * 2**20, gt=0, description="bytes; larger files are not read")
    timeout: float = Field(30, gt=0, description="seconds; an image that takes longer is given up")


class Rules(Section):
    """Which images are kept, judged by their own facts. A rule set to 0 is off."""

    min_side: int = Field(200, ge=0, description="pixels, shorter side (DataComp basic filter)")
    max_aspect: float = Field(3.0, ge=0, description="longer side / shorter side (DataComp basic filter)")
    min_sharpness: float = Field(
        8.0, ge=0, description="variance of the Laplacian at 256 px; below it an image is blurred"
    )


class Duplicates(Section):
    """Which images count as the same picture."""

    radius: int = Field(48, ge=0, le=72, description="bits of 256 that may differ; 31 if false merges are costly")
    widest_radius: int = Field(
        64,
        ge=0,
        le=72,
        description="bits; pairs are stored up to here, so that radius can change without a search",
    )
    confirm: float = Field(
        0.9,
        ge=0,
        description="correlation of the aligned thumbnails from which pairs beyond radius count too; 2 for none",
    )
    dihedral: bool = Field(
        False, description="also find mirrored and turned copies; the search takes four times as long"
    )
    variants: Literal["keep", "merge"] = Field(
        "keep", description="keep: recoloured and locally redrawn copies are variants, not duplicates"
    )
    recoloured: float = Field(
        12.0, ge=0, description="levels of 255, colour difference from which a copy is a variant; 0 is off"
    )
    redrawn: float = Field(
        30.0, ge=0, description="levels of 255, local difference from which a copy is a variant; 0 is off"
    )

    @model_validator(mode="after")
    def _stored_far_enough(self) -> Self:
        if self.radius > self.widest_radius:
            raise ValueError(f"radius ({self.radius}) is wider than widest_radius ({self.widest_radius})")
        return self


class Captions(Section):
    """How captions are written."""

    recipe: Literal["compose"] = Field(
        "compose", description="compose: a plain sentence from tags and alt text, no model"
    )
    max_tags: int = Field(40, gt=0, description="tags named in a composed caption at the most")
    min_characters: int = Field(3, ge=0, description="characters; shorter captions are rejected")


class Engine(Section):
    """Where the work on images runs. It never changes a result."""

    workers: int = Field(0, ge=0, description="processes; 0 means one per core")


class Config(Section):
    """The whole configuration."""

    images: ImageLimits = ImageLimits()
    rules: Rules = Rules()
    duplicates: Duplicates = Duplicates()
    captions: Captions = Captions()
    engine: Engine = Engine()


class ConfigError(UserError):
    """The configuration can't be used; the message names the file, the setting and what is wrong with it."""


def load_config(path: Path | None = None) -> Config:
    """Read `path`, else the file named by DATASET_BUILD_CONFIG, else ./dataset.toml, else take the defaults."""
    named = path or os.environ.get("DATASET_BUILD_CONFIG")
    file = Path(named or "dataset.toml")
    if not named and not file.exists():
        return Config()
    try:
        return Config.model_validate(tomllib.loads(file.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; `dataset-build init` writes one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{file}: {_problems(error)}") from error


def _problems(error: ValidationError) -> str:
    lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']} (got {e['input']!r})" for e in error.errors())
    return "; ".join(lines)


def template() -> str:
    """A dataset.toml that holds every setting at its default, each explained in a comment."""
    head = "# What is kept, and how it is captioned. Every setting is at its default.\n"
    return "\n".join([head, *(_section(name, field.annotation) for name, field in Config.model_fields.items())])


def _section(name: str, section: object) -> str:
    assert isinstance(section, type) and issubclass(section, Section)
    settings = (_setting(key, field.default, field.description) for key, field in section.model_fields.items())
    return "\n".join([f"# {section.__doc__}", f"[{name}]", *settings, ""])


def _setting(key: str, default: object, description: str | None) -> str:
    value = json.dumps(default)
    return "\n".join(
        [
            *textwrap.wrap(description or "", 100, initial_indent="# ", subsequent_indent="# "),
            f"{key} = {value}",
        ]
    )
