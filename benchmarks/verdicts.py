"""How long a changed threshold takes over many images, against a bare DuckDB scan of the same facts; no pixel is read.

Run it as `python -m benchmarks.verdicts [--images 1000000]`. The facts are synthetic: 1 % broken, 2 % found twice, 5 %
in pairs of duplicates, ten tags and an alt text each.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from dataset_build import schemas
from dataset_build.config import Config, Text
from resources.dedup import update_duplicates
from resources.drops import Drop
from resources.lake import Lake
from resources.storage import write_json
from resources.tags import update_texts

DROPS = 4
OFF = Text(detect="off")
ROWS = {
    "occurrences": """
        select drop, 'f' || number || '.jpg' as uri, sha256(number::varchar) as image_id,
            if(number % 100 = 0, 'truncated', 'ok') as status, 400000 + number % 100000 as file_bytes,
            'bench' as source, 's' || number as source_id,
            'https://host' || number % 500 || '.example.org/' || number as source_url,
            array_to_string(list_transform(
                range(10), lambda k: 'word' || (hash(number * 16 + k) % 5000 * (hash(number + k) % 9))
            ), ' ') as alt_text,
            ['general', 'sensitive', 'questionable', 'explicit'][1 + number % 4] as rating, 'CC-BY-4.0' as license,
            '{"score": ' || number || ', "description": "' || repeat('x', 150) || '"}' as metadata
        from numbered
    """,
    "image_facts": """
        select sha256(number::varchar) as image_id, if(number % 100 = 0, 'truncated', 'ok') as status,
            400000 + number % 100000 as file_bytes, 'JPEG' as format, 100 + hash(number) % 2000 as width,
            100 + hash(number + 1) % 2000 as height, 1 as frames, 'RGB' as mode, false as has_alpha, 1 as orientation,
            md5(number::varchar) as pixel_hash, 1 as decode_scale, unhex(sha256('w' || number)) as hash_whole,
            unhex(sha256('t' || number)) as hash_trimmed, unhex(sha256('c' || number)) as hash_inside,
            true as hash_informative, substr(md5('p' || number), 1, 16) as phash,
            hash(number + 2) % 10000 / 10 as sharpness,
            hash(number + 3) % 1000 / 1000 as brightness, 0.2 as contrast, 7 as entropy, false as greyscale,
            0 as border, 0 as flat_tail, 0 as torn_rows
        from numbered
    """,
    "tags": """
        select sha256(number::varchar) as image_id,
            'tag_' || (hash(number * 16 + k) % 20000) // (1 + k * k * 10) as tag,
            min(if(k = 9, 'artist', 'general')) as category, 'given' as origin, min(k) as rank
        from numbered, range(10) r(k) group by image_id, tag order by image_id, rank
    """,
    "duplicate_pairs": """
        select least(a, b) as image_id_a, greatest(a, b) as image_id_b, 'hash' as method, number % 72 as distance
        from (
            select sha256(number::varchar) as a, sha256((number + 1)::varchar) as b, number
            from numbered where number % 40 = 1
        )
        order by image_id_a, image_id_b
    """,
}


def fill(lake: Lake, images: int) -> None:
    """Write the pieces of a lake of so many images."""
    share = images // DROPS
    for number in range(DROPS):
        name = f"drop{number}"
        drop = asdict(Drop(name, "bench", name, number + 1, share, 0, 0, ""))
        del drop["removed"]
        write_json(lake.drops.folder / name / "drop.json", drop)
        lake.piece("listing", name).replace([], {}, {})
        for table in ("occurrences", "image_facts", "tags"):
            _write(lake, table, name, number * share * 98 // 100, share)
    _write(lake, "duplicate_pairs", None, 0, images)
    searched = {drop: piece.version or "" for drop, piece in lake.pieces("image_facts").items()}
    lake.piece("duplicate_pairs").append([], searched, {})


def _write(lake: Lake, table: str, drop: str | None, first: int, rows: int) -> None:
    schema = next(each.schema for each in schemas.LAKE_TABLES if each.name == table)
    with duckdb.connect() as connection:
        connection.register("nothing", schema.empty_table())
        connection.execute(
            f"create table numbered as select range + {first} as number, '{drop}' as drop from range({rows})"
        )
        found = connection.execute(f"from nothing union all by name ({ROWS[table]})")
        lake.piece(table, drop).replace(found.to_arrow_reader(65_536), {}, {})


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scan(lake: Lake) -> float:
    """A bare scan of the facts that the verdicts on images are made from; the best of three."""
    parts = [str(part) for piece in lake.pieces("image_facts").values() for part in piece.parts()]
    query = "select count(image_id), count(status), sum(width), sum(height), sum(sharpness) from read_parquet($1)"
    with duckdb.connect() as connection:
        return min(seconds(lambda: connection.execute(query, [parts]).fetchall()) for _ in range(3))


def derive(lake: Lake) -> dict[str, float]:
    """Seconds to bring each table of verdicts up to date."""
    spent = {"image_verdicts": seconds(lambda: lake.derive("image_verdicts"))}
    spent["duplicates"] = seconds(lambda: update_duplicates(lake))
    spent["image_texts"] = seconds(lambda: update_texts(lake))
    spent["corpus_verdicts"] = seconds(lambda: lake.derive("corpus_verdicts"))
    return spent


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--lake", type=Path, help="keep the lake here, and take it if it is there")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        root = options.lake or Path(scratch)
        lake = Lake(root, Config(text=OFF))
        if not lake.drops.all():
            print(f"written in {seconds(lambda: fill(lake, options.images)):.1f} s")
        bare = scan(lake)
        print(f"{options.images:,} images; a bare scan of their facts takes {bare:.3f} s")
        chosen = {"rules": ["datacomp_basic", "align_alt_text", "realsyn_text", "tag_balance", "cluster_cap", "lists"]}
        for title, settings in (
            ("built first", {}),
            ("rules.min_side = 300", {"rules": {"min_side": 300}}),
            ("duplicates.radius = 31", {"duplicates": {"radius": 31}}),
            ("every corpus rule", {"corpus": chosen, "lists": {"block_ratings": ["explicit"]}}),
        ):
            spent = derive(Lake(root, Config.model_validate({**settings, "text": OFF})))
            print(f"{title}: {sum(spent.values()):.1f} s")
            for name, took in spent.items():
                print(f"    {name:16} {took:6.2f} s = {took / bare:6.1f} scans")


if __name__ == "__main__":
    main()
