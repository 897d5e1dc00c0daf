"""Vocabulary files: tag names with categories, aliases and implications, read as statements; none is guessed at.

Formats: the CSV of a1111-sd-webui-tagcomplete (name, category code, count, "alias,alias"), and tables of aliases or
implications (antecedent, consequent), also with the header and the status column of the boorus' own exports.
"""

import codecs
import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import pyarrow as pa

from dataset_build.errors import UserError
from dataset_build.schemas import VOCABULARY
from dataset_build.sources.decoding import BOMS, clean_text
from dataset_build.tags.fold import LONGEST, fold
from dataset_build.tags.links import closed, follow

VERSION = "1"  # part of a vocabulary's fingerprint

Kind = Literal["tagcomplete", "aliases", "implications"]
Site = Literal["danbooru", "e621"]

PAIRS: Mapping[str, str] = {"aliases": "alias", "implications": "implication"}
MAX_BYTES = 512 * 2**20
LONGEST_LINE = 2**17  # bytes; what Python's csv takes by default, whatever else in the process has set it to
_COMMON = {"0": "general", "1": "artist", "3": "copyright", "4": "character"}
CATEGORIES: Mapping[Site, Mapping[str, str]] = {
    "danbooru": {**_COMMON, "5": "meta"},
    "e621": {**_COMMON, "-1": "invalid", "5": "species", "6": "invalid", "7": "meta", "8": "lore"},
}
ONLY_E621 = {"-1", "6", "7", "8"}
_WORDS = {category for codes in CATEGORIES.values() for category in codes.values()}


class VocabularyError(UserError):
    """A vocabulary can't be used; the message says which and why."""


class Statement(NamedTuple):
    """One statement of a file: a row of schemas.VOCABULARY."""

    line: int
    kind: str
    written: str
    tag: str | None = None
    target: str | None = None
    category: str | None = None
    posts: int | None = None
    reason: str | None = None


Row = tuple[int, list[str]]


def read_vocabulary(data: bytes, kind: Kind = "tagcomplete", site: Site | None = None) -> pa.Table:
    """The statements of a file: rows of schemas.VOCABULARY.

    Without a site, category codes that only e621 has tell an e621 file. A line that can't be read becomes a row
    with a reason. Raises VocabularyError when there is not one statement to be used.
    """
    if len(data) > MAX_BYTES:
        raise VocabularyError(f"larger than {MAX_BYTES:,} bytes")
    rows, bad = _rows(data)
    header = _header(rows[0][1]) if rows else {}
    if kind != "tagcomplete":
        said = _pairs(rows[1:] if header else rows, PAIRS[kind], header)
    elif header:
        raise VocabularyError("a table of antecedents and consequents: say --kind aliases or --kind implications")
    else:
        said = _tagcomplete(rows, CATEGORIES[site or site_of(rows)])
    statements = [*_without_cycles(_judged(sorted([*bad, *said], key=lambda statement: statement.line)))]
    if all(statement.reason for statement in statements):
        expected = "name,category,count,aliases" if kind == "tagcomplete" else "antecedent,consequent"
        raise VocabularyError(f"no usable line among {len(rows) + len(bad):,}: expected {expected}")
    return _table(statements)


def site_of(rows: Sequence[Row]) -> Site:
    """The site whose category codes a tagcomplete file uses."""
    return "e621" if any(len(fields) > 1 and fields[1].strip() in ONLY_E621 for _, fields in rows) else "danbooru"


def _rows(data: bytes) -> tuple[list[Row], list[Statement]]:
    """The lines that are CSV, and those that are not. Each line stands alone, so an open quote spoils only its own."""
    rows, bad = [], []
    for number, line in enumerate(_lines(data), 1):
        reason = None
        try:
            text = line.decode()
            if len(line) > LONGEST_LINE:
                reason = "too_long"
            elif "\0" in text:
                reason = "control_characters"
            elif text.strip():
                rows.append((number, _fields(text)))
        except UnicodeDecodeError:
            reason, text = "not_utf8", line.decode("latin-1")
        except csv.Error:
            reason = "not_csv"
        if reason:
            bad.append(Statement(number, "row", clean_text(text)[:LONGEST], reason=reason))
    return rows, bad


def _lines(data: bytes) -> Sequence[bytes]:
    """The lines as UTF-8, whatever the byte order mark says."""
    mark, encoding = next(((m, e) for m, e in BOMS if data.startswith(m)), (b"", ""))
    if mark == codecs.BOM_UTF8:
        data = data[len(mark) :]
    elif mark:
        data = data.decode(encoding, "replace").encode()
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _fields(line: str) -> list[str]:
    return next(csv.reader((line,), strict=True)) if '"' in line else line.split(",")


