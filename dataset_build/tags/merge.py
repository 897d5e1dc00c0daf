"""Several vocabularies and the rules of the configuration made one table: what becomes of each known spelling."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from dataset_build.config import Tags
from dataset_build.schemas import TAG_VOCABULARY
from dataset_build.tags.fold import fold
from dataset_build.tags.links import closed, follow

VERSION = "1"  # part of the fingerprint of all tags

RENAME = "rename"  # in place of a vocabulary's name: the configuration knows the tag

Known = dict[str, tuple[str | None, str]]  # category and vocabulary by tag


def merged(vocabularies: Sequence[tuple[str, pa.Table]], rules: Tags) -> pa.Table:
    """Rows of schemas.TAG_VOCABULARY, by spelling.

    `vocabularies` are names with rows of schemas.VOCABULARY. Renames come first; then the first vocabulary that has
    a spelling, as a name or as an alias of one tag, decides. Tags are followed through further aliases and renames
    to an end, so that looking up twice changes nothing; a renamed tag is followed no further.
    """
    renames = {fold(old): fold(new) for old, new in rules.rename.items()}
    links, known, edges = _links_of(vocabularies)
    for old, new in renames.items():
        known.setdefault(new, (known.get(old, (None,))[0], RENAME))
    links |= dict.fromkeys(renames.values(), None) | renames
    ends, cyclic = follow({spelling: target for spelling, target in links.items() if target not in (None, spelling)})
    implied, undone = closed(_canonical(edges, ends))
    blacklist = {ends.get(fold(tag), fold(tag)) for tag in rules.blacklist}
    undone |= dict.fromkeys(cyclic, "alias_cycle")

    def rows() -> Iterator[tuple[object, ...]]:
        for spelling in sorted({*links, *known, *blacklist}):
            tag = ends.get(spelling, spelling)
            origin = "given" if tag == spelling else "renamed" if spelling in renames else "alias"
            listed = sorted(implied.get(tag, set()) - blacklist)
            yield spelling, tag, *known.get(tag, (None, None)), origin, listed, tag in blacklist, undone.get(spelling)

    return _table(rows())


def _links_of(
    vocabularies: Sequence[tuple[str, pa.Table]],
) -> tuple[dict[str, str | None], Known, list[tuple[str, str]]]:
    """What each spelling stands for (None: for itself), what is known of each tag, and every implication."""
    links: dict[str, str | None] = {}
    names: Known = {}
    mentioned: Known = {}
    edges: list[tuple[str, str]] = []
    for vocabulary, kind, tag, target, category in _used(vocabularies):
        if kind == "name":
            links.setdefault(tag, None)
            names.setdefault(tag, (category, vocabulary))
        elif kind == "alias":
            links.setdefault(tag, target)
            mentioned.setdefault(target, (None, vocabulary))
        else:
            edges.append((tag, target))
            mentioned.setdefault(tag, (None, vocabulary))
            mentioned.setdefault(target, (None, vocabulary))
    return links, mentioned | names, edges


def _used(vocabularies: Sequence[tuple[str, pa.Table]]) -> Iterator[tuple[str, str, str, str, str | None]]:
    for name, table in vocabularies:
        columns = (table.column(c).to_pylist() for c in ("kind", "tag", "target", "category", "reason"))
        yield from (
            (name, kind, tag, target, category)
            for kind, tag, target, category, reason in zip(*columns, strict=True)
            if reason is None
        )


def _canonical(edges: Iterable[tuple[str, str]], ends: Mapping[str, str]) -> dict[str, set[str]]:
    """The implications between tags, aliases of tags resolved."""
    canonical: dict[str, set[str]] = defaultdict(set)
    for one, other in edges:
        antecedent, consequent = ends.get(one, one), ends.get(other, other)
        if antecedent != consequent:
            canonical[antecedent].add(consequent)
    return canonical


def _table(rows: Iterable[tuple[object, ...]]) -> pa.Table:
    schema = TAG_VOCABULARY.schema
    columns = [*zip(*rows, strict=True)] or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
