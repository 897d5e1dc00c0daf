from typing import Any

import pytest

from dataset_build.sources.decoding import NotARecordError, clean, compact, decode, parse_json


@pytest.mark.parametrize(
    ("data", "text", "remark"),
    [
        ("été".encode(), "été", None),
        ("été".encode("utf-8-sig"), "été", None),
        (b"\xff\xfe" + "été".encode("utf-16-le"), "été", None),
        (b"\xfe\xff" + "été".encode("utf-16-be"), "été", None),
        (b"\xff\xfe\0\0" + "été".encode("utf-32-le"), "été", None),
        ("été".encode("latin-1"), "été", "not valid UTF-8, read as Latin-1"),
        (b"\xff\xfea", "ÿþa", "not valid UTF-16, read as Latin-1"),
        (b"a\0b\r\nc\rd", "ab\nc\nd", None),
        (b"", "", None),
    ],
)
def test_texts_in_every_encoding(data: bytes, text: str, remark: str | None) -> None:
    assert decode(data) == (text, remark)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "x\\u0000y\\ud800"}', {"a": "xy\ufffd"}),
        ('"\\ud83d\\ude00"', "😀"),
        ("[NaN, Infinity, -Infinity, 1e999, 1.5]", [None, None, None, None, 1.5]),
        ("[true, null, 12345678901234567890]", [True, None, 12345678901234567890]),
    ],
)
def test_json_values_are_clean(text: str, value: Any) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize("text", ["", "{", '{"a": 1,}', "1" * 5000, "[" * 100_000, "[" * 600 + "]" * 600])
def test_what_is_no_json_is_told_in_words(text: str) -> None:
    with pytest.raises(NotARecordError, match=r"^(not JSON: .+|nested too deeply)$"):
        parse_json(text)


def test_what_json_does_not_know_becomes_text_or_nothing() -> None:
    assert clean({1: (b"x", {3}.__class__)}) == {"1": [None, "<class 'set'>"]}


def test_compact_is_sorted_and_keeps_letters() -> None:
    assert compact({"b": 1, "a": "é"}) == '{"a":"é","b":1}'
