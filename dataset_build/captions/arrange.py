"""Order and group the tags of an image for a prompt."""

from collections.abc import Mapping, Sequence

Tag = tuple[str, str]
BLOCKS = ("copyright", "character", "general", "species", "artist")  # then the other categories


def arranged(tags: Sequence[Tag]) -> list[Tag]:
    """The tags in blocks by category; within one as they were, which tags.order decides."""
    place = {category: number for number, category in enumerate(BLOCKS)}
    return sorted(dict.fromkeys(tags), key=lambda tag: place.get(tag[1], len(BLOCKS)))


def grouped(tags: Sequence[Tag], seen: Sequence[Sequence[str]]) -> tuple[list[list[Tag]], list[Tag]]:
    """For each region the tags of the image that a tagger saw there as well, and the rest, which is the scene's."""
    groups = [[tag for tag in tags if tag[0] in set(there)] for there in seen]
    placed = {tag for group in groups for tag in group}
    return groups, [tag for tag in tags if tag not in placed]


def spoken(tag: str) -> str:
    """The tag in words; emoticons keep their underscores."""
    return tag.replace("_", " ") if any(map(str.isalpha, tag)) and len(tag) > 3 else tag


def as_text(groups: Mapping[str, Sequence[Tag]]) -> list[str]:
    """A line per group that has tags: its name and its tags."""
    return [f"{name}: {', '.join(spoken(tag) for tag, _ in tags)}" for name, tags in groups.items() if tags]
