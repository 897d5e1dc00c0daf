"""What mixes choose, over ten thousand planted images."""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import duckdb
import pytest

from dataset_build.mixes import BadMix, comments, load_mix, mixes, parameters, statements
from dataset_build.queries import load_query

N = 10_000
SOME = 1_000
IMAGES = """
create table images as
select sha256('image ' || i) as image_id, 'Caption ' || i || '.' as caption, 'alt ' || i as alt_text,
    'compose' as caption_recipe, 'compose' as caption_model
from range($n) t(i)
"""
CAPTIONS = """
create table captions as
select
    recipe || image_id as caption_id, image_id, recipe, variant, 0 as n, variant || ' ' || image_id || '.' as caption,
    'ok' as status, 'm' as model
from images, (values
    ('short_and_long', 'short'), ('short_and_long', 'long'), ('three', 'ssc'), ('three', 'dsc'), ('three', 'dsc_plus'),
    ('single_pass', 'caption'), ('compose', 'caption')) v(recipe, variant)
"""
LINEAGE = "create table lineage as select image_id, caption_id from captions where recipe = 'compose'"
RATIOS = {
    "dalle3": ("long", 0.95),
    "recap": ("long", 0.5),
    "clip": ("ssc", 0.45),
    "mllm": ("dsc_plus", 0.66),
    "t2i": ("dsc", 0.5),
    "recapdatacomp": ("single_pass", 0.8),
}


def tables(n: int = N) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute(IMAGES, {"n": n})
    connection.execute(CAPTIONS)
    connection.execute(LINEAGE)
    for statement in statements():
        connection.execute(statement)
    return connection


