"""`dataset-build preview` on the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataset_build import cli


@pytest.fixture(autouse=True)
def no_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATASET_BUILD_CONFIG", raising=False)


def test_it_prints_both_sides_and_writes_the_sheet(built: Path) -> None:
    sheet = Path("changes.png")
    arguments = ["preview", "--lake", str(built), "--set", "rules.min_side=300", "--sheet", str(sheet)]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines()]
    assert ["size", "too_small", "5", "42", "+37"] in rows
    assert ["source", "kept", "339", "339", ""] in rows
    assert "0 images would come in, 23 would go out" in result.output
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_without_a_change_there_is_no_sheet(built: Path) -> None:
    arguments = ["preview", "--lake", str(built), "--set", "engine.workers=1", "--sheet", "changes.png"]
    result = CliRunner().invoke(cli.app, arguments)
    assert (result.exit_code, Path("changes.png").exists()) == (0, False)
    assert "0 images would come in, 0 would go out" in result.output
