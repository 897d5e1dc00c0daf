"""What each table is made from under a configuration: code version, query text, settings, models."""

from typing import Any

from dataset_build import ingest
from dataset_build.captions import pictures
from dataset_build.captions.bindings import bound
from dataset_build.captions.recipe import load_recipe
from dataset_build.captions.rules import caption_rules
from dataset_build.captions.scores import caption
from dataset_build.clip import clusters, embed, model, neighbours
from dataset_build.config import Config
from dataset_build.dedup import fastdup, pairs, second_look, stars
from dataset_build.errors import UserError
from dataset_build.fingerprint import Fingerprint, digest
from dataset_build.images import facts
from dataset_build.queries import Query, is_view, load_query
from dataset_build.schemas import LAKE_TABLES, RELEASE_TABLES, SIDE_TABLES
from dataset_build.sources import dialects, listing
from dataset_build.tags import fold, merge, order
from dataset_build.text import models, regions

FASTDUP_SETTINGS = {"fastdup_similarity", "fastdup_neighbours"}
IDENTITY = {"model", "revision", "extra", "sampling"}  # of a binding: what decides its replies
TAG_PARAMETERS = {"implied", "overlaps", "blacklist_categories", "pair_images", "min_pair_images"}
NEAR_PARAMETERS = {"near_images", "near_likeness"}
SCHEMAS = {
    **{table.name: table.schema for table in LAKE_TABLES + SIDE_TABLES},
    **{f"release_{table.name}": table.schema for table in RELEASE_TABLES},
}


class Fingerprints(dict[str, Fingerprint]):
    """The fingerprint of each table's own step under a configuration; what it reads from other tables is versioned by
    their content. Those of tables and views that a query alone makes are worked out when they are asked for."""

    def __init__(self, config: Config) -> None:
        super().__init__((table, _with_columns(table, parts)) for table, parts in _made_by_code(config).items())
        self._config = config

    def __missing__(self, name: str) -> Fingerprint:
        self[name] = _with_columns(name, _query(name, self._config))
        return self[name]


def _made_by_code(config: Config) -> dict[str, dict[str, Any]]:
    """What the tables are made from that are not made by a query alone."""
    limits = config.images.model_dump()
    return {
        "listing": {"code": listing.VERSION},
        "occurrences": {
            "code": ingest.VERSION,
            "listing": listing.VERSION,
            "dialects": dialects.VERSION,
            "facts": facts.VERSION,
            "images": limits,
        },
        "image_facts": {"code": facts.VERSION, "listing": listing.VERSION, "images": limits},
        "text_regions": {**text_detection(config), "places": _query("text_places", config)},
        "image_embeddings": {**embeddings(config), "places": _query("embedding_places", config)},
        "text_embeddings": {"model": clip_model(config)},
        "embedding_pairs": {
            "code": neighbours.VERSION,
            "embeddings": embeddings(config),
            "widest_embedding": config.duplicates.widest_embedding,
        },
        "image_clusters": {
            "code": clusters.VERSION,
            "embeddings": embeddings(config),
            "clusters": [config.clip.clusters, config.corpus.seed],
            "query": _query("unclustered", config),
        },
        "tag_vocabulary": tag_rules(config),
        "tags": {"rules": tag_rules(config), "query": _query("tags", config)},
        "image_texts": {"query": _query("image_texts", config), "order": tag_order(config)},
        "duplicate_pairs": {
            "code": pairs.VERSION,
            "second_look": second_look.VERSION,
            "widest_radius": config.duplicates.widest_radius,
            "dihedral": config.duplicates.dihedral,
        },
        "fastdup_pairs": fastdup_search(config),
        "duplicates": {
            "code": stars.VERSION,
            "links": _query("duplicate_links", config),
            "keeper_order": _query("keeper_order", config),
            "kept_alone": _query("kept_alone", config),
        },
        "corpus_verdicts": {
            **_query("corpus_verdicts", config),
            "rules": [{"rule": rule.name, **_made_from(rule, values, config)} for rule, values in chosen_rules(config)],
        },
        "captions": {"recipes": [recipe_fingerprint(name, config).parts for name in config.captions.recipes]},
        "caption_scores": {
            "code": caption.VERSION,
            "aliases": [tag_rules(config), _query("tag_aliases", config)],
            "work": _text("caption_score_work"),  # not its views: their texts are hashed row by row
        },
        "takedowns": {"by": "people"},
        "overrides": {"by": "people"},
    }


def text_detection(config: Config) -> dict[str, Any]:
    """What text is detected with, or that it isn't and why."""
    if why := models.why_off(config.text):
        return {"off": why}
    return {"code": regions.VERSION, "models": models.SHA256, "images": config.images.model_dump()}


