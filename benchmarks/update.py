"""What one per cent more images costs in a lake, stage by stage, against grouping all of them.

    python -m benchmarks.update [--images 1000000] [--lake folder]

Images have random hashes and thumbnails; a tenth are planted near others and have their thumbnails. No picture is
read: the facts are written as if it had been. Pairs and stars are made through the lake, with the stored index and the
second look.
"""

import argparse
import resource
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.scale import Spent, fixed, planted, timed
from dataset_build.config import Config
from dataset_build.schemas import IMAGE_FACTS, OCCURRENCES
from resources.dedup import update_duplicates, update_pairs
from resources.drops import Drop
from resources.lake import Lake
from resources.storage import write_json


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lake", type=Path, help="keep the lake here")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        lake = Lake(options.lake or Path(scratch) / "lake", Config())
        warm = Lake(Path(scratch) / "warm", Config())
        both = [in_two_drops(each, count, options.seed) for each, count in ((warm, 5000), (lake, options.images))]
        next(both[0]), bring_up_to_date(warm), next(both[0]), bring_up_to_date(warm)
        full, more = (bring_up_to_date(lake) for _ in both[1])
    print(f"{options.images:,} images, then 1 % more; seconds of wall time (of CPU)")
    for stage in (*full, "together"):
        a, b = (total(spent) if stage == "together" else spent[stage] for spent in (full, more))
        print(f"{stage:16} {a.wall:8.2f} ({a.cpu:7.2f}) {b.wall:8.2f} ({b.cpu:7.2f}) {b.cpu / a.cpu:7.1%}")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB at the most")


def total(spent: dict[str, Spent]) -> Spent:
    """All stages together."""
    return Spent(sum(each.wall for each in spent.values()), sum(each.cpu for each in spent.values()))


def bring_up_to_date(lake: Lake) -> dict[str, Spent]:
    """Seconds of each stage."""
    stages: dict[str, Callable[[], object]] = {
        "image_verdicts": lambda: lake.derive("image_verdicts"),
        "duplicate_pairs": lambda: update_pairs(lake),
        "duplicates": lambda: update_duplicates(lake),
    }
    return {name: timed(work)[1] for name, work in stages.items()}


def in_two_drops(lake: Lake, images: int, seed: int) -> Iterator[None]:
    """Write a drop of so many images as if they had been read, and then one of a hundredth as many."""
    facts, source = planted(images + images // 100, np.random.default_rng(seed))
    for number, rows in enumerate((slice(images // 100, None), slice(images // 100))):
        name = f"drop{number}"
        drop = asdict(Drop(name, "bench", "/nowhere", number + 1, images, 0, 0, ""))
        del drop["removed"]
        write_json(lake.drops.folder / name / "drop.json", drop)
        some = facts.take(pa.array(np.arange(len(source))[rows]))
        found = {"drop": pa.repeat(name, some.num_rows), "uri": some["image_id"], "image_id": some["image_id"]}
        lake.piece("image_facts", name).replace(complete(some, source[rows]), {}, {})
        places = completed(pa.table(found | {"status": pa.repeat("ok", some.num_rows)}), OCCURRENCES.schema)
        lake.piece("occurrences", name).replace(places.to_batches(65_536), {}, {})
        for table in ("listing", "tags"):
            lake.piece(table, name).replace([], {}, {})
        yield


def complete(facts: pa.Table, source: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """The facts with everything that the stages read; copies have the thumbnail of their source."""
    for first in range(0, facts.num_rows, 65_536):
        some = facts.slice(first, 65_536)
        count = some.num_rows
        words = source[first : first + count, None].astype(np.uint64) * np.uint64(192) + np.arange(192, dtype=np.uint64)
        given = {
            "status": pa.repeat("ok", count),
            "file_bytes": pa.repeat(50_000, count),
            "width": pa.array(300 + source[first : first + count] % 600),
            "height": pa.repeat(300, count),
            "sharpness": pa.repeat(pa.scalar(500.0, pa.float32()), count),
            "look": fixed(mixed(words)),
        }
        for column, values in given.items():
            some = some.append_column(column, values)
        yield from completed(some, IMAGE_FACTS.schema).to_batches()


def mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Words that look random, by the finaliser of splitmix64."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return words


def completed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with all columns of a schema, null where it has none."""
    count, names = table.num_rows, table.column_names
    columns = [table[each.name] if each.name in names else pa.nulls(count, each.type) for each in schema]
    return pa.table(columns, names=schema.names).cast(schema)


if __name__ == "__main__":
    main()
