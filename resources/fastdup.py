"""fastdup as a second opinion: survivors are laid out as files, and a script in its own environment compares them."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from dataset_build.cores import cores
from dataset_build.dedup.fastdup import as_pairs
from dataset_build.errors import RunError
from dataset_build.images import formats
from dataset_build.images.decode import Unreadable, thumbnail
from dataset_build.locations import scratch
from dataset_build.schemas import FASTDUP_PAIRS
from resources.images import read_images
from resources.lake import Lake
from resources.pieces import Piece

Run = Callable[[list[str], dict[str, Any]], None]  # a command, and what the script finds in its Pipes context
SCRIPT = Path(__file__).with_name("fastdup_script.py")
NOTICE = (
    "fastdup is licensed CC BY-NC-ND 4.0: no commercial use. Its telemetry is switched off by SENTRY_OPT_OUT, "
    "and proxies that lead nowhere keep its Python part from the network"
)
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "BMP": ".bmp", "TIFF": ".tif"}  # what fastdup reads by itself
OTHERS_SIDE = 1024  # pixels, longer side at which the other formats are laid out
AT_ONCE = 64  # images in memory
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")  # of the environment; the rest may hold secrets
NOWHERE = "http://127.0.0.1:9"


def update_fastdup_pairs(lake: Lake, run: Run) -> Piece:
    """Let fastdup compare the survivors, unless they are as they were; no pairs where it is off."""
    return lake.replace("fastdup_pairs", lambda: _pairs(lake, run), ["survivors"])


def _pairs(lake: Lake, run: Run) -> list[pa.RecordBatch]:
    settings = lake.config.duplicates
    if not settings.fastdup:
        return [pa.RecordBatch.from_pylist([], FASTDUP_PAIRS.schema)]
    python = Path(settings.fastdup_python).absolute()
    if not python.exists():
        raise RunError(f"duplicates.fastdup_python: {python} is not there; `make fastdup-env` makes it")
    spill = scratch(lake.root / "tmp")
    spill.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="fastdup-", dir=spill) as folder:
        images, home, pairs = (Path(folder) / name for name in ("images", "home", "pairs.csv"))
        images.mkdir()
        home.mkdir()
        known = _lay_out(lake, images)
        extras = {
            "images": str(images),
            "work": str(Path(folder) / "work"),
            "pairs": str(pairs),
            "log": str(spill / "fastdup.log"),
            "threads": lake.config.engine.workers or cores(),
            "similarity": settings.fastdup_similarity,
            "neighbours": settings.fastdup_neighbours,
        }
        if len(known) > 1:
            run(_alone(python, home), extras)
        return [as_pairs(_rows(pairs), known)]


def _lay_out(lake: Lake, folder: Path) -> set[str]:
    """Write the bytes of every survivor as <image id>.<suffix>; formats that fastdup can't read become PNG."""
    known = set()
    survivors = sorted(lake.table("survivors").column("image_id").to_pylist())
    for first in range(0, len(survivors), AT_ONCE):
        for image_id, data in read_images(lake, survivors[first : first + AT_ONCE]).items():
            if file := _as_file(lake, data):
                suffix, content = file
                (folder / f"{image_id}{suffix}").write_bytes(content)
                known.add(image_id)
    return known


def _as_file(lake: Lake, data: bytes) -> tuple[str, bytes] | None:
    if suffix := SUFFIXES.get(formats.signature(data) or ""):
        return suffix, data
    stream = io.BytesIO()
    try:
        thumbnail(data, OTHERS_SIDE, lake.config.images).save(stream, "PNG")
    except Unreadable:
        return None
    return ".png", stream.getvalue()


def _alone(python: Path, home: Path) -> list[str]:
    """The script's command: in a home of its own, without our environment, and without a way to the network."""
    unset = [option for name in os.environ if name not in KEPT for option in ("-u", name)]
    proxies = [f"{name}={NOWHERE}" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")]
    return ["env", *unset, f"HOME={home}", "SENTRY_OPT_OUT=1", *proxies, str(python), "-P", str(SCRIPT)]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
