"""Settings: how tags are brought to one spelling."""

from typing import Literal, Self

from pydantic import Field, model_validator

from dataset_build.sections.base import Section
from dataset_build.tags.fold import fold
from dataset_build.tags.links import follow


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
