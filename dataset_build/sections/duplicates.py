"""Settings: which images count as the same picture."""

from typing import Literal, Self

from pydantic import Field, model_validator

from dataset_build.sections.base import Section


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
