"""Opening untrusted image bytes: what an image says of itself before a pixel is decoded."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from dataset_build.config import ImageLimits
from dataset_build.images import formats, frames, integrity

_ORIENTATION = 274  # the tag's number in EXIF and TIFF
_PLAIN = ("JPEG", "PNG", "TIFF", "AVIF", "JPEG2000", "BMP", "PSD", "PPM")  # opening these allocates no pixels


class Unreadable(Exception):
    """An image that can't be used: its `status` as in the table image_facts, and the `reason` in words."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Header:
    """What is known without decoding; `image` is Pillow's, opened but not loaded."""

    image: Image.Image
    format: str
    mode: str
    size: tuple[int, int]  # width and height in pixels, as Pillow will load them
    frames: frames.Frames
    has_alpha: bool
    orientation: int

    @property
    def turn(self) -> int:
        """The orientation that is left to apply after loading: Pillow applies TIFF's itself."""
        return 1 if self.format == "TIFF" else self.orientation

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels as the image is to be seen."""
        return self.size[::-1] if self.turn > 4 else self.size


@contextmanager
def guarded(limits: ImageLimits) -> Iterator[None]:
    """Pillow without its warnings, and raising at images over `limits.max_pixels`, even inside of others.

    Both are settings of the whole process, so only one thread of it may decode.
    """
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = limits.max_pixels // 2  # Pillow warns above this and raises above twice this
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def open_image(data: bytes, limits: ImageLimits) -> Header:
    """Read the header, by content alone; call it `guarded`. Raises Unreadable, and MemoryError."""
    if not data:
        raise Unreadable("empty", "0 bytes")
    if len(data) > limits.max_bytes:
        raise Unreadable("too_many_bytes", f"{len(data)} bytes, the limit is {limits.max_bytes}")
    try:
        return _header(_open(data), data)
    except MemoryError:
        raise
    except Exception as error:
        raise _why_not(data, error) from error


def orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    bare = Image.Image()  # PngImageFile.getexif would decode the pixels
    bare.info = image.info
    try:
        value = (getattr(image, "tag_v2", None) or bare.getexif()).get(_ORIENTATION)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - broken EXIF doesn't make an image unusable
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _open(data: bytes) -> Image.Image:
    limit = Image.MAX_IMAGE_PIXELS
    try:
        return Image.open(io.BytesIO(data), formats=formats.allowed())
    except Image.DecompressionBombError:
        Image.MAX_IMAGE_PIXELS = None  # only to learn the size, against which the limit is held before decoding
        return Image.open(io.BytesIO(data), formats=[name for name in _PLAIN if name in formats.allowed()])
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _header(image: Image.Image, data: bytes) -> Header:
    return Header(
        image=image,
        format=str(image.format),
        mode=image.mode,
        size=image.size,
        frames=_frames(image, data),
        has_alpha=image.has_transparency_data,
        orientation=orientation(image),
    )


def _frames(image: Image.Image, data: bytes) -> frames.Frames:
    match image.format:
        case "GIF":
            return frames.gif(data)
        case "TIFF":
            return frames.tiff(data)
        case "PNG" if getattr(image, "is_animated", False):
            return frames.apng(data, int(getattr(image, "n_frames", 1)))
        case "PSD":  # Pillow's frames are the layers of one picture
            return frames.Frames(1, False)
    return frames.Frames(min(int(getattr(image, "n_frames", 1)), frames.MOST), False)


def _why_not(data: bytes, error: Exception) -> Unreadable:
    """Why no plugin opened the bytes."""
    name = formats.signature(data)
    unknown = isinstance(error, UnidentifiedImageError)
    if isinstance(error.__context__, Image.DecompressionBombError):
        return Unreadable("too_many_pixels", integrity.reason(error.__context__))
    if name and name not in formats.allowed():
        return Unreadable("unsupported_format", f"{name} is not read")
    if not name and (unknown or formats.is_text(data)):
        return Unreadable("not_an_image", "no image format is recognised")
    if _ends_early(data, name):
        return Unreadable("truncated", f"the {name or 'image'} header is cut off")
    if unknown:
        return Unreadable("undecodable", f"the {name} header makes no sense")
    reason = integrity.reason(error)
    return Unreadable(integrity.status(reason), reason)


def _ends_early(data: bytes, name: str | None) -> bool:
    """Whether reading the header runs past the end of the data."""
    if name == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    stream = _Stream(data)
    try:
        Image.open(stream, formats=[name] if name else formats.allowed())
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - it failed before
        return stream.ran_out
    return False


class _Stream(io.BytesIO):
    """Bytes that remember whether more of them were asked for than there are."""

    ran_out = False

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.ran_out |= size is not None and len(data) < size
        return data
