"""dataset.toml as one typed model: every setting with its unit, default and source."""

import difflib
import json
import os
import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dataset_build.errors import UserError
from dataset_build.tags.fold import fold
from dataset_build.tags.links import follow

RuleName = Literal["lists", "datacomp_basic", "align_alt_text", "realsyn_text", "tag_balance", "cluster_cap"]
Rating = Literal["general", "sensitive", "questionable", "explicit", "unknown"]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, values can't change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


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


class Text(Section):
    """Text in images: whether it is looked for, and how much of it is too much."""

    detect: Literal["auto", "on", "off"] = Field(
        "auto",
        description="auto: where the extra `text` and its models are installed; on: or else stop; off: not at all."
        " Releases say which it was",
    )
    max_area: float = Field(
        0.04,
        ge=0,
        le=1,
        description="share of the image's area, 0 to 1; an image of which lines of text cover more is text-heavy;"
        " 0 switches the rule off (measured: benchmarks/text_heavy.py)",
    )
    models: str = Field("", description="folder of the models; empty: where `dataset-build text-models` puts them")


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


class Corpus(Section):
    """Which rules about the whole corpus are applied, after duplicates are removed and before captions are written."""

    rules: list[RuleName] = Field(
        [],
        description="rules by name, each with a table of its own below: lists, datacomp_basic, align_alt_text, "
        "realsyn_text, tag_balance, cluster_cap; the last two sample from what the others leave, in the order given",
    )
    without_alt_text: Literal["reject", "keep"] = Field(
        "reject",
        description="what rules on alt texts do with images that have none, such as those with tags only",
    )
    seed: int = Field(0, description="draws of the rules that sample; another seed keeps other images")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if twice := sorted({rule for rule in self.rules if self.rules.count(rule) > 1}):
            raise ValueError(f"rules names {', '.join(twice)} more than once")
        return self


class Lists(Section):
    """Rule `lists`: what is let in and kept out by rating, licence, source and domain. An empty list is off.

    The strictest rating of an image's copies counts. For the others one copy on a block list is enough to reject an
    image, and one copy on the allow list is enough to let it in. "unknown" stands for what no copy states.
    """

    allow_ratings: list[Rating] = Field([], description="general | sensitive | questionable | explicit | unknown")
    block_ratings: list[Rating] = Field([], description="the same; block lists win over allow lists")
    allow_licenses: list[str] = Field([], description='in lower case, * stands for any characters: "cc-by*"')
    block_licenses: list[str] = Field([], description="the same")
    allow_sources: list[str] = Field([], description="names of source roots, * stands for any characters")
    block_sources: list[str] = Field([], description="the same")
    allow_domains: list[str] = Field([], description="hosts of source_url, subdomains included: example.org")
    block_domains: list[str] = Field([], description="the same")


class DataCompBasic(Section):
    """Rule `datacomp_basic`: the basic filter of DataComp (2023), its language test apart. 0 switches a test off."""

    min_words: int = Field(3, ge=0, description="words of an alt text (words > 2)")
    min_characters: int = Field(6, ge=0, description="characters of the same alt text (characters > 5)")
    min_side: int = Field(200, ge=0, description="pixels, shorter side")
    max_aspect: float = Field(3.0, ge=0, description="longer side / shorter side")


class AlignAltText(Section):
    """Rule `align_alt_text`: the frequency filters of ALIGN (2021)."""

    min_side: int = Field(200, ge=0, description="pixels; the shorter side must be larger")
    max_aspect: float = Field(3.0, gt=0, description="longer side / shorter side must be less")
    max_texts: int = Field(1000, gt=0, description="alt texts of one image")
    max_sharing: int = Field(10, gt=0, description="images with the same alt text, before duplicates are removed")
    min_words: int = Field(3, ge=0, description="words of an alt text")
    max_words: int = Field(20, gt=0, description="words of an alt text")
    vocabulary: int = Field(
        100_000_000,
        ge=0,
        description="most frequent words and pairs of words of the lake; an alt text with any other is rare. 0 is off",
    )


class RealSynText(Section):
    """Rule `realsyn_text`: the image and sentence filters of RealSyn (2025) that need no model."""

    min_side: int = Field(100, ge=0, description="pixels, shorter side")
    max_aspect: float = Field(3.0, gt=0, description="longer side / shorter side")
    min_words: int = Field(3, ge=0, description="words of an alt text")
    max_words: int = Field(81, gt=0, description="words of an alt text")
    min_entropy: float = Field(0.3, ge=0, description="bits, entropy of the words within an alt text")


