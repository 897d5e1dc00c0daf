import pytest

from dataset_build.captions.job import Subject
from dataset_build.captions.scores.caption import score_caption
from dataset_build.captions.scores.contradiction import contradicted
from dataset_build.captions.scores.coverage import coverage
from dataset_build.captions.scores.language import language
from dataset_build.captions.scores.length import Band, is_cut_off
from dataset_build.captions.scores.names import invented, retained
from dataset_build.captions.scores.refusal import is_refusal
from dataset_build.captions.scores.style import has_opener, repetition, style_report
from dataset_build.captions.scores.words import content_words, says, tokens


def general(*tags: str) -> list[tuple[str, str]]:
    return [(tag, "general") for tag in tags]


@pytest.mark.parametrize(
    ("caption", "tag", "said"),
    [
        ("A girl in a red hat.", "hat", True),
        ("That is what I think.", "hat", False),
        ("Very long hair.", "long_hair", True),
        ("Long, hair-like grass.", "long_hair", False),
        ("She has long red hair.", "long_hair", True),
        ("A long dress and hair ribbons.", "long_hair", False),
        ("Two hats.", "hat", True),
        ("Cherries lie there.", "cherry", True),
        ("A girl stands there.", "1girl", True),
        ("A woman stands there.", "1girl", True),
        ("Two girls stand there.", "1girl", False),
        ("Two girls stand there.", "2girls", True),
        ("One girl.", "2girls", False),
        ("6 or more girls.", "6+girls", True),
        ("Mira walks.", "mira_(paper_moon)", True),
        ("She smiles :3 at us.", ":3", True),
        ("She smiles.", ":3", False),
        ("The general looks on: tags are nothing.", "general_tags", False),
    ],
)
def test_a_tag_is_said_by_whole_words(caption: str, tag: str, said: bool) -> None:
    assert coverage(caption, general(tag)).said == ((tag,) if said else ())


def test_what_becomes_of_each_tag() -> None:
    tags = [*general("hat", "cat", "sword", "solo", "error", "translation_request"), ("highres", "meta")]
    found = coverage("A feline in a hat.", tags, rejected=["sword"], aliases={"cat": ["feline"]})
    assert (found.said, found.missing, found.rejected) == (("hat", "cat"), (), ("sword",))
    assert found.share == 1.0
    assert coverage("A hat.", general("hat", "cat")).share == 0.5
    assert coverage("A hat.", []).share == 1.0


@pytest.mark.parametrize(
    ("caption", "tags", "found"),
    [
        ("A girl with blue hair.", ["red_hair"], ["red_hair"]),
        ("A girl with red hair.", ["red_hair"], []),
        ("Girls with blue hair and red hair.", ["red_hair"], []),
        ("One has blue hair.", ["red_hair", "blue_hair"], []),
        ("Two girls by the sea.", ["1girl"], ["1girl"]),
        ("A girl by the sea.", ["1girl", "2boys"], []),
        ("A street by night, outdoors.", ["day", "indoors"], ["day", "indoors"]),
        ("A hat.", ["red_hat", "long_hair"], []),
    ],
)
def test_tags_that_a_caption_speaks_against(caption: str, tags: list[str], found: list[str]) -> None:
    assert contradicted(caption, general(*tags)) == found


@pytest.mark.parametrize(
    ("text", "given", "found"),
    [
        ("A harbour in Tranby, 1987.", ["Tranby harbour 1987"], []),
        ("A harbour in Tranby, 1987.", ["harbour"], ["Tranby", "1987"]),
        ("Tranby is old. Here Fenn walks.", ["x"], ["Fenn"]),
        ("They meet Ada Fenn's dog.", ["ada fenn"], []),
        ("The I of The House is 3.5 m.", [], ["House", "3.5"]),
        ("A red hat.", [], []),
    ],
)
def test_names_that_nobody_gave(text: str, given: list[str], found: list[str]) -> None:
    assert invented(text, given) == found


