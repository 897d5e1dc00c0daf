"""What a record and the texts beside an image say, in the words of our columns.

Dialects, told by their fields: Danbooru (and waifuc's copy of it), Gelbooru and other boorus, e621, pixiv, each as
the site's API or gallery-dl writes it; img2dataset, LAION and COYO; Hugging Face, kohya and hydrus tables.
Tags stay as written; folding them is not done here.
"""

import html
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dataset_build.sources import fields
from dataset_build.sources.decoding import compact
from dataset_build.sources.plain_text import tags_of

VERSION = "2"
MOST_TAGS = 1000  # of one image; no site has as many, and what orders and says them takes their square in time

Record = dict[str, Any]
Tag = tuple[str, str]  # tag and category

TAG_FIELD = re.compile(r"tags?_(?:string_)?([a-z]+)")
ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|amp|quot|apos|lt|gt);")
MARKUP = re.compile(r"<[^<>]*>")
LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


class Texts(NamedTuple):
    """What came with an image, by the columns of schemas.OCCURRENCES."""

    source_id: str | None = None
    source_url: str | None = None
    alt_text: str | None = None
    raw_tags: tuple[Tag, ...] = ()
    rating: str | None = None
    license: str | None = None
    metadata: str | None = None


def texts_of(
    record: Record, txt: Sequence[str] = (), captions: Sequence[str] = (), problems: Sequence[str] = ()
) -> Texts:
    """The texts of an image from its clean record, its plain texts (tags or descriptions) and its captions.

    `alt_text` is the first there is of: a caption, a plain text that is a description, the record's own. What is not
    used stands in `metadata`, JSON with sorted keys, together with the problems met on the way.
    """
    rest = _flat(record)
    own = _description(rest)
    rating, tags = _rating(rest), list(_record_tags(rest))
    said = [text for text in captions if text.strip()]
    for text in txt:
        listed = None if text.strip() == own else tags_of(text)
        tags += [_with_namespace(tag) for tag in listed or ()]
        said += [text] if listed is None else []
    said = [*dict.fromkeys(text.strip() for text in [*said, own or ""] if text.strip())]
    rated, tags = _tag_rating(tags)
    tags = list(_first_of_each(tags))
    if len(tags) > MOST_TAGS:
        problems = [*problems, f"{len(tags):,} tags, of which the first {MOST_TAGS:,} are taken"]
    texts = Texts(
        source_id=_take(rest, fields.IDS),
        source_url=_address(rest),
        alt_text=said[0] if said else None,
        raw_tags=tuple(tags[:MOST_TAGS]),
        rating=rating or rated,
        license=_take(rest, fields.LICENSES),
    )
    rest |= {"other_texts": said[1:]} if said[1:] else {}
    rest |= {"problems": list(problems)} if problems else {}
    return texts._replace(metadata=compact(rest) if rest else None)


def _flat(record: Record) -> Record:
    """The record with a post that waifuc keeps under the site's name laid open."""
    inner = next((k for k, v in record.items() if isinstance(v, dict) and "id" in v and "group_id" in record), None)
    return {**{k: v for k, v in record.items() if k != inner}, **record[inner]} if inner else dict(record)


def _rating(rest: Record) -> str | None:
    """The rating on our scale, taken out. `s` is sensitive on Danbooru (since 2022) and safe everywhere else."""
    is_danbooru = "tag_string_general" in rest or rest.get("category") in fields.DANBOORU
    said = rest.get("rating")
    word = said.strip().lower() if isinstance(said, str) else ""
    restricted = rest.get("x_restrict")
    rating = fields.X_RESTRICT.get(restricted) if isinstance(restricted, int) else None
    rating = rating or ("sensitive" if word == "s" and is_danbooru else fields.RATINGS.get(word))
    for field in ("rating", "x_restrict") if rating else ():
        rest.pop(field, None)
    return rating


