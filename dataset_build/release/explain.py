"""The story of one image: where it was found, what was measured, what it failed, and what it is called."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from dataset_build.release.errors import Ambiguous, NoSuchImage
from dataset_build.release.reader import Release
from dataset_build.release.text import plain

SUPERSEDED = {"replaced", "vanished"}
CANDIDATES = 10
ID = re.compile(r"[0-9a-fA-F]{4,64}")
TOLD_ELSEWHERE = {
    "image_id",
    "drop",
    "uri",
    "member",
    "caption",
    "caption_recipe",
    "caption_model",
    "tags",
    "tag_string",
}

# A range of ids skips the rows outside it, which starts_with doesn't; g follows the hex digits.
BY_ID = """
select image_id, drop, uri, member, kept, stage, reason, detail
from occurrences where image_id >= lower($image) and image_id < lower($image) || 'g'
order by kept desc, image_id, drop, uri, member
"""
# `min(fit) over ()` would crash DuckDB 1.5 now and then (duckdb#22352).
BY_PLACE = """
with named as (
    from occurrences
    where ends_with(uri, regexp_extract($image, '[^/]*$')) or ends_with(member, regexp_extract($image, '[^/]*$'))
),
places as (select *, concat_ws('/', uri, member) as place from named),
fits as (
    select *, case
        when ends_with('/' || place, '/' || $image) or ends_with('/' || uri, '/' || $image) then 1
        when ends_with($image, '/' || place) then 1 + 1 / length(place)
    end as fit
    from places
)
select image_id, drop, uri, member, kept, stage, reason, detail
from fits where fit = (select min(fit) from fits)
order by kept desc, image_id, drop, uri, member
"""
OCCURRENCES = """
select image_id, drop, uri, member, kept, stage, reason, detail
from occurrences where image_id = $image
order by kept desc, drop, uri, member
"""
FAILURES_OF_FILE = """
select unnest(failures, recursive := true)
from rejects where drop = $drop and uri = $uri and member is not distinct from $member
"""
DUPLICATE_OF = """
select
    k.image_id,
    l.duplicate_distance as distance,
    concat_ws('/', k.occurrences[1].uri, k.occurrences[1].member) as place
from lineage l join lineage k on k.image_id = l.duplicate_of
where l.image_id = $image
"""
MERGED = """
select
    image_id,
    duplicate_distance as distance,
    concat_ws('/', occurrences[1].uri, occurrences[1].member) as place
