"""What is read from vocabulary files, and what is reported instead of guessed."""

from collections import Counter
from pathlib import Path

import pytest

from dataset_build.tags.vocabulary import Kind, VocabularyError, read_vocabulary


def read(text: str | bytes, kind: Kind = "tagcomplete") -> list[tuple[object, ...]]:
    data = text.encode() if isinstance(text, str) else text
    rows = read_vocabulary(data, kind).to_pylist()
    return [(r["line"], r["kind"], r["tag"], r["target"], r["category"], r["reason"]) for r in rows]


def reasons(text: str | bytes, kind: Kind = "tagcomplete") -> list[tuple[object, object]]:
    return [(row[2], row[5]) for row in read(text, kind) if row[5]]


def test_names_have_categories_counts_and_aliases() -> None:
    table = read_vocabulary(b'long_hair,0,4350743,"/lh,Longhair"\nwlop,1,2,\n')
    assert table.column("posts").to_pylist() == [4350743, None, None, 2]
    assert table.column("written").to_pylist() == ["long_hair", "/lh", "Longhair", "wlop"]
    assert read('long_hair,0,4350743,"/lh,Longhair"\nwlop,1,2,\n') == [
        (1, "name", "long_hair", None, "general", None),
        (1, "alias", "/lh", "long_hair", None, None),
        (1, "alias", "longhair", "long_hair", None, None),
        (2, "name", "wlop", None, "artist", None),
    ]


def test_category_codes_are_those_of_the_site() -> None:
    danbooru = read("a,0,1,\nb,1,1,\nc,3,1,\nd,4,1,\ne,5,1,")
    assert [row[4] for row in danbooru] == ["general", "artist", "copyright", "character", "meta"]
    e621 = read("z,-1,1,\na,0,1,\nb,1,1,\nc,3,1,\nd,4,1,\ne,5,1,\nf,6,1,\ng,7,1,\nh,8,1,")
    assert [row[4] for row in e621] == [
        "invalid", "general", "artist", "copyright", "character", "species", "invalid", "meta", "lore",
    ]  # fmt: skip
    assert read_vocabulary(b"e,5,1,", site="e621").column("category").to_pylist() == ["species"]
    assert read("a,artist,1,") == [(1, "name", "a", None, "artist", None)]


def test_quoted_names_and_odd_counts() -> None:
    assert read('"""honest""_john",4,Quality tag,,') == [(1, "name", '"honest"_john', None, "character", None)]


def test_an_alias_of_several_tags_or_that_is_a_name_is_reported_and_never_used() -> None:
    text = 'tail,0,9,"tails,Two Tails"\nmultiple_tails,0,1,"tails,two_tails"\nhat,0,5,tail\n'
    assert reasons(text) == [
        ("tails", "several_tags"),
        ("two_tails", "several_tags"),
        ("tails", "several_tags"),
        ("two_tails", "several_tags"),
        ("tail", "is_a_name"),
    ]


def test_repeated_and_contradicting_statements_are_reported() -> None:
    assert reasons("hat,0,5,Hat\nhat,0,4,\nHat,0,1,") == [
        ("hat", "of_itself"),
        ("hat", "repeated"),
        ("hat", "repeated"),
    ]
    assert reasons("hat,0,5,\nhat,4,4,\nok,0,1,") == [("hat", "several_categories"), ("hat", "several_categories")]


def test_tables_of_aliases_and_implications() -> None:
    assert read("hires,highres\n", "aliases") == [(1, "alias", "hires", "highres", None, None)]
    export = "id,antecedent_name,consequent_name,created_at,status\n1,red_hat,hat,x,active\n2,a,b,x,deleted\n"
    assert read(export, "implications") == [
        (2, "implication", "red_hat", "hat", None, None),
        (3, "implication", "a", "b", None, "not_active"),
    ]


def test_circles_are_reported() -> None:
    assert reasons("a,b\nb,c\nc,a\nx,a\nself,self", "aliases") == [
        ("a", "cycle"), ("b", "cycle"), ("c", "cycle"), ("self", "of_itself"),
    ]  # fmt: skip
    assert reasons("a,b\nb,a\nb,c\nself,self", "implications") == [
        ("a", "cycle"), ("b", "cycle"), ("self", "of_itself"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'"open,0,1,', "not_csv"),
        (b"\xff\xfe_not,0,1,", "not_utf8"),
        (b"nul\0tag,0,1,", "control_characters"),
        (b"alone", "too_few_columns"),
        (b"x" * 201 + b",0,1,", "too_long"),
        (b"\x01\x02,0,1,", "nothing_left"),
        (b"what,99,1,", "unknown_category"),
        (b'"' + b"y" * 200_000 + b'",0,1,', "too_long"),
        (b"name,0,1," + b"y," * 100_000, "too_long"),
    ],
)
def test_a_bad_line_is_reported_and_spoils_no_other(line: bytes, reason: str) -> None:
    rows = read(b"before,0,1,\n" + line + b"\nafter,0,1,\n")
    assert [row[2] for row in rows if row[5] is None] == ["before", "after"]
    assert [(row[0], row[5]) for row in rows if row[5]] == [(2, reason)]


def test_the_longest_tag_fits() -> None:
    assert read("x" * 200 + ",0,1,")[0][2:] == ("x" * 200, None, "general", None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_tell_the_encoding(encoding: str) -> None:
    assert read("初音ミク,4,1,miku\r\n".encode(encoding))[0][2] == "初音ミク"


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (b"", "tagcomplete", "no usable line among 0: expected name,category,count,aliases"),
        (b"\x89PNG\r\n\x1a\n\0\0", "tagcomplete", "no usable line among"),
        (b"just a text\n", "implications", "no usable line among 1: expected antecedent,consequent"),
        (b"antecedent_name,consequent_name\na,b\n", "tagcomplete", "say --kind aliases or --kind implications"),
    ],
)
def test_a_file_without_a_statement_is_an_error_of_one_line(data: bytes, kind: Kind, message: str) -> None:
    with pytest.raises(VocabularyError, match=message) as error:
        read(data, kind)
    assert "\n" not in str(error.value)


def test_the_whole_of_danbooru(shared_data: Path) -> None:
    table = read_vocabulary((shared_data / "tags" / "danbooru.csv").read_bytes())
    counts = Counter((row["kind"], row["reason"]) for row in table.select(["kind", "reason"]).to_pylist())
    assert counts["name", None] == 140_782
    assert counts["alias", "is_a_name"] == 108
    several = {r["tag"] for r in table.select(["tag", "reason"]).to_pylist() if r["reason"] == "several_tags"}
    assert len(several) == 36
    assert sum(counts[kind, reason] for kind, reason in counts if kind == "alias") == 30_276
