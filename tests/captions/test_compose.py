import pytest

from dataset_build.captions.compose import compose

MIRA = [
    ("1girl", "general"),
    ("solo", "general"),
    ("long_hair", "general"),
    ("dress", "general"),
    ("red_dress", "general"),
    ("mira_(paper_moon)", "character"),
    ("paper_moon", "copyright"),
    ("inkwell_fox", "artist"),
    ("highres", "meta"),
]


def general(*tags: str) -> list[tuple[str, str]]:
    return [(tag, "general") for tag in tags]


def test_a_sentence_from_tags() -> None:
    assert compose(MIRA, [], 40) == ("Mira from paper moon, one girl, with long hair and red dress, by inkwell fox.")


def test_a_description_leads_and_is_not_repeated() -> None:
    alt = "A girl in a  red dress\nruns through the rain."
    assert compose([*MIRA, *general("rain", "rainbow")], [alt], 40) == (
        "A girl in a red dress runs through the rain, mira from paper moon, with long hair and rainbow, by inkwell fox."
    )


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        (general("1girl", "2boys"), "One girl and two boys."),
        (general("6+girls", "multiple_girls", "sky"), "Six or more girls, with sky."),
        (general("1other"), "One person."),
        (general("sky", "star_(sky)", "sea"), "Sky, star (sky) and sea."),
        (general(":3", "^_^", "cat_ears"), ":3, ^_^ and cat ears."),
        ([("lion", "species"), ("sky", "general")], "Lion and sky."),
        ([("paper_moon", "copyright"), ("1boy", "general")], "One boy from paper moon."),
        ([("paper_moon", "copyright"), ("sky", "general")], "A picture from paper moon, with sky."),
        ([("lune", "character"), ("mira", "character"), ("sea", "copyright")], "Lune and mira from sea."),
        ([("teapot_(artist)", "artist"), ("fox", "artist")], "A picture by teapot and fox."),
        ([("original", "copyright"), ("tree", "general")], "Tree."),
        ([("sky", "general"), ("sky", "general")], "Sky."),
    ],
)
def test_statements(tags: list[tuple[str, str]], sentence: str) -> None:
    assert compose(tags, [], 40) == sentence


@pytest.mark.parametrize(
    ("alt_texts", "sentence"),
    [
        (["Waves at dusk!"], "Waves at dusk, with gull."),
        (["gull, sea, sky high"], "Gull."),
        (["1girl, solo, gull"], "Gull."),
        (["https://a.example/x.jpg", "A bird in flight"], "A bird in flight, with gull."),
        (["IMG_0001.JPG"], "Gull."),
        (["A seagull in flight"], "A seagull in flight, with gull."),
        (["A GULL in flight"], "A GULL in flight."),
    ],
)
def test_which_descriptions_lead(alt_texts: list[str], sentence: str) -> None:
    assert compose(general("gull"), alt_texts, 40) == sentence


def test_only_a_count_is_said_by_its_noun() -> None:
    tags = general("1girl", "green_dress")
    assert compose(tags, ["A girl has a red dress"], 40) == "A girl has a red dress, with green dress."


@pytest.mark.parametrize(("alt_text", "sentence"), [("red car", "Red car."), ("夏の海。", "夏の海.")])
def test_a_short_description_is_better_than_nothing(alt_text: str, sentence: str) -> None:
    assert compose([], [alt_text], 40) == sentence


@pytest.mark.parametrize(
    ("tags", "alt_texts"),
    [
        ([], []),
        ([("highres", "meta"), ("artist_request", "artist")], []),
        (general("solo", "no_humans", ""), ["", "  "]),
        ([], ["www.site.example", "scan 7".replace(" ", "_") + ".png", "?!"]),
    ],
)
def test_nothing_to_say(tags: list[tuple[str, str]], alt_texts: list[str]) -> None:
    assert compose(tags, alt_texts, 40) is None


def test_the_limit_keeps_what_matters_most() -> None:
    assert compose(MIRA, [], 4) == "Mira from paper moon, one girl, by inkwell fox."
    assert compose(MIRA, [], 1) == "Mira."
    assert compose(general(*(f"thing_{i}" for i in range(99))), [], 2) == "Thing 0 and thing 1."
