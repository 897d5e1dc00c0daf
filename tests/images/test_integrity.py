import pytest

from dataset_build.images import integrity


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("Corrupt JPEG data: 2 extraneous bytes before marker 0xdb", None),
        ("Corrupt JPEG data: 2 extraneous bytes before marker 0xc0", None),
        ("Corrupt JPEG data: 2 extraneous bytes before marker 0xc2", None),
        ("Corrupt JPEG data: 16 extraneous bytes before marker 0xe1", None),
        ("Corrupt JPEG data: 1 extraneous bytes before marker 0xfe", None),
        ("Corrupt JPEG data: 1 extraneous bytes before marker 0xdd", None),
        ("Warning: unknown JFIF revision number 3.01", None),
        ("Corrupt JPEG data: bad ICC marker", None),
        ("tjDecompressHeader3(): Could not determine subsampling level of JPEG image", None),
        ("Corrupt JPEG data: 2 extraneous bytes before marker 0xc4", "undecodable"),
        ("Corrupt JPEG data: 2 extraneous bytes before marker 0xda", "undecodable"),
        ("Corrupt JPEG data: 1214 extraneous bytes before marker 0xd0", "undecodable"),
        ("Corrupt JPEG data: 40 extraneous bytes before marker 0xd9", "undecodable"),
        ("Corrupt JPEG data: premature end of data segment", "undecodable"),
        ("Corrupt JPEG data: bad Huffman code", "undecodable"),
        ("Premature end of JPEG file", "truncated"),
    ],
)
def test_marker_rule(message, status):
    assert integrity.strict_jpeg(message) == status


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("image file is truncated (7 bytes not processed)", "truncated"),
        ("not enough image data", "truncated"),
        ("Truncated File Read", "truncated"),
        ("unpack requires a buffer of 4 bytes", "truncated"),
        ("broken data stream when reading image file", "undecodable"),
        ("decoder error -2", "undecodable"),
        ("a neoform", "undecodable"),
    ],
)
def test_status_of_a_complaint(message, status):
    assert integrity.status(message) == status


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("broken data\nTraceback"), "broken data"),
        (ValueError("<_io.BytesIO object at 0x7f3a12bc90> is bad"), "<_io.BytesIO object at 0x…> is bad"),
        (KeyError("gamma"), "KeyError 'gamma'"),
        (ValueError(), "ValueError"),
        (OSError("odd \x07 \udcff sign"), "odd ? ? sign"),
        (OSError("a b" + "c" * 900), "a b" + "c" * 197),
    ],
)
def test_reasons_are_plain_and_the_same_every_time(error, reason):
    assert integrity.reason(error) == reason
