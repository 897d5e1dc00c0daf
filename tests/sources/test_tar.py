import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from dataset_build.sources.rows import Row, Sidecar
from dataset_build.sources.tar import tar_rows


def rows_of(data: bytes, folder: Path) -> list[Row]:
    path = folder / "x.tar"
    path.write_bytes(data)
    with path.open("rb") as file:
        return list(tar_rows("x.tar", file))


def statuses(data: bytes, folder: Path) -> list[tuple[str | None, str | None, str | None]]:
    return [(row.member, row.status, row.reason) for row in rows_of(data, folder)]


def archive(*members: tuple[str, bytes, dict[str, Any]], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as tar:
        for name, content, header in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in header.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_members_of_a_key_go_together_in_the_order_of_the_archive(tar_of: Any, tmp_path: Path) -> None:
    data = tar_of(
        {
            "a.txt": "tags",
            "b.jpg": b"B",
            "a.jpg": b"AA",
            "a.json": "{}",
            "a.seg.png": b"S",
            "b.cls": "3",
            "d/a.webp": b"D",
        }
    )
    texts = (Sidecar("txt", "x.tar", 512, 4), Sidecar("json", "x.tar", 3584, 2))
    assert rows_of(data, tmp_path) == [
        Row("x.tar", "b.jpg", 1536, 1, sidecars=(Sidecar("cls", "x.tar", 5632, 1),)),
        Row("x.tar", "a.jpg", 2560, 2, sidecars=texts),
        Row("x.tar", "a.seg.png", 4608, 1, sidecars=texts),
        Row("x.tar", "d/a.webp", 6656, 1),
    ]
    assert data[2560:2562] == b"AA"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_odd_names_in_every_format(form: int, tmp_path: Path) -> None:
    name = f"{'folder/' * 20}é.jpg"
    row, last = rows_of(archive((name, b"bytes", {}), ("z.jpg", b"z", {}), format=form), tmp_path)
    assert (row.member, row.size, row.status, last.member) == (name, 5, None, "z.jpg")


def test_names_that_are_not_text(tmp_path: Path) -> None:
    data = archive(("caf\udce9.jpg", b"1", {}), format=tarfile.GNU_FORMAT)
    assert [row.member for row in rows_of(data, tmp_path)] == ["caf\ufffdE9.jpg"]


def test_folders_and_global_headers_are_no_members(tmp_path: Path) -> None:
    data = archive(("d", b"", {"type": tarfile.DIRTYPE}), ("d/a.jpg", b"1", {}), pax_headers={"comment": "é" * 100})
    assert [row.member for row in rows_of(data, tmp_path)] == ["d/a.jpg"]


@pytest.mark.parametrize(
    ("name", "header", "reason"),
    [
        ("../evil.jpg", {}, "a name that leads out of the archive"),
        ("a/../../evil.jpg", {}, "a name that leads out of the archive"),
        ("..\\evil.jpg", {}, "a name that leads out of the archive"),
        ("/etc/passwd", {}, "a name that leads out of the archive"),
        ("C:/evil.jpg", {}, "a name that leads out of the archive"),
        ("a.jpg", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a symbolic link"),
        ("a.jpg", {"type": tarfile.LNKTYPE, "linkname": "../x"}, "a hard link"),
        ("a.jpg", {"type": tarfile.CHRTYPE}, "a device"),
        ("a.jpg", {"type": tarfile.BLKTYPE}, "a device"),
        ("a.jpg", {"type": tarfile.FIFOTYPE}, "a pipe"),
        ("a.jpg", {"type": b"V"}, "a special file"),
        ("a.jpg", {"pax_headers": {"GNU.sparse.major": "1"}}, "a sparse file"),
        ("a.txt", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a symbolic link"),
    ],
)
def test_members_that_are_not_safe_are_refused(name: str, header: dict[str, Any], reason: str, tmp_path: Path) -> None:
    data = archive((name, b"", header), ("good.jpg", b"1", {}))
    assert statuses(data, tmp_path) == [(name, "unsafe_member", reason), ("good.jpg", None, None)]


def test_a_sparse_member_of_gnu_with_a_long_map_is_refused_and_passed_over(tmp_path: Path) -> None:
    member = tarfile.TarInfo("holes.jpg")
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 512
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1
    header[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(header))[0]
    more, last = bytearray(512), bytes(512)
    more[504] = 1
    data = bytes(header) + bytes(more) + last + b"x" * 512 + archive(("good.jpg", b"1", {}))
    assert statuses(data, tmp_path) == [("holes.jpg", "unsafe_member", "a sparse file"), ("good.jpg", None, None)]


def test_a_link_with_a_size_holds_no_bytes(tmp_path: Path) -> None:
    link = tarfile.TarInfo("a.jpg")
    link.type, link.linkname, link.size = tarfile.LNKTYPE, "b.jpg", 4096
    data = link.tobuf(tarfile.USTAR_FORMAT) + archive(("good.jpg", b"1", {}))
    assert statuses(data, tmp_path) == [("a.jpg", "unsafe_member", "a hard link"), ("good.jpg", None, None)]


def test_a_name_with_a_nul_cannot_be_used(tmp_path: Path) -> None:
    data = archive(("x", b"1", {"pax_headers": {"path": "a\0.jpg"}}), format=tarfile.PAX_FORMAT)
    assert statuses(data, tmp_path) == [("a\ufffd00.jpg", "unsafe_member", "a member without a usable name")]


def test_members_of_one_name_are_told_apart(tmp_path: Path) -> None:
    data = archive(("a.jpg", b"1", {}), ("a.jpg", b"22", {}), ("a.jpg", b"333", {}))
    assert [(row.member, row.size) for row in rows_of(data, tmp_path)] == [
        ("a.jpg", 1),
        ("a.jpg@1536", 2),
        ("a.jpg@2560", 3),
    ]


def test_a_text_without_an_image(tar_of: Any, tmp_path: Path) -> None:
    data = tar_of({"a.txt": "x", "b.jpg": b"1"})
    assert statuses(data, tmp_path) == [("a.txt", "not_an_image", "a text without an image"), ("b.jpg", None, None)]


@pytest.mark.parametrize(
    ("cut", "reason"),
    [
        (0, "bad header at byte 0: empty header"),
        (100, "bad header at byte 0: truncated header"),
        (1024, None),
        (1124, "bad header at byte 1024: truncated header"),
        (1536, "cut off inside a member, at byte 1536"),
        (2047, "cut off inside a member, at byte 2047"),
        (2560, None),
    ],
)
def test_a_truncated_archive_gives_what_came_before(cut: int, reason: str | None, tmp_path: Path) -> None:
    data = archive(("a.jpg", b"1", {}), ("b.jpg", b"2" * 600, {}))
    members = [(name, None, None) for name, end in (("a.jpg", 1024), ("b.jpg", 2560)) if cut >= end]
    assert statuses(data[:cut], tmp_path) == [*members, *([(None, "broken_archive", reason)] if reason else [])]


def test_damage_in_the_middle_gives_what_came_before(tmp_path: Path) -> None:
    data = bytearray(archive(("a.jpg", b"1", {}), ("b.jpg", b"2", {}), ("c.jpg", b"3", {})))
    data[1024:1030] = b"damage"
    assert statuses(bytes(data), tmp_path) == [
        ("a.jpg", None, None),
        (None, "broken_archive", "bad header at byte 1024: bad checksum"),
    ]


@pytest.mark.parametrize(
    ("extended", "reason"),
    [
        (b"nonsense", "bad pax header"),
        (b"0 \n", "bad pax header"),
        (b"99 path=a\n", "bad pax header"),
        (b"12 size=abc\n", "bad size in an extended header"),
        (b"11 size=-1\n", "bad size in an extended header"),
        (b"x" * (2**20 + 1), "an extended header of 1048577 bytes, at byte 512"),
    ],
)
def test_bad_extended_headers(extended: bytes, reason: str, tmp_path: Path) -> None:
    data = archive(("x", extended, {"type": tarfile.XHDTYPE}), ("a.jpg", b"1", {}))
    assert statuses(data, tmp_path) == [(None, "broken_archive", reason)]


def test_a_size_beyond_the_archive_is_never_read(tmp_path: Path) -> None:
    data = archive(("a.jpg", b"1", {"pax_headers": {"size": "999999999999"}}), format=tarfile.PAX_FORMAT)
    assert [status for _, status, _ in statuses(data, tmp_path)] == ["broken_archive"]


def test_an_archive_without_members(tar_of: Any, tmp_path: Path) -> None:
    assert statuses(tar_of({}), tmp_path) == [(None, "empty", "an archive without members")]


def test_real_shards(shared_data: Path) -> None:
    folder = shared_data / "clip_retrieval_tests"
    found = []
    for path in sorted((folder / "test_tars").iterdir()):
        with path.open("rb") as file:
            for row in tar_rows(path.name, file):
                assert row.offset is not None
                assert row.size is not None
                file.seek(row.offset)
                assert row.member is not None
                assert file.read(row.size) == (folder / "test_images" / row.member).read_bytes()
                found.append((row.uri, row.member, row.status))
    assert found == [
        ("image1.tar", "123_456.jpg", None),
        ("image1.tar", "208_495.jpg", None),
        ("image1.tar", "321_421.jpg", None),
        ("image1.tar", "389_535.jpg", None),
        ("image2.tar", "416_264.jpg", None),
        ("image2.tar", "456_123.jpg", None),
        ("image2.tar", "524_316.jpg", None),
        ("image3.tar", "123_456.jpg", None),
        ("image3.tar", "208_495.jpg", None),
        ("image4.tar", "321_421.jpg", None),
        ("image4.tar", "389_535.jpg", None),
    ]
