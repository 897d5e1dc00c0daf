"""Contact sheets as files of the lake, not in Dagster's event log: a take-down can delete them there."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from dataset_build.contact_sheet import contact_sheet
from resources.images import tiles
from resources.lake import Lake
from resources.storage import publishing, read_json, write_json

PORT = 3001  # stands in metadata that was written before anyone looks
NAME = re.compile(r"/([0-9a-f]{16}\.png)")
_drawn: dict[tuple[Path, tuple[tuple[str, str], ...]], Path] = {}


def draw(lake: Lake, picks: Sequence[tuple[str, str]]) -> Path:
    """Write a sheet of (image id, label), beside it the images that it shows. What is taken down is not drawn.

    What one stage keeps the next mostly keeps too: a sheet that this process drew is drawn again only once it is gone.
    """
    key = lake.root, tuple(picks)
    if key not in _drawn or not _drawn[key].exists():
        _drawn[key] = _draw(lake, picks)
    return _drawn[key]


def _draw(lake: Lake, picks: Sequence[tuple[str, str]]) -> Path:
    png = contact_sheet(tiles(lake, picks))
    path = lake.root / "sheets" / f"{sha256(png).hexdigest()[:16]}.png"
    write_json(path.with_suffix(".json"), {"images": sorted({image_id for image_id, _ in picks})})
    with publishing(path) as temporary:
        temporary.write_bytes(png)
    return path


def forget(root: Path, images: Collection[str]) -> int:
    """Delete the sheets that show any of these images. Returns how many."""
    gone = [file for file in (root / "sheets").glob("*.json") if set(read_json(file)["images"]) & set(images)]
    for file in gone:
        file.with_suffix(".png").unlink(missing_ok=True)
        file.unlink()
    return len(gone)


@contextmanager
def serving(root: Path, host: str = "127.0.0.1") -> Iterator[str]:
    """Give out the sheets of a lake, for pages of the UI that show them. Yields where; OSError if PORT is taken."""
    server = ThreadingHTTPServer((host, PORT), partial(_Sheets, root / "sheets"))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Sheets(BaseHTTPRequestHandler):
    """Sheets by name, and nothing else."""

    def __init__(self, folder: Path, *connection: object) -> None:
        self.folder = folder
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with a sheet, or 404."""
        name = NAME.fullmatch(self.path)
        try:
            png = (self.folder / name[1]).read_bytes() if name else None
        except FileNotFoundError:
            png = None
        self.send_response(200 if png else 404)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(png or b"")))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(png or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""
