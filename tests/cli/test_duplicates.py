"""The duplicates commands, where fastdup is off or has nothing to look at."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataset_build.cli.duplicates import app
from dataset_build.errors import UserError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("", r"^duplicates.fastdup is false; set it to true in dataset.toml, and read its licence first$"),
        (
            "[duplicates]\nfastdup = true\n",
            r"holds no verdicts under this configuration; run `dataset-build build` first$",
        ),
    ],
)
def test_compare_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dataset.toml").write_text(settings, "utf-8")
    with pytest.raises(UserError, match=message):
        CliRunner().invoke(app, [], catch_exceptions=False)
