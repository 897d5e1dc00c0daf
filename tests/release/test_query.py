import csv
import io
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dataset_build.release.errors import BadQuery
from dataset_build.release.query import as_json, render_rows, run_sql
from dataset_build.release.reader import Release


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def as_rows(release: Release, query: str) -> Any:
    return json.loads(render_rows(run_sql(release, query), "json"), parse_constant=refuse_constant)


def test_json_is_one_object_per_row(release: Release) -> None:
    text = render_rows(run_sql(release, "select uri, width, tags from images order by uri"), "json")
    assert text == (
        '[{"uri": "cats/a.jpg", "width": 640, "tags": ["tabby", "cat"]},\n'
        ' {"uri": "shards/0.tar", "width": 640, "tags": []}]\n'
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'nan'::double", None),
        ("'-inf'::float", None),
        ("1.5::decimal(4, 1)", 1.5),
        ("170141183460469231731687303715884105727::hugeint", 170141183460469231731687303715884105727),
        ("sum(1)", 1),
        ("'\\x00\\xFF'::blob", "00ff"),
        ("date '2026-01-02'", "2026-01-02"),
        ("timestamp '2026-01-02 03:04:05.5'", "2026-01-02T03:04:05.500000"),
        ("timestamptz '2026-01-02 03:04:05+00'", "2026-01-02T03:04:05+00:00"),
        ("interval 90 seconds", 90.0),
        ("uuid '00000000-0000-0000-0000-00000000000f'", "00000000-0000-0000-0000-00000000000f"),
        ("map {1: [0.5::double, 'inf']}", {"1": [0.5, None]}),
        ("{'a': {'b': true}}", {"a": {"b": True}}),
        ("null", None),
        ("'quote \" and 猫 ' || chr(10)", 'quote " and 猫 \n'),
    ],
)
def test_json_values(release: Release, expression: str, value: object) -> None:
    release.sql("set timezone = 'UTC'")
    assert as_rows(release, f"select {expression} as x") == [{"x": value}]


def test_every_duckdb_type_is_valid_in_every_format(release: Release) -> None:
    rows = as_rows(release, "from test_all_types()")
    assert len(rows) == 3
    assert set(rows[2].values()) == {None}
    columns = len(rows[0])
    text = render_rows(run_sql(release, "from test_all_types()"), "csv")
    assert [len(line) for line in csv.reader(io.StringIO(text, newline=""))] == [columns] * 4
    assert "3 rows" in render_rows(run_sql(release, "from test_all_types()"), "table")


def test_as_json_of_decimals_that_are_no_numbers() -> None:
    assert as_json([Decimal("NaN"), Decimal("0.1"), math.nan]) == [None, 0.1, None]


def test_repeated_names_are_numbered_in_json(release: Release) -> None:
    assert as_rows(release, "select 1 as a, 2 as a_1, 3 as a, 4 as a") == [{"a": 1, "a_1": 2, "a_2": 3, "a_3": 4}]


def test_csv_is_rfc_4180(release: Release) -> None:
    query = """
        select 'a,"b"' as "x,y", null as n, [1, 2] as l, true as t, 'two' || chr(10) || 'lines' as s, 0.5::double as d
    """
    assert render_rows(run_sql(release, query), "csv") == (
        '"x,y",n,l,t,s,d\n"a,""b""",,"[1, 2]",true,"two\nlines",0.5\n'
    )


@pytest.mark.parametrize(("form", "text"), [("json", "[]\n"), ("csv", "uri\n")])
def test_no_rows(release: Release, form: Any, text: str) -> None:
    assert render_rows(run_sql(release, "select uri from images where false"), form) == text


def test_a_table_without_rows_shows_its_columns(release: Release) -> None:
    assert "uri" in render_rows(run_sql(release, "select uri from images where false"))


@pytest.mark.parametrize("query", ["", "  -- nothing", "set threads = 1"])
@pytest.mark.parametrize(("form", "text"), [("json", "[]\n"), ("csv", "\n"), ("table", "")])
def test_statements_without_rows(release: Release, query: str, form: Any, text: str) -> None:
    assert render_rows(run_sql(release, query), form) == text


def test_table_is_for_reading(release: Release) -> None:
    query = "select reason, count(*) as n from rejects where stage = 'duplicate' group by 1 order by 1"
    assert render_rows(run_sql(release, query)).splitlines() == [
        "┌────────────────┬───────┐",
        "│     reason     │   n   │",
        "│    varchar     │ int64 │",
        "├────────────────┼───────┤",
        "│ near_duplicate │     1 │",
        "│ same_bytes     │     1 │",
        "└────────────────┴───────┘",
    ]


def test_table_keeps_to_the_width_and_says_what_it_leaves_out(release: Release) -> None:
    lines = render_rows(
        run_sql(release, "from images where width > 1 and member is null"), "table", width=80
    ).splitlines()
    assert max(map(len, lines)) <= 80
    assert "35 columns" in lines[-1]
    lines = render_rows(run_sql(release, "from range(1000)")).splitlines()
    assert len(lines) < 120
    assert [line.strip() for line in lines[-2:]] == ["1000 rows", "(100 shown)"]


def test_table_cannot_steer_the_terminal(release: Release) -> None:
    text = render_rows(run_sql(release, "select chr(27) || '[31m' || chr(155) || chr(8238) || chr(13) as x"))
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\r"}


def test_printed_rows_come_from_the_text_alone(release: Release, capsys: pytest.CaptureFixture[str]) -> None:
    render_rows(run_sql(release, "from images"))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from imagse", "Catalog Error: Table with name imagse does not exist! Did you mean"),
        ("selec 1", 'Parser Error: syntax error at or near "selec"'),
        ("select caption::int from images", "Conversion Error: Could not convert string 'A tabby cat.' to INT32"),
        ("select caption + 1 from images", "Binder Error: No function matches the given name and argument types"),
        ("delete from images", 'Invalid Input Error: Cannot execute statement of type "DELETE"'),
        ("create table x as select 1", 'Invalid Input Error: Cannot execute statement of type "CREATE"'),
        ("select $1", "Binder Error: Unexpected prepared parameter."),
        ("select '\udcff'", "the query isn't valid UTF-8"),
    ],
)
def test_bad_queries_have_one_line(release: Release, query: str, message: str) -> None:
    with pytest.raises(BadQuery) as error:
        run_sql(release, query)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
    assert "LINE 1" not in str(error.value)
    assert "Candidate" not in str(error.value)


def test_copy_writes_what_it_says(release: Release, tmp_path: Path) -> None:
    target = tmp_path / "reasons.csv"
    assert run_sql(release, f"copy (select 1 as a) to '{target}'") is None
    assert target.read_text() == "a\n1\n"
