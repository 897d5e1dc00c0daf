"""Settings: who writes captions, and which are good enough."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from dataset_build.captions.calls import PARAMETERS, Sampling
from dataset_build.captions.wire import FIELDS
from dataset_build.sections.base import Section, refuse_bad_address, refuse_twice


class PictureSize(Section):
    """What is sent of a picture at most, in pixels; None: as for all recipes."""

    max_side: int | None = Field(None, ge=28)
    max_pixels: int | None = Field(None, ge=784)


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
    sizes: dict[str, PictureSize] = Field(
        {},
        description="max_side and max_pixels for single recipes instead, by the name that stands in recipes, such as "
        "{ single_pass = { max_side = 512 } }",
    )
    max_in_flight: int = Field(
        256, gt=0, description="requests at one endpoint at most; how many is found by asking it how busy it is"
    )
    timeout: float = Field(300, gt=0, description="seconds that a model may take over one request")
    attempts: int = Field(3, gt=0, description="builds that try an image again after a timeout or a server's error")
    max_failures: float = Field(
        0.5, ge=0, le=1, description="share of a run's images without a caption, from which it stops (after 50 images)"
    )
    limit: int = Field(0, ge=0, description="images that one run captions by each recipe that asks a model; 0: all")
    max_tokens: int = Field(
        0, ge=0, description="tokens read and written that one run of all recipes may cost; 0: any number"
    )
    inherit: bool = Field(
        False,
        description="an image that replaces a worse copy of itself takes over its captions; else it gets new ones",
    )

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        refuse_twice("recipes", self.recipes)
        return self

    @field_validator("sizes")
    @classmethod
    def _of_recipes(cls, sizes: dict[str, PictureSize]) -> dict[str, PictureSize]:
        from dataset_build.captions.recipe import built_in

        if unknown := sorted(name for name in sizes if ".py:" not in name and name not in built_in()):
            raise ValueError(f"{', '.join(unknown)}: no such recipe; `dataset-build recipes list` names all")
        return sizes

    def size_for(self, recipe: str) -> tuple[int, int]:
        """max_side and max_pixels for a recipe."""
        own = self.sizes.get(recipe, PictureSize())
        return own.max_side or self.max_side, own.max_pixels or self.max_pixels


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

    @field_validator("endpoints")
    @classmethod
    def _are_addresses(cls, endpoints: list[str]) -> list[str]:
        for url in endpoints:
            refuse_bad_address(url)
        return endpoints

    @field_validator("extra")
    @classmethod
    def _leaves_requests_alone(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if taken := sorted(FIELDS & set(extra)):
            raise ValueError(f"{', '.join(taken)}: a field of its own, or for recipes to say")
        return extra

    @field_validator("sampling")
    @classmethod
    def _names_parameters(cls, sampling: dict[str, float]) -> dict[str, float]:
        known = {*PARAMETERS} - {"n"}  # how many answers is for recipes to say
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
