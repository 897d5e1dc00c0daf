"""What a process computes with, told so that another can be compared."""

import sys

import PIL
import pyarrow as pa
import pytest

from dataset_build.errors import UserError
from resources import same_code
from resources.ray_engine import RayEngine
from tests.engines import batch, failed, nothing, square


def test_versions_and_source_are_told() -> None:
    here = same_code.installed()
    assert (here["pillow"], here["pyarrow"]) == (PIL.__version__, pa.__version__)
    assert set(here) == {"dataset-build", *same_code.LIBRARIES}


def test_what_is_not_the_same_is_named() -> None:
    here = same_code.installed()
    assert same_code.differences(here) == []
    assert same_code.differences({**here, "numpy": "1.0"}) == [f"numpy {here['numpy']} in place of 1.0"]


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same_code, "LIBRARIES", ("no-such-library",))
    assert same_code.installed.__wrapped__()["no-such-library"] == "missing"


def test_without_ray_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"Ray is missing: pip install 'dataset-build\[ray\]'$"):
        list(RayEngine().run(square, [(0, batch(1))], setup=nothing, failed=failed))
