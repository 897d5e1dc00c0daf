"""What each table is made from under a configuration: code version, query text, settings, models."""

from functools import cache
from typing import Any

from dataset_build import ingest
from dataset_build.captions import compose
from dataset_build.config import Config
from dataset_build.dedup import pairs, stars
from dataset_build.fingerprint import Fingerprint, digest
from dataset_build.images import facts
from dataset_build.queries import is_view, load_query
from dataset_build.schemas import LAKE_TABLES
from dataset_build.sources import dialects, listing
from dataset_build.tags import fold
from dataset_build.text import models, regions


def fingerprint_of(table: str, config: Config) -> Fingerprint:
    """The fingerprint of a table's own step; what it reads from other tables is versioned by their content."""
    return _fingerprint_of(table, config, models.why_off(config.text) if table == "text_regions" else None)


@cache
def _fingerprint_of(table: str, config: Config, text_off: str | None) -> Fingerprint:
    """What is installed may change while the process lives: why text detection is off is asked anew each time."""
    limits = config.images.model_dump()
    made_from: dict[str, dict[str, Any]] = {
        "listing": {"code": listing.VERSION},
        "occurrences": {
            "code": ingest.VERSION,
            "dialects": dialects.VERSION,
            "facts": facts.VERSION,
            "images": limits,
        },
        "image_facts": {"code": facts.VERSION, "images": limits},
        "text_regions": {"off": text_off} if text_off else text_detection(config),
        "tags": {"code": fold.VERSION, "query": _query("tags", config)},
        "duplicate_pairs": {"code": pairs.VERSION, "widest_radius": config.duplicates.widest_radius},
        "duplicates": {
            "code": stars.VERSION,
            "radius": config.duplicates.radius,
            "keeper_order": _query("keeper_order", config),
        },
        "captions": caption_recipe(config),
    }
    return _with_columns(table, made_from.get(table) or _query(table, config))


def text_detection(config: Config) -> dict[str, Any]:
    """What text is detected with, where it is."""
    return {"code": regions.VERSION, "models": models.SHA256, "images": config.images.model_dump()}


def caption_recipe(config: Config) -> dict[str, Any]:
    """What the configured recipe writes captions from, the texts of the image apart."""
    return {"recipe": config.captions.recipe, "code": compose.VERSION, "max_tags": config.captions.max_tags}


def parameters_of(config: Config) -> dict[str, Any]:
    """The values of every parameter that a query may bind."""
    return {
        **config.rules.model_dump(),
        "max_text_area": config.text.max_area,
        "radius": config.duplicates.radius,
        "min_characters": config.captions.min_characters,
        "caption_fingerprint": str(_with_columns("captions", caption_recipe(config))),
    }


def _with_columns(table: str, parts: dict[str, Any]) -> Fingerprint:
    schema = {each.name: each.schema for each in LAKE_TABLES}.get(table, ())
    return Fingerprint({**parts, "columns": {field.name: str(field.type) for field in schema}})


def _query(name: str, config: Config) -> dict[str, Any]:
    """Text, views and bound values of a query."""
    query, values = load_query(name), parameters_of(config)
    return {
        "sql": digest(query.text)[:16],
        "params": {key: values[key] for key in query.params},
        "views": {each: _query(each, config) for each in query.inputs if is_view(each)},
    }
