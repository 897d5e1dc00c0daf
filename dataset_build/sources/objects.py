"""An object of a bucket as an open file: read by ranges of bytes, few and large, as it is needed."""

import io
from collections.abc import Callable, Iterable

from dataset_build import watchdog
from dataset_build.sources.s3 import Part, Prefix, get

BLOCK = 8 * 2**20  # bytes that are asked for at once, at the most
NEAR = 2**18  # bytes asked for where it isn't known what will follow; and a gap that is read rather than asked around
HELD = 4  # blocks
FOOTER = 2**16  # bytes of the end of a Parquet file, which is read first
Range = tuple[int, int]  # the first byte, and the one after the last
Fetch = Callable[[], Part]


class ObjectFile(io.BufferedIOBase):
    """A few blocks of it are held, those that were read last: texts may lie far from their images.

    Where it is known which bytes will be read, a request brings all that lie together; else as much as was read before
    in one go, so that what is read from end to end takes few requests, and a leap brings little that isn't needed.
    """

    def __init__(self, place: Prefix, key: str, first: Fetch | None = None) -> None:
        self._place, self._key, self._first = place, key, first
        self._blocks: list[Part] = []
        self._spans: list[Range] = []
        self._at, self._ahead = 0, NEAR if is_archive(key) else BLOCK

    def expect(self, ranges: Iterable[Range]) -> None:
        """Say which bytes will be read."""
        self._spans = together(ranges)

    @property
    def size(self) -> int:
        """Bytes of the object."""
        return self._known().size

    @property
    def modified(self) -> int:
        """Modification time of the object, ns since 1970."""
        return self._known().modified

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The byte that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte; nothing is asked for."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}[whence] if whence != io.SEEK_END else self.size
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, or all to the end. Raises UnreadableError and BucketError."""
        pieces = []
        end = self.size if size is None or size < 0 else min(self._at + size, self.size)
        while self._at < end:
            block = self._block(end - self._at)
            piece = block.data[self._at - block.start : end - block.start]
            pieces.append(piece)
            self._at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        """Some bytes, at the most `size`."""
        return self.read(size if size >= 0 else NEAR)

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill a buffer as far as there are bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _known(self) -> Part:
        """The block that was read last; the first where there is none."""
        if not self._blocks:
            with watchdog.paused():
                self._blocks = [self._first() if self._first else get(self._place, self._key, *self._opening())]
        return self._blocks[-1]

    def _block(self, asked: int) -> Part:
        """The block with the byte that is read next, of which so many are wanted."""
        held = next((block for block in self._blocks if block.start <= self._at < block.end), None)
        if held:
            self._blocks.remove(held)
        self._blocks = [*self._blocks[1 - HELD :], held or self._fetch(self._known(), asked)]
        return self._blocks[-1]

    def _opening(self) -> tuple[int, int]:
        if self._at == 0 and not self._spans and self._key.lower().endswith(".parquet"):
            return -FOOTER, FOOTER
        return self._at, self._span() or self._ahead

    def _fetch(self, before: Part, asked: int) -> Part:
        follows = 0 <= self._at - before.end <= self._ahead
        self._ahead = min(2 * self._ahead, BLOCK) if follows else NEAR
        with watchdog.paused():
            length = min(self._span() or max(asked, self._ahead), BLOCK)
            return get(self._place, self._key, self._at, length, before.etag)

    def _span(self) -> int:
        """Bytes from here to where what is expected has its next gap; 0 where nothing is."""
        end = next((end for start, end in self._spans if start <= self._at < end), self._at)
        return min(end - self._at, BLOCK)


def is_archive(name: str) -> bool:
    """Whether only parts of a file are wanted at a time; all others are read whole."""
    return name.lower().endswith((".tar", ".parquet"))


def together(ranges: Iterable[Range]) -> list[Range]:
    """The ranges in order, those with but a small gap between them as one."""
    spans: list[Range] = []
    for start, end in sorted(ranges):
        if spans and start - spans[-1][1] <= NEAR:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
