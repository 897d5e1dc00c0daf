"""A row on its way into an export, and what its image is called there."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

Row = dict[str, Any]  # columns: see sql/exports/rows.sql
Mode = Literal["embed", "copy", "reference"]

EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "TIFF": "tif", "JPEG2000": "jp2"}  # others are called as Pillow names them
# What travels with every image where a format has room for it; the release's README.md says what each means.
DETAILS = (
    "image_id", "kind", "recipe", "model", "caption_id", "alt_text", "tag_string", "rating", "width", "height",
    "format", "source", "source_id", "url", "license",
)  # fmt: skip


class Missing(NamedTuple):
    """Why an image is left out of an export."""

    reason: str
    detail: str


class Images(Protocol):
    """Where the images of a release are read from."""

    def read(self, rows: Sequence[Row]) -> Iterator[bytes | Missing]:
        """The bytes of each row's image, lazily, a bounded number of bytes at a time."""
        ...

    def path(self, row: Row) -> str | Missing:
        """The absolute path of the file that holds nothing but the image."""
        ...

    def taken_down(self, version: str) -> Mapping[str, str]:
        """The images of a release that may not be given out any more, nor what is known of them, and why."""
        ...


@dataclass(frozen=True)
class Sample:
    """One image of an export with its text."""

    row: Row
    data: bytes | None = None  # the image, where the format writes it
    path: str | None = None  # where it lies: in reference mode the original, otherwise inside the export

    @property
    def image_id(self) -> str:
        """Sha256 of the image's bytes, hex."""
        return str(self.row["image_id"])

    @property
    def text(self) -> str:
        """What the mix chose; it has at least one visible character."""
        return str(self.row["text"])

    @property
    def file(self) -> str:
        """What the image is called: its id, which is the hash of its bytes, and the extension of its format."""
        return f"{self.image_id}.{extension(self.row['format'])}"

    def said(self, kind: str) -> str | None:
        """The image's text of a kind: short, long, alt …; null where it has none."""
        return next((each["text"] for each in self.row["texts"] or () if each["kind"] == kind), None)

    def details(self) -> Row:
        """The columns that travel with the image."""
        return {name: self.row[name] for name in DETAILS}


def extension(image_format: str) -> str:
    """The usual extension of a format as Pillow names it, without the dot; letters and digits only, whatever it is."""
    return EXTENSIONS.get(image_format, "".join(filter(str.isalnum, image_format.lower())))


def one_line(text: str) -> str:
    """A text for formats of one line per text: all white space becomes single spaces, control characters go."""
    return " ".join("".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc").split())
