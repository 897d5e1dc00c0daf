"""dataset.toml as one typed model: every setting with its unit, default and source."""

import difflib
import json
import os
import textwrap
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ValidationError, model_validator
from pydantic_core import ErrorDetails

from dataset_build.errors import UserError
from dataset_build.sections.base import Section
from dataset_build.sections.buckets import S3
from dataset_build.sections.captions import Binding, CaptionRules, Captions, Models
from dataset_build.sections.corpus import (
    SCORED,
    AlignAltText,
    ClipScore,
    ClusterCap,
    Corpus,
    DataCompBasic,
    Lists,
    Rating,
    RealSynText,
    RuleName,
    TagBalance,
    Tldr,
    TMars,
)
from dataset_build.sections.duplicates import Clip, Duplicates
from dataset_build.sections.images import Arrival, ImageLimits, Rules, Text
from dataset_build.sections.running import Engine, Nightly
from dataset_build.sections.tags import Tags

__all__ = [
    "S3",
    "SCORED",
    "AlignAltText",
    "Arrival",
    "Binding",
    "CaptionRules",
    "Captions",
    "Clip",
    "ClipScore",
    "ClusterCap",
    "Config",
    "ConfigError",
    "Corpus",
    "DataCompBasic",
    "Duplicates",
    "Engine",
    "ImageLimits",
    "Lists",
    "Models",
    "Nightly",
    "Rating",
    "RealSynText",
    "RuleName",
    "Rules",
    "Section",
    "TMars",
    "TagBalance",
    "Tags",
    "Text",
    "Tldr",
    "load_config",
    "template",
    "with_settings",
]

# How models and buckets are reached, where a build runs and when: it changes no row, and may be nobody else's business.
PRIVATE: dict[str, Any] = {
    **dict.fromkeys(("engine", "nightly", "s3"), True),
    "models": {role: {"endpoints", "arguments", "python"} for role in Models.model_fields},
}
UNSAID = {"endpoints", "endpoint_url", "arguments", "extra"}  # settings whose wrong values errors don't repeat


class Config(Section):
    """The whole configuration."""

    arrival: Arrival = Arrival()
    images: ImageLimits = ImageLimits()
    rules: Rules = Rules()
    text: Text = Text()
    clip: Clip = Clip()
    duplicates: Duplicates = Duplicates()
    corpus: Corpus = Corpus()
    lists: Lists = Lists()
    datacomp_basic: DataCompBasic = DataCompBasic()
    align_alt_text: AlignAltText = AlignAltText()
    realsyn_text: RealSynText = RealSynText()
    clip_score: ClipScore = ClipScore()
    tmars: TMars = TMars()
    tag_balance: TagBalance = TagBalance()
    cluster_cap: ClusterCap = ClusterCap()
    tldr: Tldr = Tldr()
    tags: Tags = Tags()
    captions: Captions = Captions()
    caption_rules: CaptionRules = CaptionRules()
    models: Models = Models()
    nightly: Nightly = Nightly()
    engine: Engine = Engine()
    s3: S3 = S3()

    @model_validator(mode="after")
    def _embeddings_where_needed(self) -> Self:
        by_content = "cluster_cap" in self.corpus.rules and self.cluster_cap.by == "embedding"
        needing = [f"rule {rule}" for rule in self.corpus.rules if rule in SCORED]
        needing += ["duplicates.embedding"] * (self.duplicates.embedding > 0) + ["cluster_cap.by"] * by_content
        if needing and not self.clip.model:
            raise ValueError(f"{', '.join(needing)}: set clip.model, which makes the embeddings")
        if "tmars" in self.corpus.rules and self.text.detect == "off":
            raise ValueError("rule tmars: text.detect is off, and text that isn't found can't be painted over")
        return self

    def published(self) -> dict[str, Any]:
        """The settings as releases tell them, without what is private."""
        return self.model_dump(exclude=PRIVATE)


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


def with_settings(config: Config, settings: Sequence[str]) -> Config:
    """The configuration with settings changed, each written as section.key=value, the value as in TOML.

    Text may stand without quotes. Raises ConfigError, which names the setting and the fix.
    """
    values = config.model_dump()
    for setting in settings:
        name, equals, text = setting.partition("=")
        *path, key = name.strip().split(".")
        if not (equals and path and key):
            raise ConfigError(f"{setting!r}: write a setting as section.key=value, such as rules.min_side=300")
        section = _table(values, path)
        if key not in section:
            raise ConfigError(f"{name.strip()}: no such setting{_nearest(name, values)}")
        section[key] = _value(text.strip())
    return checked(values)


def checked(values: Mapping[str, Any]) -> Config:
    """The configuration with these values. Raises ConfigError, which names the setting."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_problems(error)) from error


def _table(values: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """The table of settings that lies at `path`; an empty one where there is none."""
    for name in path:
        values = values[name] if isinstance(values.get(name), dict) else {}
    return values


def _nearest(name: str, values: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, _names(values), 1)
    return f"; did you mean {near[0]}?" if near else "; `dataset-build init` writes a file that explains all of them"


def _names(values: dict[str, Any], before: str = "") -> list[str]:
    """section.key of every setting."""
    names = []
    for key, value in values.items():
        names += _names(value, f"{before}{key}.") if isinstance(value, dict) and value else [f"{before}{key}"]
    return names


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problems(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}{_got(e)}" for e in error.errors())


def _got(error: ErrorDetails) -> str:
    """The value that is wrong, unless a key may be in it: in a whole table, or in what was put into a wrong place."""
    said = error["input"]
    misplaced = error["type"] == "extra_forbidden" and not isinstance(said, int | float)
    return "" if misplaced or isinstance(said, dict) or UNSAID & set(error["loc"]) else f" (got {said!r})"


def template() -> str:
    """A dataset.toml that holds every setting at its default, each explained in a comment."""
    head = "# What is kept, and how it is captioned. Every setting is at its default.\n"
    return "\n".join([head, *_sections(Config, "")])


def _sections(kind: type[BaseModel], before: str) -> Iterator[str]:
    """The tables inside a table, those inside them after each."""
    explained: set[object] = set()
    for name, field in kind.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            doc = field.description or section.__doc__ or ""
            yield _section(before + name, section, doc, explain=section not in explained)
            yield from _sections(section, f"{before}{name}.")
            explained.add(section)


def _section(name: str, section: type[Section], doc: str, explain: bool) -> str:
    own = {key: field for key, field in section.model_fields.items() if not isinstance(field.default, Section)}
    settings = (_setting(key, field.default, field.description if explain else None) for key, field in own.items())
    head = (line.strip() for line in doc.strip().splitlines())
    return "\n".join([*(f"# {line}".rstrip() for line in head), f"[{name}]", *settings, ""])


def _setting(key: str, default: object, description: str | None) -> str:
    return "\n".join(
        [
            *textwrap.wrap(description or "", 100, initial_indent="# ", subsequent_indent="# "),
            f"{key} = {json.dumps(default, ensure_ascii=False)}",
        ]
    )