def _header(fields: Sequence[str]) -> dict[str, int]:
    """The places of antecedent, consequent and status in a header; empty when the line is none."""
    places = {name.strip().lower().removesuffix("_name"): i for i, name in enumerate(fields)}
    return places if {"antecedent", "consequent"} <= places.keys() else {}


def _tagcomplete(rows: Sequence[Row], codes: Mapping[str, str]) -> Iterator[Statement]:
    for line, fields in rows:
        if len(fields) < 2:
            yield Statement(line, "row", fields[0][:LONGEST], reason="too_few_columns")
            continue
        name, code, count = fields[0], fields[1].strip(), "".join(fields[2:3]).strip()
        if line == 1 and code in ("category", "type"):
            continue
        category = codes.get(code) or (code if code in _WORDS else None)
        number = int(count) if count.isascii() and count.isdigit() and len(count) < 19 else None
        tag = fold(name)
        reason = _unfit(name, tag) or (None if category else "unknown_category")
        yield Statement(line, "name", name[: 2 * LONGEST], tag, None, category, number, reason)
        if not reason:
            yield from (_link(line, "alias", a, tag) for a in ",".join(fields[3:]).split(",") if a.strip())


def _pairs(rows: Sequence[Row], kind: str, header: Mapping[str, int]) -> Iterator[Statement]:
    first, second, status = header.get("antecedent", 0), header.get("consequent", 1), header.get("status")
    for line, fields in rows:
        if len(fields) <= max(first, second):
            yield Statement(line, "row", ",".join(fields)[:LONGEST], reason="too_few_columns")
            continue
        inactive = status is not None and fields[status : status + 1] != ["active"]
        target = fold(fields[second])
        reason = _unfit(fields[second], target) or ("not_active" if inactive else None)
        yield _link(line, kind, fields[first], target, reason)


def _link(line: int, kind: str, written: str, target: str, reason: str | None = None) -> Statement:
    tag = fold(written)
    return Statement(line, kind, written[: 2 * LONGEST], tag, target, reason=_unfit(written, tag) or reason)


def _unfit(written: str, folded: str) -> str | None:
    """Why a tag can't be one."""
    if len(written) > LONGEST:
        return "too_long"
    return None if folded else "nothing_left"


def _judged(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, those that the rest of the file contradicts with a reason."""
    categories, meanings = defaultdict(set), defaultdict(set)
    for s in statements:
        if s.kind == "name" and not s.reason:
            categories[s.tag].add(s.category)
        elif s.kind == "alias" and not s.reason and s.tag != s.target:
            meanings[s.tag].add(s.target)
    judged: list[Statement] = []
    seen: set[tuple[object, ...]] = set()
    for s in statements:
        said = (s.kind, s.tag, s.target, s.category)
        reason = s.reason or ("repeated" if said in seen else _contradiction(s, categories, meanings))
        seen.add(said)
        judged.append(s._replace(reason=reason) if reason else s)
    return judged


def _contradiction(
    s: Statement, categories: Mapping[str | None, set[str | None]], meanings: Mapping[str | None, set[str | None]]
) -> str | None:
    if s.kind == "name":
        return "several_categories" if len(categories[s.tag]) > 1 else None
    if s.tag == s.target:
        return "of_itself"
    if s.kind == "alias" and s.tag in categories:
        return "is_a_name"
    return "several_tags" if s.kind == "alias" and len(meanings[s.tag]) > 1 else None


def _without_cycles(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The statements, those that run in a circle with a reason."""
    _, cyclic = follow(dict(_used(statements, "alias")))
    edges = defaultdict(list)
    for tag, target in _used(statements, "implication"):
        edges[tag].append(target)
    implied, undone = closed(edges)
    for s in statements:
        reason = s.reason
        if s.kind == "alias" and not reason and s.tag in cyclic:
            reason = "cycle"
        elif s.kind == "implication" and not reason and s.tag in undone and s.target not in implied.get(s.tag, ()):
            reason = "cycle" if undone[s.tag] == "implication_cycle" else undone[s.tag]
        yield s if reason == s.reason else s._replace(reason=reason)


def _used(statements: Sequence[Statement], kind: str) -> Iterator[tuple[str, str]]:
    return ((s.tag, s.target) for s in statements if s.kind == kind and not s.reason and s.tag and s.target)


def _table(statements: Sequence[Statement]) -> pa.Table:
    arrays = [
        pa.array(column, field.type)
        for column, field in zip(zip(*statements, strict=True), VOCABULARY.schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=VOCABULARY.schema)
