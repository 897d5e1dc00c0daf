"""Croissant metadata: what a release's files and columns are, for tools that load data sets by description."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from dataset_build.schemas import RELEASE_TABLES, Table

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = (
    (pa.types.is_string, "sc:Text"),
    (pa.types.is_integer, "sc:Integer"),
    (pa.types.is_floating, "sc:Float"),
    (pa.types.is_boolean, "sc:Boolean"),
)


def croissant(manifest: Mapping[str, Any], description: str) -> str:
    """The metadata as JSON-LD (Croissant 1.0, docs.mlcommons.org/croissant); the same manifest, the same bytes.

    Columns of lists of structs, which it can't describe, are left out, and licences, which differ from row to row.
    """
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "dataset-build-release",
        "description": description,
        "version": manifest["version"],
        "distribution": [_file(table, manifest["files"][_name(table)]) for table in RELEASE_TABLES],
        "recordSet": [_records(table) for table in RELEASE_TABLES],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _name(table: Table) -> str:
    return f"{table.name}.parquet"


def _file(table: Table, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _name(table),
        "name": _name(table),
        "description": table.doc,
        "contentUrl": _name(table),
        "contentSize": f"{facts['bytes']} B",
        "encodingFormat": "application/x-parquet",
        "sha256": facts["sha256"],
    }


def _records(table: Table) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.doc,
        "field": list(_fields(table)),
    }


def _fields(table: Table) -> Iterator[dict[str, Any]]:
    for column in table.schema:
        is_list = pa.types.is_list(column.type)
        kind = _type(column.type.value_type if is_list else column.type)
        if kind is None:
            continue
        yield {
            "@type": "cr:Field",
            "@id": f"{table.name}/{column.name}",
            "name": column.name,
            "description": table.doc_of(column.name),
            "dataType": kind,
            **({"repeated": True} if is_list else {}),
            "source": {"fileObject": {"@id": _name(table)}, "extract": {"column": column.name}},
        }


def _type(kind: pa.DataType) -> str | None:
    return next((name for is_it, name in TYPES if is_it(kind)), None)
