"""fastdup's opinion of the same files, where `make fastdup-env` has made its environment: pairs by similarity."""

import csv
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dataset_build.config import Duplicates
from resources.fastdup import NOWHERE

PYTHON = Path(".venv-fastdup/bin/python")
THRESHOLDS = (0.9, 0.96)  # its own defaults for pairs and for components
NEIGHBOURS = Duplicates().fastdup_neighbours
SCRIPT = """
import sys, fastdup
images, work, neighbours, threshold = sys.argv[1:]
sys.exit(fastdup.run(input_dir=images, work_dir=work, nearest_neighbors_k=int(neighbours), threshold=float(threshold)))
"""


def similarities(folder: Path, work: Path) -> dict[tuple[str, str], float]:
    """How alike fastdup finds the files of a folder, by the stems of their names, in both directions."""
    home = work / "home"
    home.mkdir(parents=True)
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    arguments = [folder, work / "out", NEIGHBOURS, THRESHOLDS[0]]
    subprocess.run(
        [PYTHON.absolute(), "-P", "-c", SCRIPT, *map(str, arguments)],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "SENTRY_OPT_OUT": "1", **proxies},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    found: dict[tuple[str, str], float] = {}
    with (work / "out" / "similarity.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            a, b = Path(row["from"]).stem, Path(row["to"]).stem
            found[a, b] = found[b, a] = max(float(row["distance"]), found.get((a, b), 0.0))
    return found


def matrix(found: dict[tuple[str, str], float], a: list[str], b: list[str]) -> NDArray[np.float32]:
    """The similarity of each of `a` to each of `b`; 0 where fastdup names no pair."""
    table = np.zeros((len(a), len(b)), np.float32)
    rows, columns = ({name: k for k, name in enumerate(names)} for names in (a, b))
    for (x, y), similarity in found.items():
        if x in rows and y in columns:
            table[rows[x], columns[y]] = similarity
    return table
