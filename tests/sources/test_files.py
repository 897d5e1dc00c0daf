import os
from pathlib import Path

import pytest

from dataset_build.sources.files import opened, walk
from dataset_build.sources.uris import UnreadableError, to_path, to_uri


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        (b"a.jpg", "a.jpg"),
        ("夏の海.jpg".encode(), "夏の海.jpg"),
        (b"caf\xe9.jpg", "caf\ufffdE9.jpg"),
        (b"\xff\xfe", "\ufffdFF\ufffdFE"),
        ("\ufffdE9.jpg".encode(), "\ufffdEF\ufffdBF\ufffdBDE9.jpg"),
    ],
)
def test_every_name_becomes_text_and_comes_back(name: bytes, uri: str) -> None:
    assert to_uri(os.fsdecode(name)) == uri
    assert os.fsencode(to_path(uri)) == name


def test_walk_lists_files_and_links_but_follows_no_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/x.jpg").write_bytes(b"123")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to("a/b/x.jpg")
    (tmp_path / "nothing.jpg").symlink_to("absent")
    os.mkfifo(tmp_path / "pipe")
    sizes = {uri: size for uri, size, _ in walk(tmp_path)}
    assert sizes == {"a/b/x.jpg": 3, "loop": 0, "link.jpg": 3, "nothing.jpg": 0, "pipe": 0}


def test_a_folder_that_cannot_be_listed_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open/x.jpg").touch()
    (tmp_path / "locked").mkdir()
    real = os.scandir

    def guarded(folder: Path) -> object:
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    assert sorted(uri for uri, _, _ in walk(tmp_path)) == ["locked/", "open/x.jpg"]


@pytest.mark.parametrize(
    ("uri", "status", "reason"),
    [
        ("absent.jpg", "vanished", "it is not there any more, or is a link to nothing"),
        ("dangling", "vanished", "it is not there any more, or is a link to nothing"),
        ("outside", "outside_source", "a link that leaves the source folder"),
        ("way_out/secret", "outside_source", "a link that leaves the source folder"),
        ("../secret", "outside_source", "a link that leaves the source folder"),
        ("folder", "unreadable", "a folder, pipe or device, not a file; links to folders are not followed"),
        ("pipe", "unreadable", "a folder, pipe or device, not a file; links to folders are not followed"),
        ("loop", "unreadable", "OSError: Too many levels of symbolic links"),
    ],
)
def test_only_regular_files_inside_the_root_are_opened(tmp_path: Path, uri: str, status: str, reason: str) -> None:
    root = tmp_path / "source"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (root / "outside").symlink_to("../secret")
    (root / "way_out").symlink_to("..")
    (root / "dangling").symlink_to("absent")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    with pytest.raises(UnreadableError) as error, opened(root, uri):
        pass
    assert (error.value.status, error.value.reason) == (status, reason)


def test_a_link_within_the_root_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("inside")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with opened(tmp_path, "b") as file:
        assert file.read() == b"inside"


def test_a_failing_disk_is_a_reason_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("inside")
    with pytest.raises(UnreadableError) as error, opened(tmp_path, "a"):
        raise OSError(5, "Input/output error", "/secret/path")
    assert (error.value.status, error.value.reason) == ("unreadable", "OSError: Input/output error")
