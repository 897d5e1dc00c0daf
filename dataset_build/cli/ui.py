"""The command line's `ui` command: Dagster's pages over a lake, and the contact sheets that they show."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from dataset_build.cli.common import LAKE, ConfigOption, LakeOption, err, out


def ui(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
    lake: LakeOption = LAKE,
    config: ConfigOption = None,
) -> None:
    """Open the Dagster UI over the lake, on this machine only."""
    from dataset_build.build import instance_of

    root = lake.resolve()
    workspace = Path(__file__).parents[2] / "workspace.yaml"
    where = ["-w", str(workspace)] if workspace.exists() else ["-m", "dataset_build.definitions"]
    named = {"DATASET_BUILD_CONFIG": str(config.resolve())} if config else {}
    environment = {
        **os.environ,
        "DATASET_BUILD_LAKE": str(root),
        "DAGSTER_HOME": str(instance_of(root)),
        **named,
    }
    command = [
        str(Path(sys.executable).with_name("dagster")),
        "dev",
        *where,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with _sheets_beside(root):
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - no shell is wanted
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        signal.signal(signal.SIGINT, lambda *_: None)  # the terminal has sent it to both
        code = process.wait()
    sys.exit(code)


def sheets(
    host: Annotated[str, typer.Option(help="Address to listen at; in a container 0.0.0.0.")] = "127.0.0.1",
    lake: LakeOption = LAKE,
) -> None:
    """Give out the contact sheets that the UI shows, where its webserver runs by itself. It asks nobody who he is."""
    from resources.sheets import serving

    over = Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    with serving(lake.resolve(), host) as address:
        out.print(f"contact sheets are at {address}", highlight=False)
        over.wait()


@contextmanager
def _sheets_beside(root: Path) -> Iterator[None]:
    """Contact sheets for the UI, unless another UI gives out its own."""
    from resources.sheets import PORT, serving

    with ExitStack() as stack:
        try:
            stack.enter_context(serving(root))
        except OSError:
            err.print(f"port {PORT} is taken, so that the UI shows no contact sheets; they lie in {root / 'sheets'}")
        yield
