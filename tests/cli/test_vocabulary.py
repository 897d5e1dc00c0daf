"""The vocabulary commands, run as a user runs them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dataset_build.cli.vocabulary import app
from dataset_build.errors import UserError


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dataset_build.cli.vocabulary.out.width", 200)
    Path("names.csv").write_text('long_hair,0,9,"lh,hair"\nhair,0,2,\nwlop,1,1,"lh,\x1b[31mred"\n', "utf-8")
    Path("dataset.toml").write_text('[tags]\nvocabularies = ["names"]\nblacklist = ["hat"]\n', "utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_import_says_what_is_not_used_and_how_to_use_the_rest() -> None:
    said = run("import", "names.csv").output
    assert "3 names, 1 aliases" in said
    assert "several_tags" in said
    assert "is_a_name" in said
    assert '[tags] vocabularies = ["names"]' in said


def test_what_is_in_the_lake_is_shown_without_control_characters() -> None:
    run("import", "names.csv")
    assert "names.csv" in run("list").output
    assert "several_tags" in run("problems", "names").output
    assert "lh" in run("show", "Long Hair").output
    assert "long_hair -> long_hair (general)" in run("show", "Long Hair").output
    assert "\x1b" not in run("show", "wlop").output
    assert run("unknown").exit_code == 0
    with pytest.raises(UserError, match="no vocabulary knows 'unheard_of'"):
        run("show", "unheard of")


def test_tags_can_be_tried() -> None:
    run("import", "names.csv")
    said = run("try", "(Long Hair:1.2), hat, wlop, rating:safe").output
    assert said.endswith("copyright:\ncharacter:\ngeneral tags: long_hair\nartist: wlop\nrating: general\n")
