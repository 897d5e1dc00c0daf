"""What each materialisation shows in the UI: rows, seconds, kept and rejected by reason, contact sheets."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

import dagster as dg
import pyarrow as pa

from dataset_build.column_lineage import column_sources
from dataset_build.contact_sheet import markdown
from dataset_build.histogram import histogram
from dataset_build.queries import is_query
from resources.lake import Lake
from resources.pieces import Piece
from resources.sheets import PORT, draw

TILES = 24


def report(piece: Piece, started: float, **metadata: Any) -> dg.MaterializeResult:
    """The result of an asset that has brought `piece` up to date since `started` (of time.monotonic)."""
    return dg.MaterializeResult(
        asset_key=piece.table.name,
        data_version=dg.DataVersion(piece.version or ""),
        metadata={
            "dagster/row_count": piece.rows,
            "dagster/uri": str(piece.folder),
            "seconds": round(time.monotonic() - started, 2),
            **column_lineage(piece.table.name),
            **metadata,
        },
    )


def report_images(piece: Piece, started: float) -> dg.MaterializeResult:
    """The same of a drop's images that were looked at again, with their statuses and the rate."""
    statuses = Counter(status for batch in piece.batches() for status in batch.column("status").to_pylist())
    return report(
        piece,
        started,
        status=table(("status", "images"), sorted(statuses.items())),
        images_per_second=per_second(piece.rows, started),
    )


def column_lineage(query: str) -> dict[str, dg.TableColumnLineage]:
    """Metadata from which the UI draws where columns come from; none for tables that no query makes."""
    if not is_query(query):
        return {}
    sources = column_sources(query).items()
    deps = {column: [dg.TableColumnDep(dg.AssetKey(t), c) for t, c in columns] for column, columns in sources}
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def verdict_metadata(lake: Lake, piece: Piece, survivors: str) -> dict[str, Any]:
    """Counts and contact sheets of a table of verdicts; `survivors` is the view of the images that it leaves."""
    rejected = [row for batch in piece.batches() for row in batch.to_pylist()]
    kept = lake.count(survivors)
    return {
        "kept": kept,
        "rejected": len({row["image_id"] for row in rejected}),
        "by_reason": table(("stage", "reason", "images"), by_reason(rejected)),
        "kept_sheet": sheet(lake, [(id_, "") for id_ in lake.sample(survivors, TILES)], "a sample of what was kept"),
        "rejected_sheet": sheet(lake, spread(rejected, TILES), "a sample of what was rejected, and why"),
    }


def by_reason(verdicts: Iterable[dict[str, Any]]) -> list[tuple[object, ...]]:
    """(stage, reason, count) of rows that have these columns, the most frequent first."""
    counts = Counter((row["stage"], row["reason"]) for row in verdicts)
    return [(*key, count) for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def spread(verdicts: list[dict[str, Any]], limit: int) -> list[tuple[str, str]]:
    """At most `limit` (image id, reason), each reason in turn."""
    turn: Counter[str] = Counter()
    ranked = []
    for row in verdicts:
        ranked.append((turn[row["reason"]], row["reason"], row["image_id"]))
        turn[row["reason"]] += 1
    return sorted((image_id, reason) for _, reason, image_id in sorted(ranked)[:limit])


def sheet(lake: Lake, picks: list[tuple[str, str]], alt: str) -> dg.MetadataValue:
    """A contact sheet of (image id, label), a file of the lake that `dataset-build ui` gives out, as Markdown."""
    if not picks:
        return dg.MetadataValue.md("nothing to show")
    path = draw(lake, sorted(picks, key=lambda p: (p[1], p[0])))
    return dg.MetadataValue.md(f"![{alt}](http://127.0.0.1:{PORT}/{path.name})\n\nsheets/{path.name}")


def drawn(
    measures: pa.Table,
    column: str,
    title: str,
    threshold: float,
    rejects: Literal["below", "above"] = "below",
    what: str = "images",
) -> dg.MetadataValue:
    """A histogram of a column as Markdown, with the threshold where it isn't 0, which is off."""
    png = histogram(measures.column(column).to_numpy(), title, threshold or None, rejects=rejects, what=what)
    return dg.MetadataValue.md(markdown(png, title))


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> dg.MetadataValue:
    """A Markdown table. Cells must be our own words or numbers."""
    lines = [header, tuple("---" for _ in header), *rows]
    return dg.MetadataValue.md("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))


def per_second(count: int, started: float) -> float:
    """Rate since `started`, one decimal."""
    return round(count / max(time.monotonic() - started, 1e-6), 1)