def kept(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The view of all texts made a table, which is faster to ask many times."""
    connection.execute("create table kept as from texts; drop view texts; alter table kept rename to texts")
    return connection


@pytest.fixture(scope="module")
def many() -> Iterator[duckdb.DuckDBPyConnection]:
    with kept(tables()) as connection:
        yield connection


@pytest.fixture(scope="module")
def some() -> Iterator[duckdb.DuckDBPyConnection]:
    """The first of them."""
    with kept(tables(SOME)) as connection:
        yield connection


@pytest.fixture
def one() -> Iterator[duckdb.DuckDBPyConnection]:
    """A single image, to be given other texts."""
    with tables(1) as connection:
        yield connection


def kinds(connection: duckdb.DuckDBPyConnection, call: str) -> dict[str, str]:
    return dict(connection.sql(f"select image_id, kind from {call}").fetchall())


def the_row(connection: duckdb.DuckDBPyConnection, call: str) -> Any:
    rows = connection.sql(f"from {call}").to_arrow_table().to_pylist()
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize("mix", mixes(), ids=lambda mix: mix.name)
def test_a_mix_states_its_parameters_and_binds_no_others(mix: Any) -> None:
    query = load_query(f"mixes/{mix.name}")
    (statement,) = duckdb.extract_statements(query.text)
    assert statement.named_parameters == set(query.params) == set(mix.defaults)
    assert query.text.startswith(f"-- {mix.name}: ")
    assert query.inputs == ("texts",)


@pytest.mark.parametrize("mix", mixes(), ids=lambda mix: mix.name)
def test_a_mix_gives_each_image_one_text(some: duckdb.DuckDBPyConnection, mix: Any) -> None:
    assert len(some.sql(f"from mix_{mix.name}()")) == SOME
    assert some.sql(f"select count(distinct image_id) from mix('{mix.name}')").fetchall() == [(SOME,)]


@pytest.mark.parametrize(("name", "wanted"), RATIOS.items())
@pytest.mark.parametrize("seed", [0, 1])
def test_the_share_is_met(many: duckdb.DuckDBPyConnection, name: str, wanted: tuple[str, float], seed: int) -> None:
    kind, share = wanted
    counted = Counter(kinds(many, f"mix_{name}(seed := {seed})").values())
    assert len(counted) == 2
    assert abs(counted[kind] / N - share) < 2.576 * math.sqrt(share * (1 - share) / N)  # 99 %


@pytest.mark.parametrize("name", RATIOS)
def test_a_choice_stays_when_images_are_added(
    some: duckdb.DuckDBPyConnection, many: duckdb.DuckDBPyConnection, name: str
) -> None:
    before, after = kinds(some, f"mix_{name}()"), kinds(many, f"mix_{name}()")
    assert (len(before), len(after)) == (SOME, N)
    assert before.items() <= after.items()


@pytest.mark.parametrize("name", RATIOS)
def test_a_growing_share_only_adds(some: duckdb.DuckDBPyConnection, name: str) -> None:
    kind = RATIOS[name][0]
    sets = [
        {image_id for image_id, its in kinds(some, f"mix_{name}(share := {share})").items() if its == kind}
        for share in (0, 0.2, 0.21, 0.7, 1)
    ]
    assert all(small < large for small, large in pairwise(sets))
    assert (len(sets[0]), len(sets[-1])) == (0, SOME)


def test_another_seed_chooses_others(many: duckdb.DuckDBPyConnection) -> None:
    first, second = kinds(many, "mix_t2i()"), kinds(many, "mix_t2i(seed := 7)")
    differing = sum(first[image_id] != second[image_id] for image_id in first)
    assert abs(differing / N - 0.5) < 0.02


def test_draws_are_these_on_every_machine(many: duckdb.DuckDBPyConnection) -> None:
    def draw(image_id: str, seed: int) -> float:
        digest = hashlib.md5(f"mix:{seed}:{image_id}".encode()).hexdigest()
        return (int.from_bytes(bytes.fromhex(digest[:16]), "little") >> 11) / 2**53

    (drawn,) = many.sql("select draw('00ff', 0), draw('00ff', 1), draw('abcd', 0)").fetchall()
    assert drawn == (draw("00ff", 0), draw("00ff", 1), draw("abcd", 0))
    assert drawn == pytest.approx((0.2353450924, 0.7534709090, 0.9303061191))


def test_golden_choices(many: duckdb.DuckDBPyConnection) -> None:
    rows = many.sql("select left(image_id, 3), kind from mix_t2i() order by image_id limit 6").fetchall()
    assert rows == [
        ("000", "alt"), ("000", "alt"), ("001", "alt"), ("001", "dsc"), ("001", "dsc"), ("001", "dsc"),
    ]  # fmt: skip


def test_the_caption_is_the_releases_own(one: duckdb.DuckDBPyConnection) -> None:
    row = the_row(one, "mix('caption')")
    image_id = row.pop("image_id")
    assert row == {
        "text": "Caption 0.", "kind": "caption", "recipe": "compose", "variant": "caption", "model": "compose",
        "caption_id": f"compose{image_id}", "fell_back": False,
    }  # fmt: skip


@pytest.mark.parametrize("alt", ["null", "''", "' \t\n'", "chr(160) || chr(12288)", "chr(0) || chr(8203)"])
def test_an_image_without_an_alt_text_falls_back_on_its_caption(one: duckdb.DuckDBPyConnection, alt: str) -> None:
    assert the_row(one, "mix('alt')")["text"] == "alt 0"
    one.execute(f"update images set alt_text = {alt}")
    row = the_row(one, "mix('alt')")
    assert (row["text"], row["kind"], row["fell_back"]) == ("Caption 0.", "caption", True)


@pytest.mark.parametrize(
    "missing", ["delete from captions where variant = 'long'", "update captions set status = 'empty'"]
)
def test_a_mix_falls_back_in_the_order_that_it_names(one: duckdb.DuckDBPyConnection, missing: str) -> None:
    assert not the_row(one, "mix_dalle3(share := 1)")["fell_back"]
    one.execute(missing)
    row = the_row(one, "mix_dalle3(share := 1)")
    assert (row["kind"], row["fell_back"]) == ("dsc" if "delete" in missing else "caption", True)


def test_an_image_without_any_text_is_in_no_mix(one: duckdb.DuckDBPyConnection) -> None:
    one.execute("update images set caption = null, alt_text = null; delete from captions")
    assert [len(one.sql(f"from mix('{mix.name}')")) for mix in mixes()] == [0] * len(mixes())


def test_recap_takes_no_text_above_the_limit(one: duckdb.DuckDBPyConnection) -> None:
    one.execute("update captions set caption = repeat('cat ', 76) where variant = 'long'")
    assert the_row(one, "mix_recap(share := 1)")["kind"] == "dsc"
    assert the_row(one, "mix_recap(share := 1, max_tokens := 78)")["kind"] == "long"
    assert len(one.sql("from mix_recap(max_tokens := 3)")) == 0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 2), ("a cat", 4), ("A photograph, of 12 cats!", 11), ("猫", 4), ("naïve", 6), (" \t\n", 2)],
)
def test_tokens_are_estimated(one: duckdb.DuckDBPyConnection, text: str, tokens: int) -> None:
    assert one.execute("select clip_tokens($text)", {"text": text}).fetchall() == [(tokens,)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("A cat sits. It sleeps!  Why?", ["A cat sits.", "It sleeps!", "Why?"]),
        ("Mr. X met Dr. J. Doe vs. a dog. Done.", ["Mr. X met Dr. J. Doe vs. a dog.", "Done."]),
        ("1girl. Solo.", ["1girl.", "Solo."]),
        ('He said "no." Then 3.5 m.', ['He said "no."', "Then 3.5 m."]),
        ("猫がいる。犬もいる！「はい。」終", ["猫がいる。", "犬もいる！", "「はい。」", "終"]),
        ("first line\n\n second line ", ["first line", "second line"]),
        ("no mark", ["no mark"]),
        ("Wait... what?!", ["Wait...", "what?!"]),
    ],
)
def test_sentences(one: duckdb.DuckDBPyConnection, text: str, sentences: list[str]) -> None:
    assert one.execute("select sentences($text)", {"text": text}).fetchall() == [(sentences,)]


def test_dreamlip_draws_k_sentences_in_their_order_and_others_in_each_epoch(one: duckdb.DuckDBPyConnection) -> None:
    one.execute("update captions set caption = 'A. B b. C c. D d. E e.' where variant = 'long'")
    said = "select sentences(caption) from captions where variant = 'long'"
    every = one.sql(said).fetchall()[0][0]
    drawn = [the_row(one, f"mix_dreamlip(k := 2, epoch := {epoch})")["text"].split("\n") for epoch in range(40)]
    assert all(len(two) == 2 and every.index(two[0]) < every.index(two[1]) for two in drawn)
    assert {sentence for two in drawn for sentence in two} == set(every)
    assert the_row(one, "mix_dreamlip(k := 9)")["text"].split("\n") == every


def test_curriculum_goes_from_short_to_long_and_never_back(some: duckdb.DuckDBPyConnection) -> None:
    long = [
        {i for i, kind in kinds(some, f"mix_curriculum(epoch := {epoch}, epochs := 5)").items() if kind == "long"}
        for epoch in range(5)
    ]
    assert all(early < late for early, late in pairwise(long))
    assert (len(long[0]), len(long[4])) == (0, SOME)


def test_an_unknown_mix_lists_those_there_are() -> None:
    names = "alt, caption, clip, curriculum, dalle3, dreamlip, mllm, recap, recapdatacomp, t2i"
    with pytest.raises(BadMix, match=re.escape(f"no mix '../x'; there are: {names}")):
        load_mix("../x")


def test_parameters_are_named_numbers() -> None:
    mix = load_mix("dalle3")
    assert parameters(mix, []) == {"share": 0.95, "seed": 0}
    assert parameters(mix, ["share=0.5", "seed = 3"]) == {"share": 0.5, "seed": 3}
    for setting, words in (
        ("p=1", "mix dalle3 has no parameter 'p'; it has share, seed"),
        ("share=1 or 1", "share is a number"),
        ("share=nan", "share is a number"),
        ("share", "share is a number"),
    ):
        with pytest.raises(BadMix, match=re.escape(words)):
            parameters(mix, [setting])
    with pytest.raises(BadMix, match="it has none"):
        parameters(load_mix("caption"), ["seed=1"])


def test_every_macro_has_a_comment(many: duckdb.DuckDBPyConnection) -> None:
    for comment in comments():
        many.execute(comment)
    without = "select function_name from duckdb_functions() where comment is null and not internal"
    assert many.sql(without).fetchall() == []
