"""From bytes to clean text and clean JSON values, whatever they hold; and back to compact JSON."""

import codecs
import json
import math
import re
from typing import Any

MAX_RECORD = 4 * 2**20  # bytes; a longer text or record is not read
SURROGATE = re.compile("[\ud800-\udfff]")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class NotARecordError(ValueError):
    """Text that isn't JSON, with the cause in words."""


def decode(data: bytes) -> tuple[str, str | None]:
    """Text of a file, and a remark when its encoding had to be guessed: UTF-8, or what its byte order mark says.

    Line ends become newlines; NULs are taken out.
    """
    encoding = next((name for mark, name in BOMS if data.startswith(mark)), "utf-8")
    try:
        text, remark = data.decode(encoding), None
    except UnicodeDecodeError:
        text, remark = data.decode("latin-1"), f"not valid {encoding.upper()}, read as Latin-1"
    return clean_text(text).replace("\r\n", "\n").replace("\r", "\n"), remark


def clean_text(text: str) -> str:
    """The text without NULs, and with U+FFFD for lone surrogates, so that every table can hold it."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else SURROGATE.sub("\ufffd", text)


def parse_json(data: str | bytes) -> Any:
    """The value of a JSON text, cleaned. Raises NotARecordError."""
    try:
        return clean(json.loads(decode(data)[0] if isinstance(data, bytes) else data))
    except RecursionError:
        raise NotARecordError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotARecordError(f"not JSON: {error.msg} at character {error.pos}") from None
    except ValueError:
        raise NotARecordError("not JSON: a number of too many digits") from None


def clean(value: Any) -> Any:
    """A value that strict JSON can hold: clean texts, no NaN or infinity; what JSON doesn't know becomes text."""
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean_text(str(key)): clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    return None if isinstance(value, bytes) else clean_text(str(value))


def compact(value: Any) -> str:
    """A clean value as JSON: sorted keys, no spaces, letters of every script as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
