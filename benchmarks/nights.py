"""What a night costs: a full build, one per cent more, no news, a changed threshold, a changed caption setting.

    python -m benchmarks.nights [--images 10000] [--grow 1000 10000 100000]

Every build is a process of its own, as from the command line. Exit status 1 when a bar is missed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ingest import megabytes, tree
from benchmarks.night_source import write_folder
from resources.storage import read_json

DROPS = 10
SHARE, FIXED = 0.03, 15.0  # of a full build, and seconds: what one per cent more may cost
QUICK = 10.0  # seconds, for no news and for a threshold
DAGSTER = 10.0  # seconds of a night that are Dagster's
COST_GROWTH, MEMORY_GROWTH = 1.1, 1.2  # at ten times the images
SETTINGS = {"rules.min_side": 64, "rules.min_sharpness": 0, "text.detect": "off", "captions.max_tags": 40}
KINDS = ("no news", "1 % more")  # that are lived through by Dagster and without it
CLOCK = os.sysconf("SC_CLK_TCK")
BUILD = "from dataset_build.cli import main; main()"


@dataclass(frozen=True)
class Cost:
    """Of one build: seconds of the clock and of all processors, megabytes at the most, and the tables that changed."""

    wall: float
    cpu: float
    driver: float
    everyone: float
    changed: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class Site:
    """A folder with a scrape, a lake and a configuration."""

    folder: Path

    def configure(self, **settings: object) -> None:
        """Write the configuration; double underscores stand for dots."""
        values = SETTINGS | {key.replace("__", "."): value for key, value in settings.items()}
        lines = (f"{key} = {str(v) if isinstance(v, int) else repr(v)}" for key, v in values.items())
        (self.folder / "dataset.toml").write_text("\n".join(lines), "utf-8")

    def environment(self) -> dict[str, str]:
        """How Dagster's own commands find the lake."""
        lake, config = self.folder / "lake", self.folder / "dataset.toml"
        found = {"DATASET_BUILD_LAKE": lake, "DATASET_BUILD_CONFIG": config, "DAGSTER_HOME": lake / "dagster"}
        return os.environ | {key: str(path) for key, path in found.items()}

    def versions(self) -> dict[str, str]:
        """The content of each piece of each table."""
        manifests = (self.folder / "lake" / "tables").rglob("manifest.json")
        return {str(m): read_json(m)["data_version"] for m in manifests if m.parent.name != "index"}

    def run(self, *command: str) -> Cost:
        """Run a command of Python to its end and look at it meanwhile. What it changed is read from the manifests."""
        before = self.versions()
        started = time.perf_counter()
        with (self.folder / "said").open("w+") as said:
            process = subprocess.Popen(
                [sys.executable, *command], stdout=said, stderr=said, env=self.environment(), cwd=self.folder
            )
            cpu, driver, everyone = watch(process)
            wall = time.perf_counter() - started
            said.seek(0)
            lines = said.read().strip().splitlines()
        if process.returncode:
            raise SystemExit("\n".join(lines[-20:]))
        tables = {Path(m).relative_to(self.folder / "lake/tables").parts[0] for m in changed(before, self.versions())}
        return Cost(wall, cpu, driver, everyone, tuple(sorted(tables)), lines[-1].strip() if lines else "")

    def build(self) -> Cost:
        """Build as the command line does."""
        return self.run("-c", BUILD, "build", "--source", "scrape", "--lake", "lake", "--config", "dataset.toml")

    def night(self) -> Cost:
        """The same as the schedule's job, run by Dagster's own command."""
        return self.run("-m", "dagster", "job", "execute", "-m", "dataset_build.definitions", "-j", "nightly")

    def without_dagster(self) -> Cost:
        """The same calls in the same order, and no Dagster."""
        return self.run("-m", "benchmarks.without_dagster")


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The keys that are new or have another value."""
    return [key for key, value in after.items() if before.get(key) != value]


def watch(process: subprocess.Popen[bytes]) -> tuple[float, float, float]:
    """Processor seconds, and peak megabytes of a process and of all below it, sampled until it ends."""
    spent: dict[int, float] = {}
    driver = everyone = 0.0
    while process.poll() is None:
        for pid in tree(process.pid):
            spent[pid] = max(spent.get(pid, 0.0), processor_seconds(pid))
        driver = max(driver, peak_of(process.pid))
        everyone = max(everyone, megabytes(process.pid))
        time.sleep(0.2)
    return sum(spent.values()), driver, everyone


def processor_seconds(pid: int) -> float:
    """That a living process has used itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / CLOCK