def test_shares_of_words() -> None:
    assert retained("Red hats and a cat.", "A red hat, a dog") == pytest.approx(2 / 3)
    assert retained("x", "") == 1.0
    assert retained("海と赤い帽子", "赤い帽子") == 1.0
    assert content_words("The cats' boxes: Ada's glass, berries of it") == ["cat", "box", "ada", "glass", "berry"]


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I cannot assist with this request.",
        "I cannot describe this image.",
        "I am unable to provide a caption.",
        "Sorry, but this image is against my guidelines.",
        "As an AI language model, I don't have eyes.",
        "Unfortunately, I can't view images.",
    ],
)
def test_refusals(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "A sorry dog can't get out.",
        "I can see a dog.",
        "A man who is unable to help.",
        'A sign says "I\'m sorry".',
        "An artificial lake.",
        "",
    ],
)
def test_descriptions_are_no_refusals(text: str) -> None:
    assert not is_refusal(text)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("A hat. A cat and", True),
        ("A hat, a cat,", True),
        ("A hat. A cat.", False),
        ('It says "Stop."', False),
        ("A title", False),
        ("帽子。猫", True),
        ("帽子。", False),
        ("", False),
        ("A list:", True),
    ],
)
def test_texts_that_are_cut_off(text: str, cut: bool) -> None:
    assert is_cut_off(text) == cut


def test_lengths() -> None:
    assert tokens("A red hat, extraordinarily 夏の海!") == 3 + 1 + 2 + 3 + 1
    band = Band(2, 4)
    assert [band.off(" ".join(["w"] * n)) for n in (0, 1, 2, 4, 5, 8)] == [-1, -0.5, 0, 0, 0.25, 1]
    assert Band(1, 3, "tokens").size("extraordinarily!") == 3


def test_loops_and_openers() -> None:
    assert repetition("A red hat lies on the table by the door.") == 0
    assert repetition("a red hat is here " * 20) > 0.9
    assert repetition("short") == 0
    opened = ["The image shows a hat.", "This is a photo of a hat.", "In this picture, a hat lies.", "Sure! A hat.",
              "Here is a hat.", "An illustration depicting", "Caption: a hat", "A vibrant image of a hat"]  # fmt: skip
    assert [has_opener(text) for text in opened] == [True, False, True, True, True, False, True, True]
    assert not any(map(has_opener, ["A hat.", "The picture frame hangs.", "Images line the wall.", "Surely a hat."]))


def test_a_report_on_style() -> None:
    report = style_report(["A hat.", "a hat", "The picture shows a cat.", "Two cats"])
    assert report == {
        "article": 0.75,
        "full_stop": 0.5,
        "lower_case": 0.25,
        "set_phrase": 0.25,
        "words": 2.75,
        "openers": [("a hat", 2), ("the picture shows", 1), ("two cats", 1)],
    }
    assert style_report([])["words"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A girl in a red dress stands by the sea and looks at us.", "en"),
        ("red dress, sea", "en"),
        ("Ein Mädchen", "latin"),
        ("Ein Hund liegt neben einem Haus mit blauer Tür und schaut hinaus.", "latin"),
        ("夏の海", "cjk"),
        ("Красная шапка", "cyrillic"),
        ("123 !?", "none"),
    ],
)
def test_languages(text: str, said: str) -> None:
    assert language(text) == said


def test_words_in_a_row() -> None:
    assert says("a red, round hat", "round hat") and not says("a red, round hat", "red round")
    assert says("a_b c", "a b") and not says("x", "") and not says("", "x")


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "a " * 50_000, "A" * 100_000, "夏" * 100_000, "`" * 100_000, "no. " * 25_000]
)
def test_a_model_gone_wild_costs_no_time(text: str) -> None:
    assert score_caption({"caption": text}, Subject("a" * 64, 9, 9, (("red_hat", "general"),), ("x",)))["words"] >= 0


def test_all_scores_of_a_caption() -> None:
    subject = Subject("a" * 64, 9, 9, (("red_hat", "general"), ("cat", "general")), ("Fair at Tranby",))
    row = {"caption": "The image shows a blue hat in Tranby by Zorblax.", "status": "ok"}
    assert score_caption(row, subject) == {
        "characters": 48, "words": 10, "tokens": 11, "cut_off": 0, "repetition": 0, "set_phrase": 1,
        "refusal": 0, "english": 1,
        "tag_coverage": 0, "tags_contradicted": 1, "names_invented": 1,
    }  # fmt: skip
    assert score_caption(row, subject, rejected=["cat"], aliases={"red_hat": ["blue hat"]})["tag_coverage"] == 1
    assert "tag_coverage" not in score_caption(row, Subject("a" * 64, 9, 9))
    assert score_caption(row, subject, band=Band(1, 8))["out_of_band"] == 0.25
    assert score_caption(row, subject, band=Band(20, 40))["out_of_band"] == 0.5
    assert score_caption({"caption": None, "status": "empty"}, subject) == {}
