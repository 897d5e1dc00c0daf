"""Chains of aliases followed to their end, and implications closed; both safe against cycles."""

from collections.abc import Collection, Mapping

MOST_IMPLIED = 100  # tags; Danbooru's longest closure holds a tenth of that

Links = Mapping[str, str]
Edges = Mapping[str, Collection[str]]


def follow(links: Links) -> tuple[dict[str, str], set[str]]:
    """Where each spelling leads in the end, and the members of cycles, which lead to themselves.

    The end of an end is itself, so following twice changes nothing.
    """
    ends: dict[str, str] = {}
    cyclic: set[str] = set()
    for start in links:
        path: dict[str, None] = {}
        at = start
        while at in links and at not in ends and at not in path:
            path[at] = None
            at = links[at]
        if at in path:
            steps = list(path)
            cycle = steps[steps.index(at) :]
            cyclic.update(cycle)
            ends.update(zip(cycle, cycle, strict=True))
        end = ends.get(at, at)
        ends.update((step, end) for step in path if step not in cyclic)
    return ends, cyclic


def closed(edges: Edges) -> tuple[dict[str, set[str]], dict[str, str]]:
    """Every tag that each tag implies, transitively, and what was left undone, by tag.

    Tags that imply each other (implication_cycle) are not taken to imply each other. A tag that would imply more
    than MOST_IMPLIED others (too_many_implied) is taken to imply none. So what remains is a strict partial order.
    """
    reached = {tag: _reached(tag, edges) for tag in edges}
    implied = {
        tag: {other for other in found if other != tag and tag not in (reached.get(other) or ())}
        for tag, found in reached.items()
        if found
    }
    cyclic = {tag: "implication_cycle" for tag, found in reached.items() if found and tag in found}
    too_many = {tag: "too_many_implied" for tag, found in reached.items() if found is None}
    return implied, cyclic | too_many


def _reached(start: str, edges: Edges) -> set[str] | None:
    """The tags that can be reached, the start only when on a cycle; None when there are too many."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for tag in edges.get(waiting.pop(), ()):
            if tag not in found:
                found.add(tag)
                waiting.append(tag)
            if len(found) > MOST_IMPLIED:
                return None
    return found
