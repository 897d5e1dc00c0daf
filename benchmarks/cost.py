"""On paper: what images cost in hours, memory, storage and money, from measured rates and the prices given.

    python -m benchmarks.cost [--images 10000000 1000000000] [--cpu 0.04] [--gpu 3] [--storage 0.023] [--captions 10]

Prints the table of docs/scale.md. Rates are of docs/performance.md, text-heavy.md, near-duplicates.md, curation.md and
captions.md, but for captions a GPU writes a second, which was not measured: give your own.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

KEPT = 0.68  # of all images, in the lake of benchmarks.releases
MILLION, HOUR, GB = 1e6, 3600.0, 1e9
PAIRS_FROM = 3 * MILLION  # images, from which on the search is taken to grow as the square


class Prices(NamedTuple):
    """Dollars an hour of one CPU, an hour of one GPU, a month of one GB; and captions a GPU writes a second."""

    cpu: float
    gpu: float
    storage: float
    captions: float


class Step(NamedTuple):
    """Seconds that `images` take, on which processors, and how many of these may share the work."""

    name: str
    seconds: Callable[[float, Prices], float]
    processor: str
    shared: str


def pairs(images: float) -> float:
    """Seconds of CPU to search all near-duplicates: 45 for a million, 247 for three, measured."""
    return 45 * images / MILLION if images < PAIRS_FROM else 247 * (images / PAIRS_FROM) ** 2


def texts(images: float) -> float:
    """Seconds of CPU to merge texts: 14.4 for a million, 431 for ten (each million reads the tags of all), measured."""
    millions = images / MILLION
    return millions * (14.4 + 3.2 * max(millions - 1, 0))


STEPS = (
    Step("read, hash, measure (0.2 MP, 300 a second)", lambda n, _: n / 300, "cpu", "all nodes"),
    Step("detect text (12 a second)", lambda n, _: n / 12, "cpu", "all nodes"),
    Step("search near-duplicates", lambda n, _: pairs(n), "cpu", "one machine"),
    Step("judge, group (18 s a million)", lambda n, _: 17.8 * n / MILLION, "cpu", "one machine"),
    Step("merge texts", lambda n, _: texts(n), "cpu", "one machine"),
    Step("prepare and send pictures (6 ms a caption)", lambda n, _: KEPT * n * 0.006, "cpu", "one machine"),
    Step("write captions", lambda n, prices: KEPT * n / prices.captions, "gpu", "all GPUs"),
    Step("write and check a release (98 s a million)", lambda n, _: 98 * n / MILLION, "cpu", "one machine"),
)
BYTES = {"sources": 100_000, "lake": 5_000, "one release": 1_000}  # an image; see docs/scale.md
PAIRS_GIB = 1.37 / MILLION  # an image, measured at three million


def table(images: list[float], prices: Prices) -> list[str]:
    """Lines of Markdown: hours and dollars by step, then storage, memory and sums."""
    rows: list[tuple[str, str, Callable[[float], str]]] = [
        *((step.name, step.shared, partial(_cost, step, prices)) for step in STEPS),
        ("all of this, once", "", lambda n: f"${sum(_dollars(step, prices, n) for step in STEPS):,.0f}"),
        *((f"storage: {name}", "", partial(_stored, size, prices)) for name, size in BYTES.items()),
        ("memory: near-duplicates", "one machine", lambda n: f"{n * PAIRS_GIB:,.0f} GiB"),
    ]
    head = _line(["step", "shared by", *(f"{each:,.0f} images" for each in images)])
    return [head, _line(["---"] * (2 + len(images))), *(_line([a, b, *map(cell, images)]) for a, b, cell in rows)]


def _cost(step: Step, prices: Prices, images: float) -> str:
    hours = step.seconds(images, prices) / HOUR
    return f"{hours:,.1f} {step.processor.upper()} h, ${_dollars(step, prices, images):,.2f}"


def _dollars(step: Step, prices: Prices, images: float) -> float:
    return step.seconds(images, prices) / HOUR * (prices.gpu if step.processor == "gpu" else prices.cpu)


def _stored(size: int, prices: Prices, images: float) -> str:
    return f"{images * size / GB:,.0f} GB, ${images * size / GB * prices.storage:,.2f} a month"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=float, nargs="+", default=[10 * MILLION, 1000 * MILLION])
    parser.add_argument("--cpu", type=float, default=0.04, help="dollars an hour of one CPU")
    parser.add_argument("--gpu", type=float, default=3.0, help="dollars an hour of one GPU")
    parser.add_argument("--storage", type=float, default=0.023, help="dollars a month of one GB")
    parser.add_argument("--captions", type=float, default=10.0, help="captions that one GPU writes a second")
    given = parser.parse_args()
    print("\n".join(table(given.images, Prices(given.cpu, given.gpu, given.storage, given.captions))))


if __name__ == "__main__":
    main()
