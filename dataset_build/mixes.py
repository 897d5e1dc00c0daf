"""Mixes: which text each image of a release is given, as SQL files of their own and as macros."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dataset_build.errors import UserError
from dataset_build.queries import SQL_DIR, load_query

DEFAULT = "caption"
FUNCTIONS = {
    "draw": "draw(image, seed): a number from 0 to 1, always the same for them.",
    "clip_tokens": "clip_tokens(text): about how many tokens CLIP makes of a text.",
    "sentences": "sentences(text): the sentences of a text, a list.",
}


class BadMix(UserError):
    """No such mix, or no such parameter."""


@dataclass(frozen=True)
class Mix:
    """A file sql/mixes/<name>.sql: it ranks the texts of each image, and the text of the lowest rank is taken.

    Draws hash the image id and a seed, so an image's draw never changes when others come or go, and a growing share
    only adds to those it had.
    """

    name: str
    doc: str
    text: str
    defaults: Mapping[str, float]

    @property
    def arguments(self) -> str:
        """Its parameters with their defaults, as in a macro's head: `share := 0.95, seed := 0`."""
        return ", ".join(f"{name} := {value:g}" for name, value in self.defaults.items())


def mixes() -> list[Mix]:
    """All mixes, by name."""
    return [load_mix(path.stem) for path in sorted((SQL_DIR / "mixes").glob("*.sql"))]


def load_mix(name: str) -> Mix:
    """The mix of that name. Raises BadMix, which lists the names there are."""
    names = sorted(path.stem for path in (SQL_DIR / "mixes").glob("*.sql"))
    if name not in names:
        raise BadMix(f"no mix {name!r}; there are: {', '.join(names)}")
    text = load_query(f"mixes/{name}").text
    doc = " ".join(line.removeprefix("-- ") for line in text.split("-- inputs:")[0].strip().split("\n"))
    return Mix(name, doc.removeprefix(f"{name}: "), text, _defaults(text))


def _defaults(text: str) -> dict[str, float]:
    line = re.search(r"^-- defaults: (.+)$", text, re.M)
    pairs = (each.split() for each in line.group(1).split(",")) if line else ()
    return {name: _number(value) for name, value in pairs}


def _number(text: str) -> float:
    number = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def parameters(mix: Mix, settings: Iterable[str]) -> dict[str, float]:
    """The mix's parameters with `name=value` settings over the defaults. Raises BadMix."""
    given = dict(mix.defaults)
    for setting in settings:
        name, _, value = map(str.strip, setting.partition("="))
        if name not in given:
            there = f"it has {', '.join(given)}" if given else "it has none"
            raise BadMix(f"mix {mix.name} has no parameter {name!r}; {there}")
        try:
            given[name] = _number(value)
        except ValueError:
            raise BadMix(f"{name} is a number, not {value!r}") from None
    return given


def statements() -> Iterator[str]:
    """What makes `from mix_dalle3(share := 0.9)` and `from mix('dalle3')` work in a database of a release's tables."""
    yield f"create view texts as {load_query('exports/texts').text}"
    yield from macros()


def macros(temporary: bool = False) -> Iterator[str]:
    """The macros alone, which read the table or view `texts`; temporary: for one connection, before any of the file."""
    create = "create or replace temp macro" if temporary else "create or replace macro"
    yield (SQL_DIR / "exports" / "functions.sql").read_text("utf-8").replace("create or replace macro", create)
    for mix in mixes():
        yield f"{create} mix_{mix.name}({mix.arguments}) as table {_rows(mix)}"
    each = (f"from mix_{mix.name}({_seed(mix)}) where name = '{mix.name}'" for mix in mixes())
    yield f"{create} mix(name, seed := 0) as table {' union all '.join(each)}"


def comments() -> Iterator[str]:
    """What the database says about them."""
    yield "comment on view texts is 'texts: every text that an image may be given, by kind.'"
    for name, doc in FUNCTIONS.items():
        yield f"comment on macro {name} is {_literal(doc)}"
    for mix in mixes():
        yield f"comment on macro table mix_{mix.name} is {_literal(f'mix_{mix.name}({mix.arguments}): {mix.doc}')}"
    yield "comment on macro table mix is 'mix(name, seed := 0): a text for each image, as that mix chooses it.'"


def _rows(mix: Mix) -> str:
    """A macro's body: one text per image. A macro's parameters are names, a query's are $names."""
    ranked = re.sub(r"\$(\w+)", r"\1", mix.text)
    return f"with ranked as ({ranked}) {load_query('exports/picked').text}"


def _literal(text: str) -> str:
    """DDL takes no bound parameters."""
    return "'" + text.replace("'", "''") + "'"


def _seed(mix: Mix) -> str:
    return "seed := seed" if "seed" in mix.defaults else ""
