import pytest

from dataset_build.sources.plain_text import tags_of


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("1girl, solo, long hair, looking at viewer", ["1girl", "solo", "long hair", "looking at viewer"]),
        ("1girl\nsolo\nlong_hair\n", ["1girl", "solo", "long_hair"]),
        ("1girl, solo\n1girl, smile", ["1girl", "solo", "1girl", "smile"]),
        ("1girl solo long_hair looking_at_viewer", ["1girl", "solo", "long_hair", "looking_at_viewer"]),
        ("k-on!, love live!, !?, ..., :d", ["k-on!", "love live!", "!?", "...", ":d"]),
        (r"(amiya \(arknights\):1.2), hat", [r"(amiya \(arknights\):1.2)", "hat"]),
        ("1girl ||| solo, hat", ["1girl", "solo", "hat"]),
        ("cat", ["cat"]),
        ("red car", ["red car"]),
        ("o_o", ["o_o"]),
        ("", []),
        (" \n,, ", []),
    ],
)
def test_tags(text: str, tags: list[str]) -> None:
    assert tags_of(text) == tags


@pytest.mark.parametrize(
    "text",
    [
        "A cat.",
        "a cat on a mat",
        "a girl in a red dress, standing on a windy hill, looking at the sea",
        "Green, white, red and yellow balls on a wooden table.",
        "First line of words here\nand a second one of them",
        'She says "no."',
    ],
)
def test_descriptions(text: str) -> None:
    assert tags_of(text) is None
