import pytest
from PIL import Image

from dataset_build.images import formats


def test_the_formats_of_the_web_are_read_and_programs_are_not():
    allowed = formats.allowed()
    assert {"JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "BMP", "ICO", "JPEG2000"} <= set(allowed)
    assert not {"EPS", "WMF", "PDF", "FITS", "IPTC", "MPEG", "HDF5", "GRIB", "BUFR"} & set(allowed)
    assert set(allowed) <= set(Image.OPEN)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "BMP", "QOI", "DDS", "ICO"])
def test_signatures_of_what_is_read(scene, encode, name):
    assert formats.signature(encode(scene(32, 32).convert("RGBA" if name == "DDS" else "RGB"), name)) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xef\xbb\xbf  <!DOCTYPE svg PUBLIC 'x'>\n<svg:svg>", "SVG"),
        (b"<svgx>", None),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JXL"),
        (b"\xff\x0a\xf8\x55", "JXL"),
        (b"\xc5\xd0\xd3\xc6", "EPS"),
        (b"\x01\x00\x00\x00" + bytes(36) + b" EMF", "WMF"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"\x00\x00\x00\x20ftypisom", None),
        (b"", None),
    ],
)
def test_signatures_of_the_rest(head, name):
    assert formats.signature(head) == name


def test_text_is_told_from_data():
    assert formats.is_text("größe: 5\n\tщ".encode())
    assert not formats.is_text(b"BM\x00\x01")
