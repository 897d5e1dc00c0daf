"""The queries in sql/: one per file, named after its result, its inputs and parameters stated in its header."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SQL_DIR = Path(__file__).parents[1] / "sql"
RULE_FAILURES = "rule_failures"  # what the chosen rules in sql/rules/ reject, put together by the lake


@dataclass(frozen=True)
class Query:
    """One SQL file. Values are bound as $name; inputs are tables, or views that have a file of their own."""

    name: str
    text: str
    inputs: tuple[str, ...]
    params: tuple[str, ...]


@cache
def load_query(name: str) -> Query:
    """Read sql/<name>.sql (a rule is rules/<name>), and its `-- inputs:` and `-- params:` header lines."""
    text = (SQL_DIR / f"{name}.sql").read_text("utf-8")
    return Query(name, text, _header(text, "inputs"), _header(text, "params"))


def is_query(name: str) -> bool:
    """Whether a table or view is made by a query."""
    return (SQL_DIR / f"{name}.sql").exists()


def is_view(name: str) -> bool:
    """A view is a query whose result is never stored; its header says so."""
    return is_query(name) and bool(re.search(r"^-- view$", load_query(name).text, re.M))


def _header(text: str, key: str) -> tuple[str, ...]:
    line = re.search(rf"^-- {key}: (.+)$", text, re.M)
    return tuple(line.group(1).replace(",", " ").split()) if line else ()
