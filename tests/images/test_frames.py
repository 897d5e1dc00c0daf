import io
import struct

import pytest
from PIL import Image

from dataset_build.config import ImageLimits
from dataset_build.images import frames
from dataset_build.images.frames import Frames
from dataset_build.images.header import guarded


@pytest.fixture
def gif(scene, encode):
    pictures = [scene(40, 30, seed) for seed in range(3)]
    return encode(pictures[0], "GIF", save_all=True, append_images=pictures[1:], comment=b"a comment")


def test_gif(gif):
    assert frames.gif(gif) == Frames(3, cut=False)
    assert frames.gif(gif + b"more") == Frames(3, cut=False)


def test_gif_without_its_last_byte_is_whole(gif):
    assert frames.gif(gif[:-1]) == Frames(3, cut=False)


def test_gif_that_ends_in_a_frame_is_cut(gif):
    assert frames.gif(gif[:-3]) == Frames(3, cut=True)
    assert frames.gif(gif[:40]).cut


def test_tiff_in_both_byte_orders_and_sizes(scene, encode):
    pictures = [scene(16, 16, seed) for seed in range(4)]
    for options in ({}, {"big_tiff": True}):
        data = encode(pictures[0], "TIFF", save_all=True, append_images=pictures[1:], **options)
        assert frames.tiff(data) == Frames(4, cut=False)
    assert frames.tiff(b"MM\x00*" + struct.pack(">IHI", 8, 0, 0)) == Frames(1, cut=False)


def test_tiff_chain_that_bites_its_tail_or_leaves_the_file():
    assert frames.tiff(b"II*\x00" + struct.pack("<IHIHI", 8, 0, 14, 0, 8)) == Frames(2, cut=False)
    assert frames.tiff(b"II*\x00" + struct.pack("<IHI", 8, 0, 999)) == Frames(1, cut=False)
    assert frames.tiff(b"II+\x00" + struct.pack("<HHQ", 8, 0, 2**63)) == Frames(1, cut=False)


def test_the_count_ends():
    frame = b"," + bytes(9) + b"\x02\x00"
    endless = b"GIF89a" + bytes(7) + frame * (frames.MOST + 10)
    assert frames.gif(endless) == Frames(frames.MOST, cut=False)


@pytest.mark.parametrize("suffix", ["gif", "tif", "tiff"])
def test_as_pillow_counts(shared_data, suffix):
    compared = 0
    for path in sorted((shared_data / "pillow_tests").rglob(f"*.{suffix}")):
        data = path.read_bytes()
        count = frames.gif if suffix == "gif" else frames.tiff
        try:
            with guarded(ImageLimits()):
                expected = Image.open(io.BytesIO(data), formats=["GIF", "TIFF"]).n_frames
        except (OSError, ValueError, TypeError, Image.DecompressionBombError):  # broken ones
            continue
        if path.name != "test_extents_transparency.gif":  # a second GIF follows the first
            compared += 1
            assert count(data).number == expected, path.name
    assert compared >= 20
