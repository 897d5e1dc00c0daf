"""What files are called in our tables, and the error of one that can't be read: the same for folders and buckets."""

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

MARK = "\ufffd"
MARKED_BYTE = re.compile("\ufffd([0-9A-F]{2})")
MARKED_LETTER = re.compile("\ufffd[0-7]")
NO_PATH = re.compile(r"^/|(?<=/)/|/$|(?<![^/])\.\.?(?![^/])|[\x00-\x1f\x7f]")

Opener = Callable[[str], AbstractContextManager[BinaryIO]]  # opens a file of a source by its uri


class UnreadableError(Exception):
    """A file that can't be read, with the status and reason that its row gets."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason

    def __str__(self) -> str:
        return self.reason


class UnansweredError(UnreadableError):
    """A file of which another try may get more."""


def to_uri(name: str) -> str:
    """A file name as valid text: each byte that is not UTF-8 becomes U+FFFD and two hex digits.

    U+FFFD itself is written in the same way, byte by byte, so that `to_path` gives every name back.
    """
    if name.isascii() or (MARK not in name and _is_text(name)):
        return name
    text = name.replace(MARK, os.fsencode(MARK).decode("ascii", "surrogateescape"))
    return "".join(f"{MARK}{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)


def to_path(uri: str) -> str:
    """The file name that `to_uri` wrote as text."""
    return MARKED_BYTE.sub(lambda match: chr(0xDC00 + int(match[1], 16)), uri) if MARK in uri else uri


def key_to_uri(key: str) -> str:
    """An object's key in the same form; what makes it no path is marked too, so that no uri leads anywhere else.

    That is an empty part, a dot or two for a part, a slash at either end, and control characters.
    """
    return NO_PATH.sub(lambda match: "".join(f"{MARK}{ord(letter):02X}" for letter in match[0]), to_uri(key))


def uri_to_key(uri: str) -> str:
    """The key that `key_to_uri` wrote as text."""
    name = "".join(chr(ord(c) - 0xDC00) if "\udc00" <= c <= "\udc7f" else c for c in to_path(uri))
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_unfit(uri: str) -> bool:
    """Whether `key_to_uri` found something in the key that makes it no path."""
    return MARKED_LETTER.search(uri) is not None


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
