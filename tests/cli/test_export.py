"""`export`, `formats` and `mixes` as a user meets them."""

import csv
import json
import sys
from pathlib import Path

import pytest

from dataset_build.cli import main


def run(capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch, *arguments: object) -> tuple[int, str, str]:
    patch.setenv("COLUMNS", "200")
    patch.setattr(sys, "argv", ["dataset-build", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
        sys.exit(0)
    printed = capsys.readouterr()
    return int(end.value.code or 0), printed.out, printed.err


def test_an_export_says_what_it_wrote(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, built: Path, tmp_path: Path
) -> None:
    arguments = (
        "export",
        "hf-parquet",
        "--lake",
        built,
        "--out",
        tmp_path / "out",
        "--mix",
        "dalle3",
        "--set",
        "seed=3",
    )
    code, out, err = run(capsys, monkeypatch, *arguments)
    assert code == 0
    assert "release 1: 276 images as hf-parquet in" in out
    assert "276/276" in err
    manifest = json.loads((tmp_path / "out" / "export.json").read_text("utf-8"))
    assert manifest["plan"]["parameters"] == {"share": 0.95, "seed": 3}
    assert sum(row["rows"] for row in manifest["texts"]) == 276
    code, _, err = run(capsys, monkeypatch, *arguments)
    assert (code, "is not empty" in err) == (2, True)
    assert run(capsys, monkeypatch, *arguments, "--resume")[0] == 0


def test_rows_left_out_are_counted_and_end_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, built: Path, tmp_path: Path
) -> None:
    arguments = ("--lake", built, "--out", tmp_path / "out", "--images", "reference")
    code, _, err = run(capsys, monkeypatch, "export", "openclip-csv", *arguments)
    assert code == 1
    assert "left out: 39 in_archive" in err
    with (tmp_path / "out" / "skipped.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 39


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zip",), "no format 'zip'; there are: webdataset"),
        (("kohya", "--mix", "x"), "no mix 'x'; there are: alt"),
        (("kohya", "--where", "true; drop table images"), "--where: "),
        (("kohya", "--set", "share=1"), "mix caption has no parameter 'share'; it has none"),
        (("kohya", "--images", "embed"), "kohya can't hold images by embed; it can by copy or reference"),
        (("kohya", "--release", "9"), "no release '9'"),
    ],
)
def test_what_can_not_be_done_is_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    built: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    code, out, err = run(capsys, monkeypatch, "export", *arguments, "--lake", built, "--out", tmp_path / "out")
    assert code == 2 and out == ""
    assert message in err and "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_formats_and_mixes_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "kohya-ss/sd-scripts" in run(capsys, monkeypatch, "formats")[1]
    assert "share := 0.95, seed := 0" in run(capsys, monkeypatch, "mixes", "list")[1]
    assert run(capsys, monkeypatch, "mixes", "show", "t2i")[1].startswith("-- t2i: dense captions")
    assert run(capsys, monkeypatch, "mixes", "show", "../texts")[0] == 2


def test_mixes_are_macros_of_a_release(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, built: Path
) -> None:
    query = "select count(*) as n, count(distinct image_id) as images from mix('dalle3', seed := 2)"
    _, out, _ = run(capsys, monkeypatch, "sql", query, "--lake", built, "--format", "json")
    assert json.loads(out) == [{"n": 276, "images": 276}]
