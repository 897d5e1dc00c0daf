"""Tag text: the tags of an image as lines for people and prompts, and back.

Lines in this order: `copyright:`, `character:`, `general tags:`, then `species:`, `artist:` and `rating:` where there
are any. Tags are folded, with a space between them. Source: the tag reference text of caption-synthesize.
"""

from collections.abc import Sequence

LINES = {
    "copyright": "copyright",
    "character": "character",
    "general": "general tags",
    "species": "species",
    "artist": "artist",
}
ALWAYS = 3  # lines that stand even when they are empty
RATING = "rating"


def render(tags: Sequence[tuple[str, str]], rating: str | None = None) -> str:
    """The text for folded (tag, category) pairs. Categories without a line of their own, such as meta, are left out."""
    lines = []
    for number, (category, title) in enumerate(LINES.items()):
        said = [tag for tag, its in tags if its == category]
        if said or number < ALWAYS:
            lines.append(" ".join([f"{title}:", *said]))
    return "\n".join([*lines, f"{RATING}: {rating}"] if rating else lines)


def parse(text: str) -> tuple[list[tuple[str, str]], str | None]:
    """The (tag, category) pairs, in order, and the rating. Raises ValueError, naming the line that is none of ours."""
    categories = {title: category for category, title in LINES.items()}
    tags: list[tuple[str, str]] = []
    rating = None
    for line in filter(None, map(str.strip, text.split("\n"))):
        title, colon, said = line.partition(":")
        if colon and title == RATING:
            rating = said.strip() or None
        elif colon and title in categories:
            tags += [(tag, categories[title]) for tag in said.split()]
        else:
            raise ValueError(f"not a line of tag text: {line[:80]!r}")
    return tags, rating
