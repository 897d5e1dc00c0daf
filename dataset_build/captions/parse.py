"""Answers read as what was asked for: text, lines, tags, a number, a choice, or JSON of a given form."""

import ast
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from dataset_build.sources.decoding import clean
from dataset_build.tags.fold import fold

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

LONGEST = 65536  # characters of an answer that is read as JSON
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.):])\s+")
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w]|\.\d)")
_QUOTES = {'"': '"', "“": "”", "'": "'", "«": "»"}


class Unparsable(ValueError):
    """The answer is not what was asked for."""


@dataclass(frozen=True)
class Parse(Generic[T]):
    """How an answer is read, and what a server that can constrain answers is told."""

    read: Callable[[str], T]
    schema: Mapping[str, Any] | None = None
    choices: tuple[str, ...] = ()


def text(answer: str) -> str:
    """The answer without the space, the fence or the quotes around the whole."""
    body = answer.strip()
    if fenced := _FENCE.fullmatch(body):
        body = fenced[1].strip()
    inner = body[1:-1]
    return inner.strip() if len(body) > 2 and _QUOTES.get(body[0]) == body[-1] and body[0] not in inner else body


def lines(answer: str) -> list[str]:
    """Its lines without bullets and numbers. Raises Unparsable when there is none."""
    found = [_BULLET.sub("", line).strip() for line in text(answer).splitlines()]
    found = [line for line in found if line]
    if not found:
        raise Unparsable("no line")
    return found


def tags(answer: str) -> list[str]:
    """Tags between commas or newlines, folded, each once. Raises Unparsable when there is none."""
    found = [fold(part) for line in lines(answer) for part in line.rstrip(".").split(",")]
    if not any(found):
        raise Unparsable("no tag")
    return list(dict.fromkeys(filter(None, found)))


def number(low: int, high: int) -> Parse[int]:
    """The first whole number of the answer; Unparsable when it has none or one out of range."""

    def read(answer: str) -> int:
        found = _NUMBER.search(answer)
        if not found or not low <= int(found[0][:9]) <= high:
            raise Unparsable(f"no number from {low} to {high}")
        return int(found[0])

    return Parse(read, choices=tuple(str(each) for each in range(low, high + 1)))


def choice(*choices: str) -> Parse[str]:
    """The choice that the answer begins with, whatever its case and the marks around it."""

    def read(answer: str) -> str:
        first = (re.findall(r"[^\W_]+", answer) or [""])[0].casefold()
        for each in choices:
            if each.casefold() == first:
                return each
        raise Unparsable(f"none of {', '.join(choices)}")

    return Parse(read, choices=choices)


def json_of(model: type[M]) -> Parse[M]:
    """A JSON object of the given form: fenced or not, amid prose, in single quotes; never a part of a cut-off one."""

    def read(answer: str) -> M:
        try:
            return model.model_validate(clean(_object(answer)))
        except ValidationError as error:
            raise Unparsable(
                "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            ) from error

    return Parse(read, schema=model.model_json_schema())


def texts_in(value: object) -> list[str]:
    """Every text in a parsed answer, at any depth."""
    match value:
        case str():
            return [value]
        case BaseModel():
            return texts_in(value.model_dump())
        case dict():
            return [text for each in value.values() for text in texts_in(each)]
        case list() | tuple():
            return [text for each in value for text in texts_in(each)]
        case _:
            return []


TEXT = Parse(text)
LINES = Parse(lines)
TAGS = Parse(tags)


def _object(answer: str) -> Any:
    """The first whole object in the answer, by JSON's rules or by Python's."""
    body = answer[:LONGEST]
    for fenced in _FENCE.finditer(body):
        if "{" in fenced[1]:
            body = fenced[1]
            break
    start = body.find("{")
    if start < 0:
        raise Unparsable("no object")
    try:
        return json.JSONDecoder(strict=False).raw_decode(body, start)[0]
    except (ValueError, RecursionError):
        return _python_object(body[start : body.rfind("}") + 1])


def _python_object(body: str) -> Any:
    try:
        return ast.literal_eval(body)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise Unparsable("not JSON, or cut off") from error
