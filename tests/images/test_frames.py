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


@pytest.fixture
def apng(scene, encode):
    pictures = [scene(40, 30, seed) for seed in range(4)]
    return encode(pictures[0], "PNG", save_all=True, append_images=pictures[1:])


def chunks(data):
    """The chunks of a PNG, each whole."""
    at, found = 8, []
    while at < len(data):
        found.append(data[at : at + 12 + int.from_bytes(data[at : at + 4], "big")])
        at += len(found[-1])
    return found


def joined(parts):
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_apng(apng):
    assert frames.apng(apng, 4) == Frames(4, cut=False)
    assert frames.apng(apng + b"more", 4) == Frames(4, cut=False)


def test_apng_that_ends_early_is_cut(apng):
    for missing in (1, 12, 13, 500):
        assert frames.apng(apng[:-missing], 4) == Frames(4, cut=True)
    parts = chunks(apng)
    assert frames.apng(joined([*parts[:-3], parts[-1]]), 4).cut  # without the last frame


def test_apng_whose_frames_are_out_of_order(apng, measure):
    parts = chunks(apng)
    controls = [number for number, part in enumerate(parts) if part[4:8] == b"fcTL"]
    second, third = controls[1], controls[2]
    swapped = joined([*parts[:second], *parts[third : third + 2], *parts[second:third], *parts[third + 2 :]])
    twice = joined([*parts[: second + 1], *parts[second:]])
    number = iter(range(99))
    renumbered = joined(
        part[:8] + next(number).to_bytes(4, "big") + part[12:] if part[4:8] in (b"fcTL", b"fdAT") else part
        for part in chunks(twice)
    )
    assert frames.apng(renumbered, 4).disordered  # two controls in a row, though in sequence
    for data in (swapped, twice):
        assert frames.apng(data, 4).disordered
        row = measure(data)
        assert (row["status"], row["reason"]) == ("undecodable", "the frames are out of order")
    assert measure(apng)["status"] == "ok"
    row = measure(apng[:-500])
    assert (row["status"], row["reason"], row["frames"]) == ("truncated", "frame 4 is cut off", 4)


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
