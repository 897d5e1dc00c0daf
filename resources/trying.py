"""A recipe over one image file, outside any lake, to see what it does."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dataset_build.captions.bindings import bound
from dataset_build.captions.calls import CallFailed, Picture, View, Views
from dataset_build.captions.job import Subject
from dataset_build.captions.pictures import Size, encode
from dataset_build.captions.recipe import Recipe, load_recipe
from dataset_build.captions.rows import Key, write
from dataset_build.config import Binding, Config, ImageLimits
from dataset_build.errors import UserError
from dataset_build.images.header import Unreadable, guarded, open_image
from resources.models import open_models
from resources.work import Log


def try_recipe(
    name: str,
    file: Path,
    config: Config,
    vlm: Binding | None,
    tags: Sequence[tuple[str, str]],
    alt_texts: Sequence[str],
    log: Log,
) -> list[dict[str, Any]]:
    """The rows of captions by a recipe for an image with these texts.

    `vlm` plays every role that the configuration leaves open. Raises UserError where the file is no image or a role has
    no model.
    """
    recipe, data = load_recipe(name), file.read_bytes()
    try:
        with guarded(config.images):
            width, height = open_image(data, config.images).upright_size
    except Unreadable as error:
        raise UserError(f"{file}: {error}") from error
    subject = Subject(hashlib.sha256(data).hexdigest(), width, height, tuple(tags), tuple(alt_texts))
    views = _views(data, Size(*config.captions.size_for(name)), config.images)
    return asyncio.run(_rows(recipe, subject, views, _open(recipe, config, vlm), log))


def _open(recipe: Recipe, config: Config, vlm: Binding | None) -> Config:
    """The configuration with `vlm` in the place of all roles that have no model."""
    if not vlm:
        return config
    models = config.models.model_copy(
        update={"vlm": vlm}
        | {role: vlm for role in recipe.roles if role != "vlm" and not getattr(config.models, role).model}
    )
    return config.model_copy(update={"models": models})


async def _rows(recipe: Recipe, subject: Subject, views: Views, config: Config, log: Log) -> list[dict[str, Any]]:
    bindings = bound(recipe.roles, config.models)
    settings = config.captions.model_dump(include=set(recipe.reads))
    sampling = {role: binding.sampling for role, binding in bindings.items()}
    now = datetime.now(UTC)
    async with open_models(bindings, config.captions, log) as models:
        writing = asyncio.ensure_future(
            write(recipe, subject, views, models, Key("try", "try"), now, settings, sampling)
        )
        await asyncio.wait([writing, *models.lost], return_when=asyncio.FIRST_COMPLETED)
        for lost in models.lost:
            if lost.done():
                writing.cancel()
                lost.result()
        return await writing


def _views(data: bytes, size: Size, limits: ImageLimits) -> Views:
    async def picture(view: View) -> Picture:
        try:
            return Picture(await asyncio.to_thread(encode, data, view, size, limits))
        except Unreadable as error:
            raise CallFailed("rejected_image", str(error)) from error

    return picture
