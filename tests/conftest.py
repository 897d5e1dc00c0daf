"""Fixtures that several tests share."""

from collections.abc import Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
import pytest

from dataset_build.build import build
from dataset_build.cli import common
from dataset_build.config import Config, Text
from dataset_build.sample import Sample, make_sample
from dataset_build.text import models
from tests.bucket import IN_BUCKETS, lake_at, new_bucket, s3_server
from tests.shell import Shell


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real images and vocabularies, where they lie beside the checkout."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real S3 API on loopback."""
    with s3_server(tmp_path_factory.mktemp("scratch")) as url:
        yield url


@pytest.fixture(scope="session", autouse=True)
def lakes_of_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """A bucket for the lakes of all tests, where they are not to lie in folders."""
    with pytest.MonkeyPatch.context() as patch:
        if IN_BUCKETS:
            request.getfixturevalue("s3")
            patch.setenv("DATASET_BUILD_TEST_BUCKET", new_bucket())
        yield


@pytest.fixture(scope="session", autouse=True)
def dagster_in_memory() -> Iterator[None]:
    """One Dagster instance for all tests, in memory: one on disk takes seconds a build."""
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patch:
        patch.setattr("dataset_build.build.open_instance", lambda root: nullcontext(instance))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_text_detection() -> Iterator[None]:
    """Text detection takes long: it is off, as without onnxruntime, except where a test asks for `text_detection`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "find_spec", lambda name: None)
        yield


@pytest.fixture
def text_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is detected; the test is skipped where the extra or its models are not installed."""
    monkeypatch.setattr(models, "find_spec", find_spec)
    if why := models.why_off(Text()):
        pytest.skip(f"text detection is off: {why}")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The sample scrape with its planted truth; not to be changed."""
    return make_sample(tmp_path_factory.mktemp("sample") / "scrape")


@pytest.fixture(scope="session")
def built(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one release of the sample; not to be changed."""
    lake = lake_at(tmp_path_factory.mktemp("built") / "lake")
    build(lake, Config(), [sample.root])
    return lake


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for console in (common.out, common.err):
        monkeypatch.setattr(console, "width", 200)  # it keeps what the environment said when it was made
    monkeypatch.delenv("DATASET_BUILD_LAKE", raising=False)
    if IN_BUCKETS:
        monkeypatch.setenv("DATASET_BUILD_LAKE", str(lake_at(tmp_path / "lake")))
    monkeypatch.delenv("DATASET_BUILD_CONFIG", raising=False)
    return Shell(capsys, monkeypatch)
