"""How fast a vocabulary is imported and tags are normalised, against bare DuckDB on the same rows.

Run it as `python -m benchmarks.tags [VOCABULARY.csv]`; without a tagcomplete file, one of the same size is made up.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_build.config import Tags
from dataset_build.queries import load_query
from dataset_build.schemas import OCCURRENCES, TAGS
from dataset_build.tags.merge import merged
from dataset_build.tags.normalise import image_tags
from dataset_build.tags.vocabulary import read_vocabulary
from resources.storage import write_parquet
from resources.vocabularies import Vocabularies

NAMES = 140_782
TAGS_PER_IMAGE = 30
IMPORT_GOAL, NORMALISE_GOAL = 5, 30  # seconds
BARE_READ = "select count(*), max(column0), max(column3) from read_csv(?, header = false, all_varchar = true)"
BARE_JOIN = """
copy (
    select g.image_id, v.tag, v.category
    from (select image_id, unnest(raw_tags).tag as tag from occurrences) g
    left join tag_vocabulary v on v.spelling = g.tag
) to '{}' (format parquet, compression zstd)
"""


def made_up(file: Path) -> Path:
    """A tagcomplete file of the size of Danbooru's, names of two words with an alias for every fifth."""
    categories = np.random.default_rng(0).choice(["0", "1", "3", "4", "5"], NAMES, p=[0.22, 0.42, 0.07, 0.285, 0.005])
    lines = (
        f"w{n % 997}_x{n},{c},{NAMES * 9 // (n + 1) + 25},{f'alias_{n}' if n % 5 == 0 else ''}"
        for n, c in enumerate(categories)
    )
    file.write_text("\n".join(lines), "utf-8")
    return file


def scrape(file: Path, vocabulary: pa.Table, tags: int) -> None:
    """Occurrences with tags of every frequency, in the spellings that scrapes have: folded, prompt-like, aliased."""
    random = np.random.default_rng(0)
    used = vocabulary.filter(pa.compute.is_null(vocabulary.column("reason")))
    names = used.filter(pa.compute.equal(used.column("kind"), "name")).column("written").to_pylist()
    aliases = used.filter(pa.compute.equal(used.column("kind"), "alias")).column("written").to_pylist()
    prompts = [name.replace("_", " ").replace("(", r"\(").replace(")", r"\)").title() for name in names]
    spellings = pa.array([*names, *prompts, *aliases, *(f"unheard_of_{n}" for n in range(1000))])
    weights = np.concatenate(
        [zipf(len(names)) * 0.7, zipf(len(names)) * 0.15, zipf(len(aliases)) * 0.1, zipf(1000) * 0.05]
    )
    images = tags // TAGS_PER_IMAGE
    picks = random.choice(len(spellings), images * TAGS_PER_IMAGE, p=weights / weights.sum())
    flat = pa.StructArray.from_arrays(
        [spellings.take(pa.array(picks)), pa.repeat("general", len(picks))], names=["tag", "category"]
    )
    lists = pa.ListArray.from_arrays(pa.array(np.arange(images + 1) * TAGS_PER_IMAGE, pa.int32()), flat)
    ids = pa.array([random.bytes(32).hex() for _ in range(images)])
    table = pa.table({"image_id": ids, "raw_tags": lists})
    columns = [table[f.name] if f.name in table.column_names else pa.nulls(images, f.type) for f in OCCURRENCES.schema]
    write_parquet(file, pa.Table.from_arrays(columns, schema=OCCURRENCES.schema).to_batches(10_000), OCCURRENCES.schema)


def zipf(n: int) -> np.ndarray:
    """Weights that fall as tags' frequencies do."""
    weights = 1 / np.arange(2, n + 2)
    return weights / weights.sum()


@contextmanager
def database(folder: Path, **files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with views of Parquet files."""
    with duckdb.connect(":memory:", config={"temp_directory": str(folder / "spill")}) as connection:
        for name, file in files.items():
            connection.read_parquet(str(file)).create_view(name)
        yield connection


def seconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """How long it takes, by the clock and of all processors' time, in the best of the rounds."""
    spent = []
    for _ in range(rounds):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        spent.append((time.perf_counter() - start, time.process_time() - cpu))
    return min(spent)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vocabulary", nargs="?", type=Path, help="tagcomplete CSV")
    parser.add_argument("--tags", type=int, default=10_000_000, help="tag occurrences to normalise")
    parser.add_argument("--rounds", type=int, default=3, help="times each is measured; the best counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = options.vocabulary or made_up(folder / "made_up.csv")
        importing(file, folder, options.rounds)
        normalising(file, folder, options.tags, options.rounds)


def importing(file: Path, folder: Path, rounds: int) -> None:
    """Import time against DuckDB's reading of the same file."""
    lakes = (folder / f"lake{number}" for number in count())
    ours, cpu = seconds(lambda: Vocabularies(next(lakes)).add(file), rounds)
    bare, _ = seconds(lambda: duckdb.sql(BARE_READ, params=[str(file)]).fetchall(), rounds)
    rows = read_vocabulary(file.read_bytes()).num_rows
    print(
        f"import, {rows:,} statements: {ours:.2f} s ({cpu:.2f} s of processors, goal {IMPORT_GOAL} s), "
        f"DuckDB read_csv alone {bare:.2f} s, ratio {ours / bare:.1f}",
        flush=True,
    )


def normalising(file: Path, folder: Path, tags: int, rounds: int) -> None:
    """Time from occurrences to tags, and from tags to what images are left with, against a bare join."""
    vocabulary = read_vocabulary(file.read_bytes())
    files = {name: folder / f"{name}.parquet" for name in ("occurrences", "tag_vocabulary", "tags")}
    scrape(files["occurrences"], vocabulary, tags)
    rules = Tags(implied="drop", overlaps="drop")
    pq.write_table(merged([("v", vocabulary)], rules), files["tag_vocabulary"])
    given = {"occurrences": files["occurrences"], "tag_vocabulary": files["tag_vocabulary"]}

    def bare() -> None:
        with database(folder, **given) as connection:
            connection.execute(BARE_JOIN.format(folder / "bare.parquet"))

    def normalise() -> None:
        with database(folder) as connection:
            sources = [connection.read_parquet(str(path)) for path in given.values()]
            write_parquet(files["tags"], image_tags(*sources, connection, rules), TAGS.schema)

    def merge() -> None:
        with database(folder, tags=files["tags"], tag_vocabulary=files["tag_vocabulary"]) as connection:
            connection.execute("create view members as select distinct image_id, image_id as member from tags")
            for view in ("merged_tags", "tag_lists"):
                query = load_query(view)
                values = {name: getattr(rules, name) for name in query.params}
                connection.execute(f"create temp table {view} as {query.text}", values)

    (alone, alone_cpu), (ours, cpu) = seconds(bare, rounds), seconds(normalise, rounds)
    print(
        f"normalise, {tags:,} tags: {ours:.1f} s ({cpu:.1f} s of processors, goal {NORMALISE_GOAL} s), "
        f"{tags / ours / 1e6:.2f} million/s, a bare DuckDB join of the same rows {alone:.1f} s ({alone_cpu:.1f} s), "
        f"ratio {ours / alone:.1f}",
        flush=True,
    )
    after, cpu = seconds(merge, rounds)
    print(
        f"merge, drop implied and overlapping tags, order: {after:.1f} s ({cpu:.1f} s of processors), "
        f"{tags / after / 1e6:.2f} million/s"
    )


if __name__ == "__main__":
    main()
