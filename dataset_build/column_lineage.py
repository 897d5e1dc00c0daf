"""Which columns a query's columns are made from, read out of the SQL itself."""

from functools import cache

from dataset_build.queries import RULE_FAILURES, is_view, load_query
from dataset_build.schemas import LAKE_TABLES

DROPS = {"drop": "text", "source": "text", "sequence": "bigint"}

Columns = dict[str, list[tuple[str, str]]]  # by column, the (table, column) pairs that it is made from


@cache
def column_sources(name: str) -> Columns:
    """For each column of sql/<name>.sql the columns of the lake's tables that its values come from.

    Views are followed to their tables; what only filters or joins doesn't count. A column that is made from none, such
    as a constant or a count, is absent. A query that sqlglot can't follow has none: it is for the UI to draw, and no
    reason for a build to fail.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    views = {view: _sql(view) for view in sorted(_views(name))}
    read = {each for query in (name, *views) for each in load_query(query).inputs}
    tables = {table.name: dict.fromkeys(table.schema.names, "text") for table in LAKE_TABLES if table.name in read}
    schema = {**tables, "drops": DROPS}
    try:
        nodes = lineage(None, _sql(name), schema, sources=views, dialect="duckdb", trim_selects=False)
    except SqlglotError:
        return {}
    sources: Columns = {}
    for column, node in nodes.items():
        leaves = [each for each in node.walk() if not each.downstream and isinstance(each.expression, exp.Table)]
        found = {(each.expression.name, each.name.rpartition(".")[2]) for each in leaves}
        if known := sorted((table, each) for table, each in found if each in tables.get(table, ())):
            sources[column] = known
    return sources


def _views(name: str) -> set[str]:
    """The views that a query is made from, and those that these are."""
    direct = {each for each in load_query(name).inputs if each != RULE_FAILURES and is_view(each)}
    return direct.union(*map(_views, direct))


def _sql(name: str) -> str:
    """A query without its header, in which a semicolon is prose."""
    return "\n".join(line for line in load_query(name).text.splitlines() if not line.lstrip().startswith("--"))
