"""The duplicates commands: variants, and the comparison where fastdup is off or has nothing to look at."""

from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from dataset_build.build import build
from dataset_build.cli.duplicates import app
from dataset_build.config import Config
from dataset_build.errors import UserError
from tests.pictures import picture, put


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
        CliRunner().invoke(app, ["compare"], catch_exceptions=False)


@pytest.fixture
def recoloured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of a picture, its smaller copy and a recoloured one, and of another picture."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        put(Path(f"scrape/{number}.png"), seed=number, text="hat")
    picture(0).resize((300, 225)).save("scrape/small.png")
    grey, blue, red = picture(0).convert("YCbCr").split()
    Image.merge("YCbCr", (grey, red, blue)).convert("RGB").save("scrape/other.png")
    build(tmp_path / "lake", Config(), [tmp_path / "scrape"])
    return tmp_path / "lake"


def test_variants_are_listed_with_their_files_and_drawn_side_by_side(recoloured: Path) -> None:
    arguments = ["variants", "--lake", str(recoloured), "--sheet", "variants.png"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line]
    ((first, second, _, colour, redrawn),) = rows
    assert {first, second} == {"0.png", "other.png"}
    assert float(colour) > Config().duplicates.recoloured
    assert redrawn == ""
    assert "1 of 1 pairs" in result.output
    with Image.open("variants.png") as sheet:
        assert sheet.size == (2 * 100 + 4, 114 + 4)


def test_variants_of_a_lake_without_verdicts_name_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no verdicts under this configuration; run `dataset-build build` first"):
        CliRunner().invoke(app, ["variants", "--lake", str(tmp_path)], catch_exceptions=False)
