"""Which drops a table about all images knows already, and which are new to it."""

from resources.lake import Lake
from resources.pieces import Piece

Drops = dict[str, str]  # the versions of their facts


def arrivals(lake: Lake, piece: Piece, facts: str) -> tuple[Drops, Drops] | None:
    """The drops that were searched, and those to be searched against them; None where there is nothing to do.

    The manifest's inputs name the drops that were searched; a drop whose facts changed since starts a new search.
    Removed drops stay known: pairs are facts, and what counts now is decided later.
    """
    before: Drops = (piece.manifest or {"inputs": {}})["inputs"]
    now = {drop.name: p.version for drop in lake.drops.all() if (p := lake.piece(facts, drop.name)).version}
    searched = before if all(now.get(drop) == version for drop, version in before.items()) else {}
    news = {drop: version for drop, version in now.items() if drop not in searched}
    return (searched, news) if news or searched != before or not piece.version else None