def clip_model(config: Config) -> dict[str, Any]:
    """Which model makes the embeddings, or that there is none."""
    return {"off": why} if (why := model.why_off(config.clip)) else model.identity(config.clip)


def embeddings(config: Config) -> dict[str, Any]:
    """What embeddings of images are made with; text is painted over where it was detected."""
    if why := model.why_off(config.clip):
        return {"off": why}
    if "tmars" in config.corpus.rules and (why := models.why_off(config.text)):
        raise UserError(f"rule tmars: text that isn't found can't be painted over: {why}")
    return {
        "code": embed.VERSION,
        "model": model.identity(config.clip),
        "text": text_detection(config),
        "images": config.images.model_dump(),
    }


def fastdup_search(config: Config) -> dict[str, Any]:
    """What fastdup's pairs are found with, or that it is off."""
    if not config.duplicates.fastdup:
        return {"off": True}
    return {
        "fastdup": fastdup.PINNED,
        "code": fastdup.VERSION,
        **config.duplicates.model_dump(include=FASTDUP_SETTINGS),
    }


def tag_rules(config: Config) -> dict[str, Any]:
    """What decides what becomes of a spelling; a vocabulary's fingerprint stands in its name."""
    rules = {key: getattr(config.tags, key) for key in ("vocabularies", "blacklist", "rename")}
    return {"fold": fold.VERSION, "code": merge.VERSION, **rules}


def tag_order(config: Config) -> dict[str, Any]:
    """What orders tags within a category."""
    if config.tags.order == "given":
        return {"by": "given"}
    return {"by": "cooccurrence", "code": order.VERSION, "pairs": _query("tag_pairs", config)}


def recipe_fingerprint(name: str, config: Config) -> Fingerprint:
    """What a recipe's captions are made from, the image and its texts apart."""
    recipe = load_recipe(name)
    captions, models = config.captions.model_dump(), bound(recipe.roles, config.models)
    side, pixels = config.captions.size_for(name)
    pictured = {"max_side": side, "max_pixels": pixels, "code": pictures.VERSION}
    return _with_columns(
        "captions",
        {
            **recipe.made_from(),
            "models": {role: binding.model_dump(include=IDENTITY) for role, binding in models.items()},
            "pictures": pictured if recipe.roles else {},
            "settings": {key: captions[key] for key in recipe.reads},
        },
    )


def caption_recipes(config: Config) -> list[dict[str, Any]]:
    """The configured recipes as queries see them: fingerprint, preference (from 0), needs, and variants to be shown."""
    recipes = [(load_recipe(name), str(recipe_fingerprint(name, config))) for name in config.captions.recipes]
    return [
        {"fingerprint": made_from, "preference": number, "needs": list(recipe.needs), "variants": list(recipe.variants)}
        for number, (recipe, made_from) in enumerate(recipes)
    ]


def parameters_of(config: Config) -> dict[str, Any]:
    """The values of every parameter that a query may bind."""
    return {
        **config.rules.model_dump(),
        "max_text_area": config.text.max_area,
        **config.duplicates.model_dump(),
        "without_alt_text": config.corpus.without_alt_text,
        **config.tags.model_dump(include=TAG_PARAMETERS),
        **config.caption_rules.model_dump(include=NEAR_PARAMETERS),
        "caption_rules": caption_rules(config.caption_rules),
        "caption_recipes": caption_recipes(config),
    }


def chosen_rules(config: Config) -> list[tuple[Query, dict[str, Any]]]:
    """The chosen rules about the corpus with the values they bind: first those that judge each image by itself,
    then those that sample from what the others leave, in the order in which they are named."""
    rules = [(load_query(f"rules/{name}"), _rule_values(name, config)) for name in config.corpus.rules]
    return sorted(rules, key=lambda rule: "candidates" in rule[0].inputs)


def _rule_values(name: str, config: Config) -> dict[str, Any]:
    values = {**config.corpus.model_dump(), **getattr(config, name).model_dump()}
    return {key: values[key] for key in load_query(f"rules/{name}").params}


def _with_columns(table: str, parts: dict[str, Any]) -> Fingerprint:
    return Fingerprint({**parts, "columns": {field.name: str(field.type) for field in SCHEMAS.get(table, ())}})


def _query(name: str, config: Config) -> dict[str, Any]:
    query = load_query(name)
    values = parameters_of(config) if query.params else {}
    return _made_from(query, {key: values[key] for key in query.params}, config)


def _text(name: str) -> str:
    return digest(load_query(name).text)[:16]


def _made_from(query: Query, values: dict[str, Any], config: Config) -> dict[str, Any]:
    """Text, bound values and views of a query. What rules reject is made from the rules, and told with them."""
    return {
        "sql": _text(query.name),
        "params": values,
        "views": {each: _query(each, config) for each in query.inputs if is_view(each)},
    }
