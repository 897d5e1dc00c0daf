"""A release's README: a Hugging Face dataset card, made from its manifest and its images."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from dataset_build.release.card_statistics import sections
from dataset_build.release.markdown import escape, markdown_table
from dataset_build.release.statistics import Statistics
from dataset_build.schemas import RELEASE_TABLES, Table

EXAMPLES = 5
SHOWN_CHARACTERS = 300
BAR = 40  # characters
LICENCES = re.compile(r"cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[234]\.[05]|mit|apache-2\.0|unlicense|pddl|odbl|odc-by")
SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")

CARD = """\
---
{front_matter}
---

# Release {version}

{summary}

The images themselves are not part of it: `source`, `uri` and `member` say where each one is read.

## Files

{files}

`release.duckdb` holds the same tables, `manifest.json` how they were made, `statistics.json` what is counted in them;
`croissant.json` describes them to machines (docs.mlcommons.org/croissant).

## From source to release

Counts are occurrences: places where an image was found. Each is in `images`, or in `rejects` with a reason.

{funnel}

{picture}
{statistics}
## Known limits

{limits}

## Queries

```sql
-- duckdb release.duckdb
select caption, width, height from images where list_contains(tags, 'outdoors') limit 10;
from funnel();             -- what was left out, by stage and reason
from why('cat.jpg');       -- what became of an image: the start of its id, or the end of its file name
from captions_of('3fa9');  -- every caption of an image
```

```python
from dataset_build.release.reader import Release

with Release("path/to/this/folder") as release:
    images = release.arrow("images")  # also .pandas, .relation and .sql
```

```python
from datasets import load_dataset

images = load_dataset("path/to/this/folder", split="train")  # "captions", "tags" … as second argument
```

## Examples

{examples}

## Columns

{columns}

## Provenance

{drops}

Made by dataset-build {code}, with these settings:

```json
{config}
```
"""


def card(
    manifest: Mapping[str, Any],
    licences: pa.ChunkedArray,
    examples: Sequence[Mapping[str, Any]],
    statistics: Statistics | None = None,
    before: Statistics | None = None,
) -> str:
    """The card of a release, in Markdown with YAML front matter (huggingface.co/docs/hub/datasets-cards).

    `licences` are those of all images, since one is stated only if it is every image's; `examples` are rows of images
    that are shown with their captions. `before` are the statistics of the parent release. The same arguments give the
    same card; no clock and no run id are in it.
    """
    return CARD.format(
        front_matter=_front_matter(licences),
        version=escape(manifest["version"]),
        summary=summary(manifest["stages"]),
        files=_files(manifest["files"]),
        funnel=_funnel(manifest["stages"]) + _skipped(manifest.get("skipped", {})),
        picture=_picture(manifest["stages"]),
        statistics=sections(statistics, before) if statistics else "",
        limits="\n".join(f"- {limit}" for limit in _limits(manifest, licences)),
        examples=_examples(examples),
        columns="\n\n".join(map(_columns, RELEASE_TABLES)),
        drops=_drops(manifest["drops"], manifest["failed_drops"]),
        code=escape(_code(manifest["code"])),
        config=json.dumps(manifest["config"], indent=2),
    )


def _front_matter(licences: pa.ChunkedArray) -> str:
    """YAML; every value that isn't ours is written as a JSON string, which YAML reads."""
    lines = ["configs:"]
    for number, table in enumerate(RELEASE_TABLES):
        lines += [f"- config_name: {table.name}", f"  data_files: {table.name}.parquet"]
        lines += ["  default: true"] if number == 0 else []
    licence = _licence(licences)
    lines += [f"license: {json.dumps(licence)}"] if licence else []
    lines += [f"size_categories:\n- {_size(len(licences))}"]
    return "\n".join([*lines, "task_categories:\n- text-to-image\n- image-to-text", "tags:\n- dataset-build"])


def _licence(licences: pa.ChunkedArray) -> str | None:
    """The licence that all images share, if it is one that the hub has an identifier for."""
    stated = licences.unique().to_pylist()
    name = re.sub(r"\s+", "-", stated[0].strip().lower()) if len(stated) == 1 and stated[0] else ""
    return name if LICENCES.fullmatch(name) else None


def _size(rows: int) -> str:
    return SIZES[min(max(len(str(rows)) - 3, 0), len(SIZES) - 1)]


def summary(stages: Sequence[Mapping[str, Any]]) -> str:
    """What came of what was found, in a sentence."""
    found, kept = stages[0]["in"], stages[-1]["out"]
    return f"{kept:,} captioned images, out of {found:,} occurrences of images and broken files."


def _files(files: Mapping[str, Mapping[str, Any]]) -> str:
    names = {f"{table.name}.parquet": table.doc for table in RELEASE_TABLES}
    rows = [(n, f"{files[n]['rows']:,}", f"{files[n]['bytes']:,}", doc) for n, doc in names.items()]
    return markdown_table(("file", "rows", "bytes", "content"), rows)


def _funnel(stages: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (s["stage"], f"{s['in']:,}", ", ".join(f"{r} {n:,}" for r, n in s["rejected"].items()), f"{s['out']:,}")
        for s in stages
    ]
    return markdown_table(("stage", "in", "left out", "on"), rows)


def _skipped(stages: Mapping[str, str]) -> str:
    return "".join(f"\n\nNothing was judged in stage {escape(s)}: {escape(why)}." for s, why in stages.items())


def _picture(stages: Sequence[Mapping[str, Any]]) -> str:
    """The funnel as bars: what is left after each stage."""
    found = stages[0]["in"]
    width = max(len(s["stage"]) for s in stages)
    rows = [("found", found), *((s["stage"], s["out"]) for s in stages)]
    bars = [f"{name:<{width}} {'█' * round(BAR * n / max(found, 1)):<{BAR}} {n:,}" for name, n in rows]
    return "\n".join(["```text", *bars, "```", ""])


def _limits(manifest: Mapping[str, Any], licences: pa.ChunkedArray) -> Iterator[str]:
    none = licences.null_count
    yield f"Licences are what the sources state, unchecked; {none:,} of {len(licences):,} images have none."
    yield "Tags and ratings are as their sources gave them; who is shown is counted by tags, not by looking."
    yield "Captions may be wrong: no person has read them, unless their model is human."
    yield from (f"Nothing was judged in stage {escape(s)}." for s in manifest.get("skipped", {}))
    if failed := manifest["failed_drops"]:
        yield f"{len(failed):,} drops failed and are left out."


def _examples(rows: Iterable[Mapping[str, Any]]) -> str:
    return markdown_table(("image", "caption"), [(r["image_id"][:12], _short(r["caption"])) for r in rows])


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"


def _columns(table: Table) -> str:
    rows = [(field.name, str(field.type), table.doc_of(field.name)) for field in table.schema]
    return f"### {table.name}\n\n{escape(table.doc)}\n\n{markdown_table(('column', 'type', 'meaning'), rows)}"


def _drops(drops: Iterable[Mapping[str, Any]], failed: Sequence[str]) -> str:
    rows = [(d["name"], d["source"], f"{d['files']:,}", f"{d['bytes']:,}", str(d["data_version"])) for d in drops]
    table = markdown_table(("drop", "source", "files", "bytes", "version"), rows)
    return f"{table}\n\nLeft out, since they failed: {', '.join(map(escape, failed))}." if failed else table


def _code(code: Mapping[str, Any]) -> str:
    return f"{code['version']} ({code['git_commit']})" if code["git_commit"] else str(code["version"])
