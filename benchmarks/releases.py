"""How long a release of many images takes to write and to ask, and how much memory; no pixel is read.

Run it as `python -m benchmarks.releases [--images 1000000]`. The facts are those of `benchmarks.verdicts`; each image
that is left has a caption of about 30 words.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.nights import peak_of
from benchmarks.verdicts import OFF, derive, fill, seconds
from dataset_build.config import Config, Engine, Rules
from dataset_build.release.diff import diff, summary
from dataset_build.release.explain import story
from dataset_build.release.reader import open_release
from dataset_build.release.verify import verify
from dataset_build.schemas import CAPTIONS
from resources.lake import Lake
from resources.releases import publish, stage

WRITTEN = """
    select
        sha256('caption' || image_id) as caption_id, image_id, 'compose' as recipe, 'caption' as variant,
        $1 as fingerprint, 0 as n, input_hash,
        'A picture of ' || array_to_string(
            list_transform(range(30), lambda k: 'word' || hash(image_id || k) % 20000), ' '
        ) as caption,
        'ok' as status, 'compose' as model, '{}' as params, 1 as attempt, true as final, now() as created_at
    from caption_inputs
"""
MEMORY = 1.3  # GiB that queries may hold
STRICTER = Rules(min_sharpness=40)  # drops another 3 % of the images
ASKED = "select count(*) from images where contains(caption, 'word1234')"


def caption(lake: Lake) -> None:
    """Write the captions of what is left."""
    piece = lake.captions("compose")
    with lake.connect(["caption_inputs"]) as connection:
        connection.register("nothing", CAPTIONS.schema.empty_table())
        written = connection.execute(f"from nothing union all by name ({WRITTEN})", [str(piece.fingerprint)])
        piece.append(written.to_arrow_reader(65_536), {}, {})
    lake.derive("caption_verdicts")


def prepare(root: Path, images: int) -> None:
    """A lake that is ready to be released."""
    lake = Lake(root, Config(text=OFF))
    fill(lake, images)
    derive(lake)
    caption(lake)


def write(root: Path) -> None:
    """Print seconds and peak memory of writing a release, in a process of its own."""
    config = Config(text=OFF, engine=Engine(memory=MEMORY))
    wall, processor = seconds(lambda: publish(stage(Lake(root, config), "1"))), time.process_time()
    print(
        f"release written and checked in {wall:.1f} s ({processor:.1f} s of CPU), {peak():.2f} GiB at the most, "
        f"engine.memory = {MEMORY}",
        flush=True,
    )


def write_another(root: Path) -> None:
    """A second release, of a stricter threshold."""
    lake = Lake(root, Config(text=OFF, rules=STRICTER))
    derive(lake)
    lake.derive("caption_verdicts")
    publish(stage(lake, "2"))


def compare(root: Path) -> None:
    """Print seconds and peak memory of the differences of two releases, in a process of its own."""
    found = None

    def work() -> None:
        nonlocal found
        found = diff(root, "1", "2")

    wall = seconds(work)
    assert found is not None
    print(f"diff, {summary(found)}: {wall:.1f} s ({time.process_time():.1f} s of CPU), {peak():.2f} GiB at the most")


def peak() -> float:
    """GiB that this process has held; what getrusage says begins with what its parent held."""
    return peak_of(os.getpid()) / 1024


def apart(work: Callable[[Path], None], root: Path) -> None:
    """Run something in a process of its own."""
    child = multiprocessing.get_context("spawn").Process(target=work, args=(root,))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{work.__name__} ended with {child.exitcode}")


def ask(root: Path) -> None:
    """Print seconds of questions."""
    with open_release("1", root) as release:
        ((image,),) = release.sql("select image_id from images using sample 1 (reservoir, 1)").fetchall()
        ((file,),) = release.sql("select uri from rejects where stage = 'size' limit 1").fetchall()
        print(f"{release.manifest['files']['images.parquet']['rows']:,} images kept")
        folder = release.folder
    for title, work in (
        ("explain an id", lambda: explain(root, image)),
        ("explain a file", lambda: explain(root, file)),
        ("filter and count captions", lambda: count(folder)),
        ("verify", lambda: verify(folder)),
    ):
        print(f"{title}: {best(work)}", flush=True)


def explain(root: Path, image: str) -> None:
    """As the command line does: open the release first."""
    with open_release("1", root) as release:
        story(release, image)


def count(folder: Path) -> None:
    """The same, with plain DuckDB."""
    with duckdb.connect(str(folder / "release.duckdb"), read_only=True) as connection:
        connection.sql(ASKED).fetchall()


def best(work: Callable[[], object]) -> str:
    """Seconds of clock and of CPU, the best of three each."""
    spent = []
    for _ in range(3):
        before = time.process_time()
        spent.append((seconds(work), time.process_time() - before))
    wall, processor = map(min, zip(*spent, strict=True))
    return f"{wall:.2f} s ({processor:.2f} s of CPU)"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--lake", type=Path, help="keep the lake here, and take it if it is there")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        root, started = options.lake or Path(scratch), time.perf_counter()
        if not (root / "drops").exists():
            prepare(root, options.images)
            print(f"a lake of {options.images:,} images made in {time.perf_counter() - started:.0f} s", flush=True)
        if not (root / "releases" / "1").exists():
            apart(write, root)
        ask(root)
        if not (root / "releases" / "2").exists():
            apart(write_another, root)
        apart(compare, root)


if __name__ == "__main__":
    main()