def peak_of(pid: int) -> float:
    """Megabytes that a living process has held at the most."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def nights(images: int, folder: Path) -> dict[str, Cost]:
    """Build `images` images, then live through the kinds of night."""
    site = Site(folder)
    folder.mkdir()
    for drop in range(DROPS):
        write_folder(folder / "scrape" / f"week{drop}", images // DROPS, drop)
    site.configure()
    costs = {"full": site.build()}
    write_folder(folder / "scrape" / "more", images // 100, DROPS)
    costs["1 % more"] = site.build()
    costs["no news"] = site.build()
    costs["no news, by Dagster"] = site.night()
    costs["no news, without Dagster"] = site.without_dagster()
    write_folder(folder / "scrape" / "still more", images // 100, DROPS + 1)
    costs["1 % more, by Dagster"] = site.night()
    write_folder(folder / "scrape" / "and more", images // 100, DROPS + 2)
    costs["1 % more, without Dagster"] = site.without_dagster()
    site.build()
    site.configure(rules__min_side=65)
    costs["a threshold"] = site.build()
    site.configure(rules__min_side=65, captions__max_tags=3)
    costs["a caption setting"] = site.build()
    return costs


def judged(costs: Mapping[str, Cost]) -> dict[str, bool]:
    """The bars of one size, and whether they are reached."""
    full = costs["full"].wall
    dagster = {kind: costs[f"{kind}, by Dagster"].wall - costs[f"{kind}, without Dagster"].wall for kind in KINDS}
    touched = {"image_verdicts", "duplicates", "duplicate_pairs", "image_texts", "corpus_verdicts"}
    return {
        f"1 % more within {SHARE:.0%} of full and {FIXED:.0f} s": costs["1 % more"].wall <= SHARE * full + FIXED,
        f"no news under {QUICK:.0f} s": costs["no news"].wall < QUICK,
        "no news changes no table": not costs["no news"].changed,
        f"a threshold under {QUICK:.0f} s": costs["a threshold"].wall < QUICK,
        "a caption setting runs captions only": not touched & set(costs["a caption setting"].changed),
        **{f"Dagster under {DAGSTER:.0f} s of {kind}: {s:.1f} s": s < DAGSTER for kind, s in dagster.items()},
    }


def grown(few: Mapping[str, Cost], many: Mapping[str, Cost], times: float) -> dict[str, bool]:
    """The bars between two sizes."""
    a, b = few["full"], many["full"]
    cost, memory = b.wall / a.wall / times, b.everyone / a.everyone
    return {
        f"cost of an image {cost:.2f} x (processor {b.cpu / a.cpu / times:.2f} x)": cost <= COST_GROWTH,
        f"peak memory {memory:.2f} x (driver {b.driver / a.driver:.2f} x)": memory <= MEMORY_GROWTH,
    }


def show(images: int, costs: Mapping[str, Cost]) -> None:
    """Print one line for each night."""
    print(
        f"{images:,} images: {'seconds':>17} {'of CPU':>7} {'of full':>8} {'driver':>7} {'all':>8}  changed", flush=True
    )
    for name, cost in costs.items():
        share = cost.wall / costs["full"].wall
        print(
            f"  {name:26} {cost.wall:6.1f} {cost.cpu:7.1f} {share:8.1%} {cost.driver:4.0f} MB {cost.everyone:5.0f} MB"
            f"  {' '.join(cost.changed)}",
            flush=True,
        )


def told(bars: Mapping[str, bool]) -> bool:
    """Print bars; whether all are reached."""
    for bar, reached in bars.items():
        print(f"  {'reached' if reached else 'MISSED '} {bar}", flush=True)
    return all(bars.values())


def main() -> None:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--grow", type=int, nargs="+", help="several sizes, of which each is compared with the last")
    parser.add_argument("--folder", type=Path, help="keep everything in this new folder")
    options = parser.parse_args()
    reached, before = [], None
    with TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "nights"
        folder.mkdir()
        for images in options.grow or [options.images]:
            costs = nights(images, folder / str(images))
            show(images, costs)
            reached.append(told(judged(costs)))
            if before:
                print(f"  against {before[0]:,} images:")
                reached.append(told(grown(before[1], costs, images / before[0])))
            before = images, costs
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
