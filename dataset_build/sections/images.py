"""Settings: which files count, how images are read, and which are kept by their own facts."""

from typing import Literal

from pydantic import Field

from dataset_build.sections.base import Section


class Arrival(Section):
    """When files that lie in a source count as a drop. With neither setting, as soon as they are seen."""

    marker: str = Field("", description="name of a file that says that its folder is complete, such as _SUCCESS")
    quiet: float = Field(0, ge=0, description="seconds without a change after which a folder is complete; 0 is off")


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
