"""Real, odd and hostile files, where they lie beside the checkout."""

import csv
from collections import Counter
from pathlib import Path

import pytest

BROKEN = {"truncated.jpg", "test_config.yaml", "two_dim_image.npy"}


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("folder", ["skimage_data", "rapidocr_tests", "imagehash_tests", "datajuicer_tests"])
def test_good_images_are_ok(measure, shared_data, folder):
    for path in files(shared_data / folder):
        row = measure(path.read_bytes())
        assert (row["status"] == "ok") == (path.name not in BROKEN), (path.name, row["reason"])


def fits(status, row):
    """Whether a file's status is the one listed, or as expected where none is."""
    if row["status"]:
        return status == row["status"]
    return (status == "ok") != (row["expected"] == "fails")


def test_pillows_own_test_images(measure, shared_data):
    """Each file that Pillow's tests load or open is ok, each that they expect to fail is not, but for those listed."""
    with (Path(__file__).parent / "pillow_tests.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    folder = shared_data / "pillow_tests"
    assert [row["file"] for row in rows] == sorted(path.relative_to(folder).as_posix() for path in files(folder))
    measured = {row["file"]: measure((folder / row["file"]).read_bytes()) for row in rows}
    wrong = [row["file"] for row in rows if not fits(measured[row["file"]]["status"], row)]
    assert wrong == []
    assert all(row["reason"] for row in measured.values() if row["status"] != "ok")


def test_each_difference_from_pillows_tests_has_its_reason():
    with (Path(__file__).parent / "pillow_tests.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(bool(row["status"]) == bool(row["reason"]) for row in rows)
    assert Counter(row["expected"] for row in rows) == {"loads": 693, "fails": 96, "opens": 59, "untested": 24}
