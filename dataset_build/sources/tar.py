"""Members of a plain tar archive: where their bytes lie in it. Nothing is unpacked.

Formats: ustar, GNU (long names) and pax, as in POSIX.1-2001 and the GNU tar manual. A header walk of our own,
because `tarfile` ends in silence at a damaged header and keeps every member in memory.
"""

import tarfile
from collections import defaultdict
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from dataset_build.sources.files import size_of
from dataset_build.sources.names import split
from dataset_build.sources.rows import Row, Sidecar
from dataset_build.sources.uris import to_uri

BLOCK = tarfile.BLOCKSIZE
MAX_HEADER = 2**20  # bytes of an extended header
PAX, GNU_NAME, GNU_LINK, GLOBAL = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE), b"L", b"K", tarfile.XGLTYPE
ROLES = {"txt": "txt", "caption": "caption", "json": "json", "cls": "cls"}
REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
BARE = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
SPARSE_MORE, EXTENSION_MORE = 482, 504  # bytes that say whether another block of GNU's sparse map follows
KINDS = {
    tarfile.SYMTYPE: "symbolic link",
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
    tarfile.GNUTYPE_SPARSE: "sparse file",
}


class Member(NamedTuple):
    """A member's name as text, where its bytes lie, and why they must not be read, if so."""

    name: str
    offset: int
    size: int
    refusal: str | None


class BrokenArchiveError(Exception):
    """An archive that can't be read on, with the cause in words."""


def tar_rows(uri: str, file: BinaryIO) -> Iterator[Row]:
    """Rows for the members of an archive, in their order; texts go to the images of the same key (webdataset).

    A key is the path up to the first dot of the file name. Links, devices, sparse files and names that lead out
    of the archive get the status unsafe_member. A damaged archive gives the members before the damage and one
    row, without member, for itself.
    """
    members: list[Member] = []
    broken = None
    try:
        members.extend(walk_tar(file))
    except BrokenArchiveError as error:
        broken = str(error)
    yield from _member_rows(uri, members)
    if broken:
        yield Row(uri, status="broken_archive", reason=broken)
    elif not members:
        yield Row(uri, status="empty", reason="an archive without members")


def walk_tar(file: BinaryIO) -> Iterator[Member]:
    """Every member but folders, in order. Raises BrokenArchiveError at damage, after the members before it."""
    end, position = size_of(file), 0
    extended: dict[str, str] = {}
    while header := _header(file, position, end):
        start = _data_start(file, position, header)
        size = 0 if header.type in BARE else _size(extended.get("size"), header.size)
        position = start + -(-size // BLOCK) * BLOCK
        if start + size > end:
            raise BrokenArchiveError(f"cut off inside a member, at byte {end}")
        if header.type in (*PAX, GNU_NAME, GNU_LINK):
            extended |= _extension(file, header.type, start, size)
            continue
        if header.type not in (tarfile.DIRTYPE, GLOBAL):
            name = extended.get("path", header.name)
            yield Member(to_uri(name).replace("\0", "�00"), start, size, _refusal(name, header.type, extended))
        extended = {}


def _member_rows(uri: str, members: list[Member]) -> Iterator[Row]:
    texts: dict[str, list[Sidecar]] = defaultdict(list)
    pictured = {_key(m.name) for m in members if not (m.refusal or _role(m.name))}
    for member in members:
        if (role := _role(member.name)) and not member.refusal:
            texts[_key(member.name)].append(Sidecar(role, uri, member.offset, member.size))
    names: set[str] = set()
    for member in members:
        key, is_text = _key(member.name), _role(member.name) is not None
        if is_text and key in pictured and not member.refusal:
            continue
        row = Row(uri, _unused(member, names), member.offset, member.size)
        if member.refusal:
            yield row._replace(status="unsafe_member", reason=member.refusal)
        elif is_text:
            yield row._replace(status="not_an_image", reason="a text without an image")
        else:
            yield row._replace(sidecars=tuple(texts[key]))


def _unused(member: Member, names: set[str]) -> str:
    """The member's name; with its place in the archive where an earlier member has the same."""
    name = member.name
    while name in names:
        name += f"@{member.offset}"
    names.add(name)
    return name


def _key(name: str) -> str:
    folder, base = split(name)
    return folder + (base.partition(".")[0] or base)


def _role(name: str) -> str | None:
    base = split(name)[1]
    return ROLES.get(base.rpartition(".")[2].lower()) if base.rfind(".") > 0 else None


def _header(file: BinaryIO, position: int, end: int) -> tarfile.TarInfo | None:
    """The header at a position; None at the end of the archive."""
    file.seek(position)
    block = file.read(BLOCK)
    if not block.strip(b"\0") and (len(block) == BLOCK or position == end > 0):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError) as error:
        raise BrokenArchiveError(f"bad header at byte {position}: {error}") from None
    if header.size < 0:
        raise BrokenArchiveError(f"bad header at byte {position}: negative size")
    return header


def _data_start(file: BinaryIO, position: int, header: tarfile.TarInfo) -> int:
    """Where a member's bytes begin: after its header and the rest of its sparse map, if it has one."""
    more, at = SPARSE_MORE, position
    while header.type == tarfile.GNUTYPE_SPARSE:
        file.seek(at + more)
        if file.read(1) in (b"\0", b""):
            break
        more, at = EXTENSION_MORE, at + BLOCK
    return at + BLOCK


def _size(extended: str | None, plain: int) -> int:
    if extended is None:
        return plain
    if not (extended.isascii() and extended.isdigit() and len(extended) < 19):
        raise BrokenArchiveError("bad size in an extended header")
    return int(extended)


def _extension(file: BinaryIO, kind: bytes, start: int, size: int) -> dict[str, str]:
    """What an extended header says about the member after it."""
    if size > MAX_HEADER:
        raise BrokenArchiveError(f"an extended header of {size} bytes, at byte {start}")
    file.seek(start)
    data = file.read(size)
    if kind in PAX:
        return dict(_pax_records(data))
    return {"path": _text(data.partition(b"\0")[0])} if kind == GNU_NAME else {}


def _pax_records(data: bytes) -> Iterator[tuple[str, str]]:
    """The `length key=value` lines of a pax header."""
    while data:
        digits = data[:20].partition(b" ")[0]
        length = int(digits) if digits.isdigit() else 0
        record = data[len(digits) + 1 : length]
        if not record.endswith(b"\n") or length > len(data):
            raise BrokenArchiveError("bad pax header")
        key, _, value = record[:-1].partition(b"=")
        yield _text(key), _text(value)
        data = data[length:]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _refusal(name: str, kind: bytes, extended: dict[str, str]) -> str | None:
    parts = name.replace("\\", "/").split("/")
    if not name or "\0" in name:
        return "a member without a usable name"
    if parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        return "a name that leads out of the archive"
    if any(key.startswith("GNU.sparse") for key in extended):
        return "a sparse file"
    return None if kind in REGULAR else f"a {KINDS.get(kind, 'special file')}"
