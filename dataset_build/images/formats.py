"""Which image formats are read, and what a file that none of them opens is, judged by its content alone."""

import importlib.util
import re
from functools import cache

from PIL import Image, features

# Pillow's plugins that decode in memory, with bounded work, from pixels in the file. Left out: EPS and WMF (they
# run other programs), FITS and SPIDER (measurements; unbounded gzip before Pillow 13), IPTC (opens its contents
# with every plugin), BUFR, GRIB, HDF5, MPEG (stubs). Formats that Pillow recognises by weak signs come last.
_SAFE = (
    "JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "JXL", "JPEG2000", "BMP", "DIB", "PSD", "QOI", "DDS", "SGI", "ICO",
    "ICNS", "CUR", "PPM", "XVTHUMB", "SUN", "BLP", "FTEX", "MSP", "PIXAR", "MCIDAS", "PCD", "XPM", "XBM", "GBR",
    "DCX", "PCX", "FLI", "IM", "IMT", "TGA",
)  # fmt: skip
_CODECS = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}  # as PIL.features names them

_SIGNATURES = (
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"GIF8[79]a", "GIF"),
    (rb"RIFF....WEBP", "WEBP"),
    (rb"II[*+]\x00|MM\x00[*+]", "TIFF"),
    (rb"....ftypavi[fs]", "AVIF"),
    (rb"\x00\x00\x00\x0cjP  \r\n|\xff\x4f\xff\x51", "JPEG2000"),
    (rb"BM.{4}\x00\x00\x00\x00", "BMP"),
    (rb"8BPS", "PSD"),
    (rb"qoif", "QOI"),
    (rb"DDS ", "DDS"),
    (rb"\x00\x00\x01\x00[\x01-\xff]\x00", "ICO"),
    (rb"icns", "ICNS"),
    (rb"\x00\x00\x00\x0cJXL \r\n|\xff\x0a", "JXL"),
    (rb"....ftyp(?:hei[cxms]|hev[cx]|mi[af]f|m[is]f1)", "HEIF"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "EPS"),
    (rb"%PDF-", "PDF"),
    (rb"\xd7\xcd\xc6\x9a|\x01\x00\x09\x00\x00[\x01\x03]|\x01\x00\x00\x00.{36} EMF", "WMF"),
    (rb"SIMPLE  =", "FITS"),
    (rb"gimp xcf", "XCF"),
    (rb"AT&TFORM", "DJVU"),
    (rb"v/1\x01", "EXR"),
    (rb"#\?RADIANCE|#\?RGBE", "HDR"),
    (rb"II\xbc\x01", "JXR"),
    (rb"BPG\xfb", "BPG"),
    (rb"FLIF", "FLIF"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--[^>]*-->\s*|<!DOCTYPE svg[^>]*>\s*)*<(?:svg:)?svg\b", "SVG"),
)
_HEAD = 4096  # bytes looked at
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@cache
def allowed() -> tuple[str, ...]:
    """The formats to open, as Pillow names them; those whose library is missing are left out."""
    Image.init()
    if importlib.util.find_spec("pillow_jxl"):
        importlib.import_module("pillow_jxl")  # registers JXL
    return tuple(f for f in _SAFE if f in Image.OPEN and (f not in _CODECS or features.check(_CODECS[f])))


def signature(data: bytes) -> str | None:
    """The image or page format that the first bytes announce, as Pillow names it; null for anything else."""
    head = data[:_HEAD]
    return next((name for pattern, name in _SIGNATURES if re.match(pattern, head, re.DOTALL)), None)


def is_text(data: bytes) -> bool:
    """Whether the file begins like a text: no control characters but white space and escape."""
    return not _CONTROL.search(data[:_HEAD])
