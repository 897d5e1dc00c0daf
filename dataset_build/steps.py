"""What each table is made from under a configuration: code version, query text, settings, models."""

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
from dataset_build.tags import fold, merge, order

TAG_PARAMETERS = {"implied", "overlaps", "blacklist_categories", "pair_images", "min_pair_images"}


def fingerprint_of(table: str, config: Config) -> Fingerprint:
    """The fingerprint of a table's own step; what it reads from other tables is versioned by their content."""
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
        "tag_vocabulary": tag_rules(config),
        "tags": {"rules": tag_rules(config), "query": _query("tags", config)},
        "image_texts": {"query": _query("image_texts", config), "order": tag_order(config)},
        "duplicate_pairs": {"code": pairs.VERSION, "widest_radius": config.duplicates.widest_radius},
        "duplicates": {
            "code": stars.VERSION,
            "radius": config.duplicates.radius,
            "keeper_order": _query("keeper_order", config),
        },
        "captions": caption_recipe(config),
    }
    return _with_columns(table, made_from.get(table) or _query(table, config))


def tag_rules(config: Config) -> dict[str, Any]:
    """What decides what becomes of a spelling; a vocabulary's fingerprint stands in its name."""
    rules = {key: getattr(config.tags, key) for key in ("vocabularies", "blacklist", "rename")}
    return {"fold": fold.VERSION, "code": merge.VERSION, **rules}


def tag_order(config: Config) -> dict[str, Any]:
    """What orders tags within a category."""
    if config.tags.order == "given":
        return {"by": "given"}
    return {"by": "cooccurrence", "code": order.VERSION, "pairs": _query("tag_pairs", config)}


def caption_recipe(config: Config) -> dict[str, Any]:
    """What the configured recipe writes captions from, the texts of the image apart."""
    return {"recipe": config.captions.recipe, "code": compose.VERSION, "max_tags": config.captions.max_tags}


def parameters_of(config: Config) -> dict[str, Any]:
    """The values of every parameter that a query may bind."""
    return {
        **config.rules.model_dump(),
        "radius": config.duplicates.radius,
        **config.tags.model_dump(include=TAG_PARAMETERS),
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
