"""dataset.toml as one typed model: every setting with its unit, default and source."""

import difflib
import json
import os
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dataset_build.captions.calls import Sampling
from dataset_build.captions.wire import FIELDS
from dataset_build.errors import UserError
from dataset_build.tags.fold import fold
from dataset_build.tags.links import follow

RuleName = Literal[
    "lists",
    "datacomp_basic",
    "align_alt_text",
    "realsyn_text",
    "clip_score",
    "tmars",
    "tag_balance",
    "cluster_cap",
    "tldr",
]
SCORED: frozenset[RuleName] = frozenset({"clip_score", "tmars", "tldr"})  # rules on embeddings
Rating = Literal["general", "sensitive", "questionable", "explicit", "unknown"]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors, values can't change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Arrival(Section):
    """When files that lie in a source count as a drop. With neither setting, as soon as they are seen."""

    marker: str = Field("", description="name of a file that says that its folder is complete, such as _SUCCESS")
    quiet: float = Field(0, ge=0, description="seconds without a change after which a folder is complete; 0 is off")


def _refuse_twice(setting: str, names: Sequence[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{setting} names {', '.join(twice)} more than once")


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
    max_flat_tail: float = Field(
        0.02,
        ge=0,
        le=1,
        description="share of the height, 0 to 1; pictures of which more is padding after an early end are broken"
        " (measured: benchmarks/damage.py)",
    )
    torn_rows: int = Field(
        2,
        ge=0,
        description="rows of blocks that break with what is above; from so many on a picture is broken; 1 finds more"
        " damage and rejects 6 good pictures in 1000 (measured: benchmarks/damage.py)",
    )
    several_frames: Literal["first_frame", "reject"] = Field(
        "first_frame",
        description="animations and files of several pages; first_frame: they are judged and described by it",
    )
    min_contrast: float = Field(
        0.01, ge=0, le=1, description="standard deviation of the grey level, 0 to 1; below it a picture is uniform"
    )
    placeholder_posts: int = Field(
        20,
        ge=0,
        description="different posts with the very same pixels, from which on these are a placeholder such as"
        ' "image removed"; sites refuse the same file twice, and reposts on other sites are few.'
        " Raise it for crawls of the web, where logos and adverts recur",
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


class Clip(Section):
    """Embeddings of images and texts by a CLIP model: for near-duplicates, T-MARS and rules on alignment scores.

    Needs the extra `clip`, and says so where it is missing.
    """

    model: str = Field("", description="a CLIP model of transformers by name, or its folder; empty: no embeddings")
    revision: str = Field("", description="commit or tag of the named model; empty: the newest, which may change")
    clusters: int = Field(
        1000, gt=0, description="groups of images by embedding, for the rules tldr (1000 there) and cluster_cap"
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
        False, description="also find mirrored and turned copies; the search takes three times as long"
    )
    embedding: float = Field(
        0.0,
        ge=0,
        le=1,
        description="cosine of two images' embeddings from which they are duplicates (0.96 in fastdup); 0: none; "
        "needs clip.model",
    )
    widest_embedding: float = Field(
        0.9,
        gt=0,
        le=1,
        description="cosine; pairs are stored down to here, so that embedding can change without a search",
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

    fastdup: bool = Field(
        False,
        description="allow `dataset-build duplicates compare` to run fastdup: licensed CC BY-NC-ND 4.0, no commercial"
        " use; it reports errors and use to its makers unless told not to, as it is here",
    )
    fastdup_similarity: float = Field(
        0.9, ge=-1, le=1, description="cosine similarity from which fastdup's pairs are stored (its own default)"
    )
    fastdup_neighbours: int = Field(
        40,
        gt=0,
        description="images compared with each image; fastdup's default of 2 misses copies of often copied ones",
    )
    fastdup_python: str = Field(
        ".venv-fastdup/bin/python", description="interpreter of fastdup's environment, which `make fastdup-env` makes"
    )

    @model_validator(mode="after")
    def _stored_far_enough(self) -> Self:
        if self.radius > self.widest_radius:
            raise ValueError(f"radius ({self.radius}) is wider than widest_radius ({self.widest_radius})")
        if 0 < self.embedding < self.widest_embedding:
            raise ValueError(f"embedding ({self.embedding}) is below widest_embedding ({self.widest_embedding})")
        return self


class Corpus(Section):
    """Which rules about the whole corpus are applied, after duplicates are removed and before captions are written."""

    rules: list[RuleName] = Field(
        [],
        description="rules by name, each with a table of its own below: lists, datacomp_basic, align_alt_text, "
        "realsyn_text, clip_score, tmars, tag_balance, cluster_cap, tldr; the last five choose from what the others "
        "leave, in the order given",
    )
    without_alt_text: Literal["reject", "keep"] = Field(
        "reject",
        description="what rules on alt texts do with images that have none, such as those with tags only",
    )
    seed: int = Field(0, description="draws of the rules that sample; another seed keeps other images")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        _refuse_twice("rules", self.rules)
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


class ClipScore(Section):
    """Rule `clip_score`: the cosine of picture and best alt text (DataComp 2023, RealSyn 2025). Needs clip.model."""

    min_score: float = Field(-1.0, description="cosine; 0.28 for ViT-B/32 makes LAION-2B's choice. -1 is off")
    max_score: float = Field(1.0, description="cosine; RealSyn keeps 0.51 to 0.61 of its model. 1 is off")
    top_share: float = Field(0.3, ge=0, le=1, description="share of the scored images, the best ones; 1 is off")


class TMars(Section):
    """Rule `tmars`: T-MARS (2023), the alignment of picture and alt text with the picture's own text painted over.

    Needs clip.model, and text detection.
    """

    share: float = Field(0.5, ge=0, le=1, description="share of the scored images that goes, the worst ones")


class Tldr(Section):
    """Rule `tldr`: TL;DR (2023), a sample of each cluster of images and the better half. Needs clip.model."""

    every: int = Field(5, gt=0, description="one of so many images of a cluster stays")
    share: float = Field(0.5, ge=0, le=1, description="share of the scored images that goes, the worst ones")


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

    by: Literal["artist", "character", "copyright", "species", "source", "embedding"] = Field(
        "artist",
        description="what makes a cluster: the first tag of a category, the source root, or the embedding (RealSyn; "
        "needs clip.model); images without are kept",
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

    recipes: list[str] = Field(
        ["compose"],
        min_length=1,
        description="by which recipes, in order of preference: a release shows the first that has a caption. compose "
        "writes a plain sentence from tags and alt text and asks no model; `dataset-build recipes list` names all",
    )
    max_tags: int = Field(40, gt=0, description="tags named in a composed caption at the most")
    max_side: int = Field(1024, ge=28, description="pixels; pictures are sent to models with no longer side than this")
    max_pixels: int = Field(1_048_576, ge=784, description="pixels; nor with more of them than this")
    max_in_flight: int = Field(
        256, gt=0, description="requests at one endpoint at most; how many is found by asking it how busy it is"
    )
    timeout: float = Field(300, gt=0, description="seconds that a model may take over one request")
    attempts: int = Field(3, gt=0, description="builds that try an image again after a timeout or a server's error")
    max_failures: float = Field(
        0.5, ge=0, le=1, description="share of a run's images without a caption, from which it stops (after 50 images)"
    )
    limit: int = Field(0, ge=0, description="images that one run captions by each recipe; 0: all")
    max_tokens: int = Field(0, ge=0, description="tokens read and written that one run may cost; 0: any number")
    inherit: bool = Field(
        False,
        description="an image that replaces a worse copy of itself takes over its captions; else it gets new ones",
    )

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        _refuse_twice("recipes", self.recipes)
        return self


class CaptionRules(Section):
    """Which captions a release may show. A rule set to 0 or false is off.

    Of each image the first that passes is shown, by recipe, variant and number; an image of which none passes is
    rejected, for the reasons of its first.
    """

    min_characters: int = Field(3, ge=0, description="characters; shorter captions are rejected")
    out_of_band: float = Field(
        0.5,
        ge=0,
        description="share by which a caption is shorter or longer than its recipe's published band, from which it is "
        "rejected; recipes without a band pass",
    )
    min_coverage: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of the image's tags that a caption says; for recipes that are told the tags 0.5 is a start",
    )
    contradictions: int = Field(
        3,
        ge=0,
        description="tags of which a caption says the opposite, such as another colour, from which it is rejected",
    )
    repetition: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of runs of four words that stood before in the caption, from which it is a loop (the "
        "filters of Gopher, 2021, for repetition in web pages are stricter)",
    )
    cut_off: bool = Field(True, description="reject captions that end amid a sentence")
    refusal: bool = Field(True, description="reject captions that decline to describe")
    set_phrase: bool = Field(False, description='reject captions that open like "The image shows" or "Sure, here is"')
    language: Literal["any", "en"] = Field("any", description="en: reject captions in any other language")
    invented_names: int = Field(
        0, ge=0, description="names and numbers that neither tags nor alt texts give, from which a caption is rejected"
    )
    near_images: int = Field(
        0,
        ge=0,
        description="other images with nearly the same caption by the same recipe, from which it is rejected "
        "(10 for alt texts: ALIGN, 2021)",
    )
    near_likeness: float = Field(
        0.9,
        gt=0.5,
        le=1,
        description="share of the distinct words of both, of those of either, that is nearly the same",
    )
    min_vqascore: float = Field(
        0.0,
        ge=0,
        le=1,
        description="probability that the image shows the caption, for recipes that ask (VQAScore, 2024)",
    )


class Binding(Section):
    """A model, and who answers for it."""

    model: str = Field("", description="name, as the server calls it; for transformers a name or a folder")
    revision: str = Field("", description="revision of its weights; part of what captions are made from")
    backend: Literal["endpoints", "vllm", "transformers"] = Field(
        "endpoints",
        description="endpoints: OpenAI-compatible servers that run already; vllm: one that is started on this machine "
        "for as long as it is needed; transformers: no server, in this process, slow",
    )
    endpoints: list[str] = Field([], description='addresses of servers, such as "http://127.0.0.1:8000/v1"')
    arguments: list[str] = Field([], description="for backend vllm: more arguments of `vllm serve`")
    python: str = Field("", description="for backend vllm: the Python that it is installed for; empty: this one")
    extra: dict[str, Any] = Field(
        {}, description="more fields of each request, such as chat_template_kwargs; part of what captions are made from"
    )
    sampling: dict[str, float] = Field(
        {}, description="sampling parameters instead of a recipe's own, such as temperature; likewise part of it"
    )

    @field_validator("extra")
    @classmethod
    def _leaves_requests_alone(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(FIELDS & set(extra)):
            raise ValueError(f"{', '.join(taken)}: a field of its own, or for recipes to say")
        return extra

    @field_validator("sampling")
    @classmethod
    def _names_parameters(cls, sampling: dict[str, float]) -> dict[str, float]:
        known = {each.name for each in fields(Sampling)} - {"n"}  # how many answers is for recipes to say
        if unknown := sorted(set(sampling) - known):
            raise ValueError(f"{', '.join(unknown)}: not a sampling parameter; there are {', '.join(sorted(known))}")
        return {name: type(getattr(Sampling(), name))(value) for name, value in sampling.items()}


class Models(Section):
    """Which model plays which role of a recipe. llm, judge and tagger are played by vlm where they have no model."""

    vlm: Binding = Field(Binding(), description="sees the image")
    vlm2: Binding = Field(Binding(), description="sees the image, for recipes that compare models")
    vlm3: Binding = Field(Binding(), description="the same")
    llm: Binding = Field(Binding(), description="works on texts")
    judge: Binding = Field(Binding(), description="compares captions")
    tagger: Binding = Field(Binding(), description="names what is in the image")


class Nightly(Section):
    """The unattended build, run by Dagster's daemon. It starts when its schedule is switched on."""

    cron: str = Field("0 2 * * *", pattern=r"^\S+( +\S+){4}$", description="minute hour day month weekday")
    timezone: str = Field("UTC", description="of the cron line and of the release's date, such as Europe/Berlin")
    look: int = Field(300, ge=30, description="seconds between looks for new drops, where their sensor is switched on")
    notify: Literal["log", "webhook"] = Field(
        "log", description="where failed runs are told: the log, or a POST to the address in DATASET_BUILD_WEBHOOK"
    )

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no such time zone; write it as Europe/Berlin") from None
        return name


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
    lines = (f"{'.'.join(map(str, e['loc']))}: {e['msg']} (got {e['input']!r})" for e in error.errors())
    return "; ".join(lines)


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