def _record_tags(rest: Record) -> Iterator[Tag]:
    """The tags of a record by category, those without one last; their fields are taken out."""
    named: dict[str, list[str]] = {category: [] for category in fields.CATEGORIES}
    for field, category in _tag_fields(rest):
        named[category] += _words(rest.pop(field))
    tags = rest.get("tags")
    if isinstance(tags, dict) and all(isinstance(names, list) for names in tags.values()):
        for category, names in rest.pop("tags").items():
            named.setdefault(fields.CATEGORY_NAMES.get(category, category), []).extend(_words(names))
    yield from ((tag, category) for category, names in named.items() for tag in names)
    for field in ("tag_string", "tags"):
        if words := _words(rest.get(field)):
            del rest[field]
            yield from map(_with_namespace, words)


def _tag_fields(rest: Record) -> list[Tag]:
    """Fields that hold the tags of one category: tag_string_artist, tags_artist …"""
    matches = ((field, TAG_FIELD.fullmatch(field)) for field in rest)
    found = ((field, fields.CATEGORY_NAMES.get(match[1], match[1])) for field, match in matches if match)
    is_tags = ((f, category) for f, category in found if isinstance(rest[f], str | list))
    return [(field, category) for field, category in is_tags if category in fields.CATEGORIES]


def _words(value: Any) -> list[str]:
    """Tags from a string (between commas, else spaces), a list of names or of {name: …}, or waifuc's {tag: score}."""
    if isinstance(value, str):
        value = ENTITY.sub(lambda match: html.unescape(match[0]), value)
        value = value.split(",") if "," in value else value.split()
    if not isinstance(value, list | dict):
        return []
    names = (each.get("name") if isinstance(each, dict) else each for each in value)
    return [tag for name in names if isinstance(name, str) and (tag := name.strip())]


def _with_namespace(tag: str) -> Tag:
    """A tag with the category that hydrus writes before a colon, `general` without one."""
    space, colon, name = tag.partition(":")
    if colon and name.strip() and space in fields.NAMESPACES:
        return name.strip(), fields.CATEGORY_NAMES.get(space, space)
    return tag, "general"


def _tag_rating(tags: list[Tag]) -> tuple[str | None, list[Tag]]:
    """The rating among the tags, `rating:safe`, and the other tags."""
    ratings = {tag: fields.RATINGS.get(tag[7:].lower()) for tag, _ in tags if tag.startswith("rating:")}
    return next(filter(None, ratings.values()), None), [each for each in tags if not ratings.get(each[0])]


def _first_of_each(tags: list[Tag]) -> Iterator[Tag]:
    categories: dict[str, str] = {}
    for tag, category in tags:
        categories.setdefault(tag, category)
    return iter(categories.items())


def _description(rest: Record) -> str | None:
    """The record's own description, taken out; on pixiv the title and the author's words, markup removed."""
    if "illust_ai_type" in rest or "x_restrict" in rest:
        said = LINE_BREAK.sub("\n", "\n".join(filter(None, (_take(rest, ("title",)), _take(rest, ("caption",))))))
        return html.unescape(MARKUP.sub("", said)).strip() or None
    return _take(rest, fields.DESCRIPTIONS)


def _address(rest: Record) -> str | None:
    """Where the image file was scraped from, taken out; e621 has it among the facts of the file, which stay."""
    file = rest.get("file")
    nested = file.get("url") if isinstance(file, dict) else None
    urls = {name: value for name in fields.ADDRESSES if isinstance(value := rest.get(name), str) and "//" in value}
    for name, value in urls.items():
        del rest[name]
        return str(value)
    return nested if isinstance(nested, str) else None


def _take(rest: Record, names: Sequence[str]) -> str | None:
    """The first filled field, as text, taken out of the record."""
    for field in names:
        value = rest.get(field)
        text = "\n".join(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else value
        if isinstance(text, str | int) and not isinstance(text, bool) and str(text).strip():
            del rest[field]
            return str(text).strip()
    return None
