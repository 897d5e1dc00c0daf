"""What a process computes results with, so that a machine which would compute others is found out."""

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import dataset_build

LIBRARIES = (  # that decide what is read from a picture
    "imagehash",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "pillow-jxl-plugin",
    "pyarrow",
    "scipy",
    "simplejpeg",
    "torch",
    "transformers",
)


@cache
def installed() -> dict[str, str]:
    """The versions of those libraries, "missing" where there is none, and a digest of this package's source."""
    return {"dataset-build": _source(), **{name: _version(name) for name in LIBRARIES}}


def differences(expected: dict[str, str]) -> list[str]:
    """What this process has otherwise than expected, in words."""
    here = installed()
    return [f"{name} {here[name]} in place of {wanted}" for name, wanted in expected.items() if here[name] != wanted]


def _source() -> str:
    folder, digest = Path(dataset_build.__file__).parent, hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(f"{file.relative_to(folder).as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "missing"
