import pytest

from dataset_build.sources.names import is_root_table, role_of, stem, topic_of, topics_for


@pytest.mark.parametrize(
    ("path", "role", "topic"),
    [
        ("a/b.jpg", "image", None),
        ("a.b/README", "image", None),
        ("a/.DS_Store", "image", None),
        ("a/b.TXT", "txt", "a/b"),
        ("a/b.caption", "caption", "a/b"),
        ("a/b.jpg.txt", "txt", "a/b.jpg"),
        ("a/b.jpg.JSON", "json", "a/b.jpg"),
        ("a/.b_meta.json", "json", "a/b"),
        ("a/data.jsonl", "table", "a/"),
        ("metadata.csv", "table", ""),
        ("a/meta_cap.json", "table", "a/"),
        ("a/metal.json", "json", "a/metal"),
        ("a/metadata.parquet", "parquet", "a/"),
        ("a/train-0.parquet", "parquet", None),
        ("00000.parquet", "parquet", "00000/"),
        ("00000_stats.json", "stats", "00000/"),
        ("a/0514.json", "json", "a/0514"),
        ("00000.tar", "tar", None),
        ("a.tar.gz", "packed", None),
        ("a.CBZ", "packed", None),
    ],
)
def test_roles_and_topics(path: str, role: str, topic: str | None) -> None:
    assert (role_of(path), topic_of(path, role)) == (role, topic)


def test_an_image_hears_its_stems_and_its_folders() -> None:
    assert topics_for("x/y/a.b.jpg", "image") == ["x/y/a.b", "x/y/a.b.jpg", "", "x/", "x/y/"]
    assert topics_for("plain", "image") == ["plain", ""]


def test_an_archive_is_heard_like_a_folder() -> None:
    assert topics_for("x/00000.tar", "tar") == ["x/00000", "x/00000/"]


def test_a_text_hears_nothing() -> None:
    assert topics_for("a.txt", "txt") == []


@pytest.mark.parametrize(("path", "short"), [("a.b/c", "a.b/c"), ("a/.hidden", "a/.hidden"), ("a/b.c.d", "a/b.c")])
def test_stem(path: str, short: str) -> None:
    assert stem(path) == short


def test_tables_of_the_root() -> None:
    tables = {
        "metadata.csv",
        "data.jsonl",
        "metadata.parquet",
        "a/metadata.csv",
        "00000.parquet",
        "a.json",
        "train.parquet",
    }
    assert {path for path in tables if is_root_table(path)} == {"metadata.csv", "data.jsonl", "metadata.parquet"}
