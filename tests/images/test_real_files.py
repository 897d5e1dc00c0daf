"""Real, odd and hostile files, where they lie beside the checkout."""

from collections import Counter

import pytest

BROKEN = {"truncated.jpg", "test_config.yaml", "two_dim_image.npy"}


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("folder", ["skimage_data", "rapidocr_tests", "imagehash_tests", "datajuicer_tests"])
def test_good_images_are_ok(measure, shared_data, folder):
    for path in files(shared_data / folder):
        row = measure(path.read_bytes())
        assert (row["status"] == "ok") == (path.name not in BROKEN), (path.name, row["reason"])


def test_pillows_own_test_images(measure, shared_data):
    rows = {path.name: measure(path.read_bytes()) for path in files(shared_data / "pillow_tests")}
    found = Counter(row["status"] for row in rows.values())
    assert found["ok"] >= 0.88 * found.total()
    assert found["unsupported_format"] == 10  # all of them EPS
    expected = {
        "truncated_jpeg.jpg": "truncated",
        "truncated_image.png": "truncated",
        "broken_data_stream.png": "undecodable",
        "broken.png": "undecodable",
        "decompression_bomb.gif": "too_many_pixels",
        "decompression_bomb.ico": "too_many_pixels",
        "png_decompression_dos.png": "undecodable",
        "reallybig.bmp": "too_many_pixels",
        "non_zero_bb.eps": "unsupported_format",
        "README.txt": "not_an_image",
        "junk_jpeg_header.jpg": "ok",
        "pil_sample_cmyk.jpg": "ok",
        "hopper.tar": "not_an_image",
    }
    assert {name: rows[name]["status"] for name in expected if name in rows} == {
        name: status for name, status in expected.items() if name in rows
    }
    assert all(row["reason"] for row in rows.values() if row["status"] != "ok")
