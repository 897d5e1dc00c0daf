"""Take in captions that people wrote: each a row of captions by the recipe person, which releases prefer."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa

from dataset_build.annotations import Annotation, read_annotations
from dataset_build.fingerprint import Fingerprint, digest
from dataset_build.queries import load_query
from dataset_build.schemas import CAPTIONS
from resources.lake import Lake
from resources.pieces import Piece

PERSON = Fingerprint({"recipe": "person"})
AT_ONCE = 50_000  # annotations that are looked up together
NAMED = pa.schema([("number", pa.int64()), ("by", pa.string()), ("name", pa.string())])
ROOTS = pa.schema([("source", pa.string()), ("root", pa.string())])


def by_people(lake: Lake) -> Piece:
    """Where the captions that people wrote are kept."""
    return Piece(lake.piece("captions").folder.with_name("person"), CAPTIONS, PERSON)


def import_annotations(lake: Lake, path: Path) -> tuple[int, int, list[Annotation]]:
    """Add the captions of a file or folder. Returns how many are new, how many were known, and what was wrong.

    A caption's parent is the caption that its image had before. Raises BadAnnotations.
    """
    new, known, problems, annotations = 0, 0, [], read_annotations(path)
    with lake.writing(by_people(lake)):
        while some := list(islice(annotations, AT_ONCE)):
            rows, wrong = _rows(lake, some)
            known += len(some) - len(rows) - len(wrong)
            new += len(rows)
            problems += wrong
            if rows:
                batch = pa.RecordBatch.from_pylist(rows, CAPTIONS.schema)
                by_people(lake).append([batch], {}, lake.provenance)
    return new, known, problems


def _rows(lake: Lake, annotations: list[Annotation]) -> tuple[list[dict[str, Any]], list[Annotation]]:
    """The captions to add, and the annotations that can't be."""
    found = {number: list(rows) for number, rows in groupby(_found(lake, annotations), itemgetter("number"))}
    rows: list[dict[str, Any]] = []
    wrong, latest = [], {}
    for number, annotation in enumerate(annotations):
        images = found.get(number, [])
        if annotation.problem or len(images) != 1:
            wrong.append(replace(annotation, problem=annotation.problem or _why(annotation, len(images))))
            continue
        (image,) = images
        before = latest.get(image["image_id"], image)
        if before["said_before"] != annotation.caption:
            rows.append(_caption(before, annotation))
            said = {"said": before["said"] + 1, "said_before": annotation.caption, "parent": rows[-1]["caption_id"]}
            latest[image["image_id"]] = {**image, **said}
    return rows, wrong


def _found(lake: Lake, annotations: list[Annotation]) -> list[dict[str, Any]]:
    """The images that are named: rows of the query `annotated`."""
    query = load_query("annotated")
    named = [(number, each.by, each.name) for number, each in enumerate(annotations) if not each.problem]
    roots = [(name, str(root)) for name, root in lake.drops.sources().items()]
    given = {"annotations": _table(named, NAMED), "roots": _table(roots, ROOTS)}
    with lake.connect(set(query.inputs) - set(given)) as connection:
        for name, table in given.items():
            connection.register(name, table)
        return list(connection.execute(query.text).to_arrow_table().to_pylist())


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def _why(annotation: Annotation, images: int) -> str:
    return f"{annotation.by} {annotation.name[:200]!r} fits {images or 'no'} images"


def _caption(image: dict[str, Any], annotation: Annotation) -> dict[str, Any]:
    key = {
        "image_id": image["image_id"],
        "recipe": "person",
        "variant": "caption",
        "fingerprint": str(PERSON),
        "input_hash": digest(annotation.caption),
        "n": image["said"],
    }
    return {
        **key,
        "caption_id": digest(key),
        "caption": annotation.caption,
        "status": "ok",
        "model": "human",
        "attempt": 1,
        "final": True,
        "parent": image["parent"],
        "trace": json.dumps({"file": annotation.file, "line": annotation.line}, ensure_ascii=False),
        "created_at": datetime.now(UTC),
    }
