"""The command line as a user meets it: what it prints, where, and with which exit code."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from dataset_build.config import Config
from dataset_build.release.reader import open_release
from dataset_build.sample import Sample
from resources.lake import Lake
from tests.bucket import copied, lake_at
from tests.pictures import put
from tests.shell import Shell

QUERY = "select reason, count(*) as images from rejects group by 1 order by 1"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["init"],
        ["sample"],
        ["build"],
        ["status"],
        ["explain"],
        ["sql"],
        ["ui"],
        ["release"],
        ["drop"],
        ["source"],
        ["takedown"],
        ["override"],
        ["annotations"],
    ],
)
def test_help_teaches(run: Shell, command: list[str]) -> None:
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert "Usage: dataset-build" in out
    if command in ([], ["build"], ["explain"], ["sql"]):
        assert "Example" in out


def test_sql_agrees_with_plain_duckdb(run: Shell, built: Path) -> None:
    code, out, _ = run("sql", QUERY, "--lake", built, "--format", "json")
    with duckdb.connect(str(open_release("1", built).database), read_only=True) as connection:
        expected = connection.sql(QUERY).to_arrow_table().to_pylist()
    assert code == 0
    assert json.loads(out) == expected
    assert {"reason": "near_duplicate", "images": 18} in expected


def test_sql_as_csv_and_as_a_table(run: Shell, built: Path) -> None:
    _, text, _ = run("sql", QUERY, "--lake", built, "--format", "csv")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["reason", "images"]
    assert ["blurred", "6"] in rows
    _, table, _ = run("sql", QUERY, "--lake", built)
    assert "│ blurred" in table


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sql", "select 1", "--lake", "none"], 2, "no release in none: `dataset-build build --source DIR"),
        (["build", "--source", "none"], 2, "give --source a folder of images"),
        (["build", "--lake", "new"], 2, "knows no source yet; give --source a folder of images"),
        (["build", "--source", ".", "--release", "../x"], 2, "a release can't be called '../x'"),
        (
            ["build", "--source", ".", "--config", "x.toml"],
            2,
            "x.toml: No such file or directory; `dataset-build init`",
        ),
        (["drop", "remove", "x"], 2, "no drop 'x'; there are: none"),
    ],
)
def test_what_a_user_can_mend_is_one_line_that_names_the_fix(
    run: Shell, arguments: list[str], code: int, message: str
) -> None:
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert message in err
    assert err.strip().splitlines()[-1].startswith("error: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "selec 1"], "syntax error"),
        (["sql", "drop table images"], "read-only"),
        (["sql", "select 1", "--release", "7"], "no release '7'"),
        (["explain", "nowhere.jpg"], "no image or file 'nowhere.jpg' in release 1"),
        (["build", "--release", "1"], "release '1' exists and never changes; choose another version"),
    ],
)
def test_mistakes_with_a_release_are_one_line_too(run: Shell, built: Path, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments, "--lake", built)
    assert code == 2
    assert message in err


def test_a_wrong_option_is_refused(run: Shell, built: Path) -> None:
    code, out, err = run("sql", "select 1", "--lake", built, "--format", "xml")
    assert (code, out) == (2, "")
    assert "'xml' is not one of" in err


def test_explain_tells_the_story_of_a_duplicate(run: Shell, built: Path) -> None:
    query = "select uri from rejects where reason = 'same_pixels' limit 1"
    _, text, _ = run("sql", query, "--lake", built, "--format", "csv")
    code, out, _ = run("explain", text.splitlines()[1], "--lake", built)
    assert code == 0
    assert "left out of release 1" in out
    assert "duplicate: same_pixels" in out
    assert "duplicate of" in out


def test_explain_tells_the_story_of_a_kept_image(run: Shell, built: Path) -> None:
    _, csv_text, _ = run(
        "sql", "select image_id, caption from images order by 1 limit 1", "--lake", built, "--format", "csv"
    )
    image_id, caption = list(csv.reader(io.StringIO(csv_text)))[1]
    _, out, _ = run("explain", image_id[:12], "--lake", built)
    assert image_id in out
    assert "kept" in out
    assert caption[:30] in out


def test_status_and_lists(run: Shell, built: Path, sample: Sample) -> None:
    _, status, _ = run("status", "--lake", built)
    assert "6 drops, 0 waiting to be read" in status
    assert "latest release: 1 (276 images)" in status
    assert str(sample.root) in status
    _, drops, _ = run("drop", "list", "--lake", built)
    assert "scrape.danbooru" in drops
    _, releases, _ = run("release", "list", "--lake", built)
    assert "276" in releases
    _, shown, _ = run("release", "show", "--lake", built)
    assert "near_duplicate 18" in shown
    assert "images.parquet" in shown


def test_init_writes_the_settings_once(run: Shell) -> None:
    assert run("init")[0] == 0
    assert "min_side = 200" in Path("dataset.toml").read_text()
    code, _, err = run("init")
    assert code == 2
    assert "dataset.toml exists" in err


def test_build_prints_the_funnel_and_then_that_nothing_changed(run: Shell, tmp_path: Path) -> None:
    put(tmp_path / "scrape/a.png", seed=1, text="red hat")
    (tmp_path / "scrape/b.jpg").write_bytes(b"")
    code, out, _ = run("build", "--source", "scrape")
    assert code == 0
    assert "empty 1" in out
    assert "release 1: 1 images in" in out
    code, out, _ = run("build")
    assert (code, out.strip()) == (0, "nothing has changed since release 1; no release was made")


def test_a_release_that_kept_nothing_for_want_of_texts_says_what_to_do(run: Shell, tmp_path: Path) -> None:
    put(tmp_path / "scrape/a.png", seed=1)
    code, out, _ = run("build", "--source", "scrape")
    assert code == 0
    assert "1 images have no text to make a caption from" in out


def test_drops_can_be_removed_and_restored(run: Shell, tmp_path: Path) -> None:
    put(tmp_path / "scrape/a.png", seed=1, text="red hat")
    run("build", "--source", "scrape")
    assert "removed scrape.loose" in run("drop", "remove", "scrape.loose")[1]
    assert "removed" in run("drop", "list")[1]
    assert "restored scrape.loose" in run("drop", "restore", "scrape.loose")[1]


def test_sources_can_be_moved_and_forgotten(run: Shell, tmp_path: Path) -> None:
    put(tmp_path / "scrape/a.png", seed=1, text="red hat")
    run("build", "--source", "scrape")
    (tmp_path / "scrape").rename(tmp_path / "moved")
    code, _, err = run("build")
    assert code == 1
    assert "dataset-build source move" in err
    assert "lies in" in run("source", "move", "scrape", "moved")[1]
    assert "nothing has changed" in run("build")[1]
    assert str(tmp_path / "moved") in run("source", "list")[1].replace("\n", "")
    assert "forgot scrape" in run("source", "forget", "scrape")[1]
    assert run("source", "list")[1] == ""


def test_ctrl_c_keeps_what_was_finished(tmp_path: Path) -> None:
    for number in range(400):
        put(tmp_path / f"scrape/{number:03}.png", seed=number, text="red", size=(640, 480))
    lake = lake_at(tmp_path / "lake")
    command = [sys.executable, "-c", "from dataset_build.cli import main; main()", "build", "--source", "scrape"]
    environment = {**os.environ, "DAGSTER_HOME": str(tmp_path / "dagster"), "DATASET_BUILD_LAKE": str(lake)}
    (tmp_path / "dagster").mkdir()
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    piece = Lake(lake, Config()).piece("occurrences", "scrape.loose")
    while not list(piece.folder.glob("units/*.parquet")):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; what was finished is kept, run the same command to go on" in err
    assert "Traceback" not in err
    assert piece.version is None
    assert len(list(piece.folder.glob("units/*.parquet"))) >= 1


def test_releases_are_made_tagged_and_rolled_back(run: Shell, tmp_path: Path) -> None:
    put(tmp_path / "scrape/a.png", seed=1, text="red hat")
    assert "nothing has been read into" in run("release", "create")[2]
    run("build", "--source", "scrape", "--notes", "the first")
    code, out, err = run("release", "create")
    assert (code, out) == (1, "")
    assert "error: release 1 has the same content; nothing was published" in err
    (tmp_path / "dataset.toml").write_text("[captions]\nmax_tags = 1")
    code, out, _ = run("release", "create", "2026.11.20", "--notes", "fewer [words]")
    assert (code, "release 2026.11.20: 1 images in" in out) == (0, True)
    assert run("release", "tag", "production", "1")[1] == "production is release 1\n"
    assert run("release", "rollback", "1")[1] == "latest was release 2026.11.20, and is release 1\n"
    rows = [line.split("│")[1:-1] for line in run("release", "list")[1].splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["1", "1", "latest production", "1", "0", rows[0][5].strip(), "", "the first"],
        ["2", "2026.11.20", "", "1", "0", rows[1][5].strip(), "1", "fewer [words]"],
    ]
    assert "release 1, created" in run("release", "show", "production")[1]
    (tmp_path / "dataset.toml").unlink()
    assert "release 3: 1 images in" in run("build")[1]  # which holds the captions of release 2026.11.20 besides
    (tmp_path / "dataset.toml").write_text("[captions]\nmax_tags = 1")
    for _ in range(2):
        assert run("build")[1] == "the content is that of release 2026.11.20; no release was made\n"


def test_what_people_say_and_what_becomes_of_a_release(run: Shell, built: Path, tmp_path: Path) -> None:
    lake = copied(built, tmp_path / "lake")
    assert run("release", "verify", "--all")[:2] == (0, "sound: 1\n")
    image, url, uri = next(csv.reader(run("sql", ONE_WITH_URL, "--format", "csv")[1].splitlines()[1:]))
    code, out, _ = run("takedown", "add", "--url", url, "--reason", "asked [bold]nicely[/bold]")
    assert (code, out.splitlines()[0]) == (0, "take-down 1: 1 images of the lake")
    assert "release 1 holds 1; `dataset-build release purge 1`" in out
    listed = run("takedown", "list")[1]
    assert "asked [bold]nicely[/bold]" in listed
    assert "1 (1)" in listed
    cells = [line.split("│")[3].strip() for line in listed.splitlines() if line.startswith("│")]
    assert "".join(cells) == url
    assert run("override", "reject", image[:12], "--reason", "x")[1] == f"reject {image}; the next release follows\n"
    (tmp_path / "a.csv").write_text(f"path,caption\n{uri},Mine.\nnowhere.png,X.\n")
    code, out, err = run("annotations", "import", "a.csv")
    assert (code, out) == (1, "1 captions are new, 0 were known, 1 lines could not be used\n")
    assert err == "a.csv:3: path 'nowhere.png' fits no images\n"
    assert "release 2 stands for it, without 1 images" in run("release", "purge", "latest")[1]
    assert "release 1 was purged at" in run("explain", uri, "--release", "1")[2]
    assert "asked [bold]nicely[/bold]" in run("explain", uri)[1]
    assert run("release", "verify", "--all")[:2] == (0, "sound: 1, 2\n")
    with (lake / "releases/2/tags.parquet").open("ab") as file:
        file.write(b"x")
    code, out, err = run("release", "verify")
    assert (code, out.startswith("2: tags.parquet: can't be read")) == (1, True)
    assert "error: not as the manifest says: 2" in err


ONE_WITH_URL = """
    select image_id, url, uri from images
    where url is not null and duplicates = 0 and member is null order by image_id limit 1
"""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["takedown", "add", "--reason", "x"], "give one of --image, --phash, --source-id, --url"),
        (["takedown", "add", "--reason", " ", "--source-id", "7"], "give a reason"),
        (["takedown", "lift", "7", "--reason", "x"], "no take-down 7 is in force"),
        (["override", "keep", "nowhere.png", "--reason", "x"], "no image 'nowhere.png' in"),
        (["annotations", "import", "no.csv"], "no file no.csv"),
        (["release", "tag", "p"], "give a version, or --delete"),
        (["release", "purge", "1"], "release 1 holds no image that is taken down"),
        (["release", "verify", "7"], "no release '7' in"),
        (["release", "create", "../x"], "a release can't be called '../x'"),
        (["release", "create", "latest"], "that is a tag, which moves"),
    ],
)
def test_mistakes_about_releases_are_said(run: Shell, built: Path, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments, "--lake", built)
    assert code == 2
    assert message in err