class TagBalance(Section):
    """Rule `tag_balance`: MetaCLIP's (2023) balancing, with tags as the entries."""

    images_per_tag: int = Field(
        20_000,
        gt=0,
        description="t: a tag of n images keeps each with probability t / n, an image by its best chances "
        "(20,000 for 400 million images, 170,000 for 2.5 billion)",
    )
    untagged: Literal["keep", "reject"] = Field("keep", description="images without tags (MetaCLIP: reject)")


class ClusterCap(Section):
    """Rule `cluster_cap`: RealSyn's (2025) cap on large clusters, drawn by hash."""

    by: Literal["artist", "character", "copyright", "species", "source"] = Field(
        "artist",
        description="what makes a cluster: the first tag of a category, or the source root; images without are kept",
    )
    cap: int = Field(35, gt=0, description="images kept per cluster (20, 35 and 180 gave 15, 30 and 100 million)")


class Tags(Section):
    """How tags are brought to one spelling, and which of them an image keeps."""

    vocabularies: list[str] = Field(
        [],
        description="imported vocabularies, the first that knows a spelling decides; name@fingerprint pins an import",
    )
    implied: Literal["keep", "add", "drop"] = Field(
        "keep", description="tags that others imply: keep those given, add all, or drop them"
    )
    overlaps: Literal["keep", "drop"] = Field(
        "keep",
        description="drop a general tag that ends a longer one of the same image word by word (dress, red_dress)",
    )
    order: Literal["given", "cooccurrence"] = Field(
        "given",
        description="within a category: as first given, or those that often stand together side by side; the latter "
        "changes with the corpus, and captions with it",
    )
    pair_images: int = Field(
        100_000, gt=0, description="images that co-occurrence is counted over: the first by id, a fair sample"
    )
    min_pair_images: int = Field(5, gt=0, description="images; pairs of tags that fewer have are not counted")
    blacklist: list[str] = Field([], description="tags that no image keeps, in any spelling")
    blacklist_categories: list[str] = Field([], description="categories that no image keeps, such as meta")
    rename: dict[str, str] = Field({}, description="tags to call otherwise, old = new; stronger than any vocabulary")

    @model_validator(mode="after")
    def _rules_name_tags(self) -> Self:
        for tag in (*self.blacklist, *self.rename, *self.rename.values()):
            if not fold(tag):
                raise ValueError(f"{tag!r} is not a tag")
        _, cycle = follow({fold(old): fold(new) for old, new in self.rename.items()})
        if cycle:
            raise ValueError(f"rename runs in a circle: {', '.join(sorted(cycle))}")
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
    memory: float = Field(
        0,
        ge=0,
        description="GiB that a query may hold before it spills to disk; 0: DuckDB's own, 80 % of the machine's",
    )


class Config(Section):
    """The whole configuration."""

    images: ImageLimits = ImageLimits()
    rules: Rules = Rules()
    text: Text = Text()
    duplicates: Duplicates = Duplicates()
    corpus: Corpus = Corpus()
    lists: Lists = Lists()
    datacomp_basic: DataCompBasic = DataCompBasic()
    align_alt_text: AlignAltText = AlignAltText()
    realsyn_text: RealSynText = RealSynText()
    tag_balance: TagBalance = TagBalance()
    cluster_cap: ClusterCap = ClusterCap()
    tags: Tags = Tags()
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


def with_settings(config: Config, settings: Sequence[str]) -> Config:
    """The configuration with settings changed, each written as section.key=value, the value as in TOML.

    Text may stand without quotes. Raises ConfigError, which names the setting and the fix.
    """
    values = config.model_dump()
    for setting in settings:
        name, equals, text = setting.partition("=")
        section, _, key = name.strip().partition(".")
        if not (equals and key):
            raise ConfigError(f"{setting!r}: write a setting as section.key=value, such as rules.min_side=300")
        if key not in values.get(section, {}):
            raise ConfigError(f"{name.strip()}: no such setting{_nearest(name, values)}")
        values[section][key] = _value(text.strip())
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_problems(error)) from error


def _nearest(name: str, values: dict[str, dict[str, Any]]) -> str:
    names = [f"{section}.{key}" for section, keys in values.items() for key in keys]
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]}?" if near else "; `dataset-build init` writes a file that explains all of them"


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


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
    head = (line.strip() for line in (section.__doc__ or "").strip().splitlines())
    return "\n".join([*(f"# {line}".rstrip() for line in head), f"[{name}]", *settings, ""])


def _setting(key: str, default: object, description: str | None) -> str:
    return "\n".join(
        [
            *textwrap.wrap(description or "", 100, initial_indent="# ", subsequent_indent="# "),
            f"{key} = {json.dumps(default, ensure_ascii=False)}",
        ]
    )
