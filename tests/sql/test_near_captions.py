from tests.sql.support import run

TEXT = "A red ball lies on green grass before a small white house with a blue door under a pale evening sky"


def chosen(*captions: str) -> list[dict[str, str]]:
    return [{"image_id": str(number), "caption": caption} for number, caption in enumerate(captions)]


def test_captions_that_share_most_of_their_words() -> None:
    captions = chosen(
        TEXT,
        TEXT.upper() + "!",
        TEXT.replace("evening", "morning"),
        "A cat sleeps on a chair.",
        "",
        "?!",
        "夏の海",
        "夏の海。",
    )
    rows = run("near_captions", {"least_likeness": 0.85}, chosen_captions=captions)
    assert [(row["image_id_a"], row["image_id_b"], round(row["likeness"], 3)) for row in rows] == [
        ("0", "1", 1.0),
        ("0", "2", 0.895),
        ("1", "2", 0.895),
        ("6", "7", 1.0),
    ]
    assert len(run("near_captions", {"least_likeness": 0.9}, chosen_captions=captions)) == 2
