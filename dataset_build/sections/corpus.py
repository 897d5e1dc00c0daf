"""Settings: the rules about the whole corpus."""

from typing import Literal, Self

from pydantic import Field, model_validator

from dataset_build.sections.base import Section, refuse_twice

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
        refuse_twice("rules", self.rules)
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