from lineage where duplicate_of = $image
order by distance, image_id
"""
CAPTIONS = """
select c.*, c.caption_id = l.caption_id as chosen
from captions c join lineage l on l.image_id = c.image_id
where c.image_id = $image
order by chosen desc, c.recipe, c.variant, c.n, c.caption_id
"""


@dataclass(frozen=True)
class Failure:
    """A rule that an image fails: what was measured, and what it was held against."""

    stage: str
    reason: str
    value: float | None
    threshold: float | None


@dataclass(frozen=True)
class Occurrence:
    """One place where an image was found; `image_id` is null when no bytes could be read there."""

    image_id: str | None
    drop: str
    uri: str
    member: str | None
    kept: bool
    stage: str | None
    reason: str | None
    detail: str | None

    @property
    def place(self) -> str:
        """The file, and the member after it."""
        return f"{self.uri}/{self.member}" if self.member is not None else self.uri


@dataclass(frozen=True)
class Duplicate:
    """An image on the other side of a duplicate relation; `distance` in bits of 256, none between embeddings."""

    image_id: str
    distance: int | None
    place: str


@dataclass(frozen=True)
class Story:
    """Everything that a release knows of one image, or of one occurrence without bytes.

    `verdicts` are pairs of stage and verdict; `by_hand` is what people decided, and why. `facts` is a kept image's
    row in images; `tags` are pairs of tag and category; `captions` are rows of captions, with `chosen`.
    """

    release: str
    image_id: str | None
    kept: bool
    occurrences: tuple[Occurrence, ...]
    failures: tuple[Failure, ...]
    verdicts: tuple[tuple[str, str], ...] = ()
    by_hand: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    duplicate_of: Duplicate | None = None
    merged: tuple[Duplicate, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    captions: tuple[dict[str, Any], ...] = ()


def find(release: Release, image: str) -> list[Occurrence]:
    """The occurrences that `image` names: an id, four or more digits of its start, or the end of a file's path.

    A path that is longer than what the release knows of it, such as an absolute one, is found by its end.
    """
    image = image.encode(errors="replace").decode().removeprefix("./")
    of_id = _occurrences(release, BY_ID, image) if ID.fullmatch(image) else []
    return of_id or (_occurrences(release, BY_PLACE, image) if image else [])


def _occurrences(release: Release, query: str, image: str) -> list[Occurrence]:
    return [Occurrence(**row) for row in _rows(release, query, image=image)]


def story(release: Release, image: str) -> Story:
    """Tell all about the one image that `image` names, as `find` understands it.

    Raises NoSuchImage, or Ambiguous with up to ten candidates. Files that are in the source now go before
    those that were replaced or have vanished.
    """
    found = find(release, image)
    if not found:
        raise NoSuchImage(f"no image or file {image!r} in release {release.version}; give an id or a file name")
    current = [o for o in found if not (o.stage == "source" and o.reason in SUPERSEDED)]
    images = {o.image_id or o: o for o in current or found}
    if len(images) > 1:
        raise Ambiguous(f"{image!r} fits {len(images)} images: {_candidates(list(images.values()))}")
    (occurrence,) = images.values()
    return _of_image(release, occurrence.image_id) if occurrence.image_id else _of_file(release, occurrence)


def _candidates(found: list[Occurrence]) -> str:
    names = [f"{(o.image_id or 'no bytes')[:12]} ({plain(o.place)})" for o in found[:CANDIDATES]]
    return ", ".join(names) + (", …" if len(found) > CANDIDATES else "")


def _of_file(release: Release, occurrence: Occurrence) -> Story:
    place = {"drop": occurrence.drop, "uri": occurrence.uri, "member": occurrence.member}
    return Story(
        release=release.version,
        image_id=None,
        kept=False,
        occurrences=(occurrence,),
        failures=tuple(Failure(**row) for row in _rows(release, FAILURES_OF_FILE, **place)),
    )


def _of_image(release: Release, image_id: str) -> Story:
    (lineage,) = _rows(release, "from lineage where image_id = $image", image=image_id)
    facts = _rows(release, "from images where image_id = $image", image=image_id)
    tags = _rows(release, "from tags where image_id = $image order by rank", image=image_id)
    keepers = _rows(release, DUPLICATE_OF, image=image_id)
    return Story(
        release=release.version,
        image_id=image_id,
        kept=lineage["kept"],
        occurrences=tuple(_occurrences(release, OCCURRENCES, image_id)),
        failures=tuple(Failure(**failure) for failure in lineage["failures"]),
        verdicts=tuple((each["stage"], each["verdict"]) for each in lineage["verdicts"] or ()),
        by_hand=_by_hand(lineage),
        facts=facts[0] if facts else {},
        duplicate_of=Duplicate(**keepers[0]) if keepers else None,
        merged=tuple(Duplicate(**row) for row in _rows(release, MERGED, image=image_id)),
        tags=tuple((row["tag"], row["category"]) for row in tags),
        captions=tuple(_rows(release, CAPTIONS, image=image_id)),
    )


def _by_hand(lineage: dict[str, Any]) -> str | None:
    if lineage["takedown"] is not None:
        return f"taken down by take-down {lineage['takedown']}: {lineage['by_hand']}"
    return f"{lineage['override']}: {lineage['by_hand']}" if lineage["override"] else None


def _rows(release: Release, query: str, **values: str | None) -> list[dict[str, Any]]:
    rows = release.sql(query, values)
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def render(story: Story) -> str:
    """A story as plain text for a terminal."""
    verdict = "kept in" if story.kept else "left out of"
    lines = [story.image_id or "no bytes could be read", f"{verdict} release {story.release}"]
    lines += _section("found at", map(_found_at, story.occurrences))
    lines += _section("by hand", [story.by_hand] if story.by_hand else [])
    lines += _section("failed", map(rule, story.failures))
    lines += _section("judged", _judged(story.verdicts))
    lines += _section("duplicate of", map(_duplicate, [story.duplicate_of] if story.duplicate_of else []))
    lines += _section("merged into it", map(_duplicate, story.merged))
    lines += _section("facts", _facts(story.facts))
    lines += _section("tags", _tags(story.tags))
    lines += _section("captions", map(_caption, story.captions))
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"  {plain(line)}" for line in lines]
    return ["", title, *body] if body else []


def _found_at(occurrence: Occurrence) -> str:
    outcome = "kept" if occurrence.kept else f"left out, {occurrence.stage}: {occurrence.reason}"
    detail = f" ({occurrence.detail})" if occurrence.detail else ""
    return f"{occurrence.place} in drop {occurrence.drop}: {outcome}{detail}"


def rule(failure: Failure) -> str:
    """A rule that was failed, with what was measured and what it was held against."""
    return f"{failure.stage}: {failure.reason}{_comparison(failure.value, failure.threshold)}"


def _comparison(value: float | None, threshold: float | None) -> str:
    if value is None or threshold is None:
        return ""
    sign = "<" if value < threshold else ">" if value > threshold else "="
    return f" {_number(value)} {sign} {_number(threshold)}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.4g}"


def _judged(verdicts: Iterable[tuple[str, str]]) -> Iterator[str]:
    stages: dict[str, list[str]] = {}
    for stage, verdict in verdicts:
        stages.setdefault(verdict, []).append(stage)
    for verdict in ("passed", "rejected", "not_judged"):
        if verdict in stages:
            yield f"{verdict.replace('_', ' '):<10} {', '.join(stages[verdict])}"


def _duplicate(duplicate: Duplicate) -> str:
    distance = "" if duplicate.distance is None else f", {duplicate.distance} of 256 bits differ"
    return f"{duplicate.image_id} ({duplicate.place}){distance}"


def _facts(facts: dict[str, Any]) -> Iterator[str]:
    for name, value in facts.items():
        if value is not None and name not in TOLD_ELSEWHERE:
            yield f"{name:<12} {f'{value:.4g}' if isinstance(value, float) else value}"


def _tags(tags: Iterable[tuple[str, str]]) -> Iterator[str]:
    for category, group in groupby(tags, key=itemgetter(1)):
        yield f"{category}: {' '.join(tag for tag, _ in group)}"


def _caption(caption: dict[str, Any]) -> str:
    text = f"“{caption['caption']}”" if caption["status"] == "ok" else caption["status"]
    revision = f"@{caption['model_revision']}" if caption["model_revision"] else ""
    made_by = f"{caption['recipe']}/{caption['variant']}, {caption['model']}{revision}"
    reasons = ", ".join(failure["reason"] for failure in caption.get("failures") or ())  # none in older releases
    fails = f", fails {reasons}" if reasons else ""
    prompt = f", prompt {caption['prompt_hash'][:12]}" if caption["prompt_hash"] else ""
    parent = f", after {caption['parent'][:12]}" if caption["parent"] else ""
    return f"{text} by {made_by}{prompt}{parent}{fails}{' (chosen)' if caption['chosen'] else ''}"
