import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dataset_build.schemas import TAG
from dataset_build.sources.dialects import Texts, texts_of

DANBOORU = {
    "id": 7,
    "rating": "s",
    "md5": "ab",
    "tag_string": "1girl amiya_(arknights) arknights highres ling tail",
    "tag_string_general": "1girl tail",
    "tag_string_character": "amiya_(arknights)",
    "tag_string_copyright": "arknights",
    "tag_string_artist": "",
    "tag_string_meta": "highres",
    "file_url": "https://cdn.example/7.jpg",
    "source": "https://www.pixiv.example/1",
}
DANBOORU_TAGS = (
    ("amiya_(arknights)", "character"),
    ("arknights", "copyright"),
    ("1girl", "general"),
    ("tail", "general"),
    ("highres", "meta"),
    ("ling", "general"),
)


def test_danbooru_api() -> None:
    assert texts_of(DANBOORU) == Texts(
        source_id="7",
        source_url="https://cdn.example/7.jpg",
        raw_tags=DANBOORU_TAGS,
        rating="sensitive",
        metadata='{"md5":"ab","source":"https://www.pixiv.example/1"}',
    )


def test_danbooru_by_gallery_dl() -> None:
    record = {
        "category": "danbooru",
        "id": 7,
        "rating": "s",
        "tags": ["1girl", "amiya_(arknights)", "arknights", "highres", "ling", "tail"],
        "tags_general": ["1girl", "tail"],
        "tags_character": ["amiya_(arknights)"],
        "tags_copyright": ["arknights"],
        "tags_artist": [],
        "tags_meta": ["highres"],
    }
    assert texts_of(record) == Texts(
        source_id="7", raw_tags=DANBOORU_TAGS, rating="sensitive", metadata='{"category":"danbooru"}'
    )


def test_danbooru_by_waifuc() -> None:
    inner = {key: value for key, value in DANBOORU.items() if key != "tag_string"}
    record = {
        "danbooru": inner,
        "group_id": "danbooru_7",
        "filename": "danbooru_7.png",
        "tags": {"1girl": 1.0, "ling": 0.9},
        "url": "https://cdn.example/7.jpg",
    }
    found = texts_of(record)
    assert (found.source_id, found.rating, found.raw_tags) == ("7", "sensitive", DANBOORU_TAGS)
    assert json.loads(found.metadata or "")["group_id"] == "danbooru_7"


def test_a_real_danbooru_post(shared_data: Path) -> None:
    found = texts_of(json.loads((shared_data / "booru/danbooru_post_waifuc.json").read_text()))
    assert found.source_id == "6814120"
    assert found.source_url == ("https://cdn.donmai.us/original/0c/e5/0ce585ccbbe7c79f0970466ef7e464ee.jpg")
    assert (found.alt_text, found.rating, found.license) == (None, "sensitive", None)
    assert found.raw_tags[:4] == (
        ("amiya_(arknights)", "character"),
        ("arknights", "copyright"),
        ("ganet_p", "artist"),
        ("1girl", "general"),
    )
    assert found.raw_tags[-3:] == (("absurdres", "meta"), ("commentary_request", "meta"), ("highres", "meta"))
    assert len(found.raw_tags) == 47
    rest = json.loads(found.metadata or "")
    assert rest["media_asset"]["pixel_hash"] == "1e09de6748794e2fb1138a4a30ec905a"
    assert not {"tags", "tag_string", "rating", "id"} & rest.keys()


@pytest.mark.parametrize(
    ("said", "rating"),
    [
        ("general", "general"),
        ("safe", "general"),
        ("sensitive", "sensitive"),
        ("questionable", "questionable"),
        ("Explicit", "explicit"),
        ("s", "general"),
        ("g", "general"),
        ("q", "questionable"),
        ("e", "explicit"),
    ],
)
def test_gelbooru_and_other_boorus(said: str, rating: str) -> None:
    record = {
        "category": "gelbooru",
        "id": 9,
        "rating": said,
        "tags": "1girl don&#039;t_lose_your_way tom_&amp;_jerry blue_eyes",
        "tags_artist": "somebody",
        "tags_metadata": "highres",
        "title": "",
        "file_url": "https://img.example/9.png",
    }
    assert texts_of(record) == Texts(
        source_id="9",
        source_url="https://img.example/9.png",
        raw_tags=(
            ("somebody", "artist"),
            ("highres", "meta"),
            ("1girl", "general"),
            ("don't_lose_your_way", "general"),
            ("tom_&_jerry", "general"),
            ("blue_eyes", "general"),
        ),
        rating=rating,
        metadata='{"category":"gelbooru","title":""}',
    )


def test_e621() -> None:
    record = {
        "id": 5,
        "rating": "s",
        "tags": {
            "general": ["solo"],
            "species": ["canid", "fox"],
            "artist": ["x"],
            "lore": ["young_(lore)"],
            "character": [],
        },
        "file": {"url": "https://static.example/5.png", "md5": "cd"},
        "description": "A fox.",
    }
    assert texts_of(record) == Texts(
        source_id="5",
        source_url="https://static.example/5.png",
        alt_text="A fox.",
        raw_tags=(
            ("x", "artist"),
            ("canid", "species"),
            ("fox", "species"),
            ("solo", "general"),
            ("young_(lore)", "lore"),
        ),
        rating="general",
        metadata='{"file":{"md5":"cd","url":"https://static.example/5.png"}}',
    )


@pytest.mark.parametrize(("restricted", "rating"), [(0, "general"), (1, "explicit"), (2, "explicit")])
@pytest.mark.parametrize("tags", [["女の子", "空"], [{"name": "女の子", "translated_name": "girl"}, {"name": "空"}]])
def test_pixiv(restricted: int, rating: str, tags: list[Any]) -> None:
    record = {
        "id": 112868915,
        "num": 0,
        "title": "Sky &amp; sea",
        "caption": 'By the sea.<br />See <a href="/jump?x">here</a>',
        "tags": tags,
        "x_restrict": restricted,
        "rating": "General",
        "illust_ai_type": 1,
    }
    assert texts_of(record) == Texts(
        source_id="112868915",
        alt_text="Sky & sea\nBy the sea.\nSee here",
        raw_tags=(("女の子", "general"), ("空", "general")),
        rating=rating,
        metadata='{"illust_ai_type":1,"num":0}',
    )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {"url": "https://x.example/1.jpg", "caption": "A cat, a dog", "key": "000000001", "status": "success"},
            Texts(
                source_url="https://x.example/1.jpg",
                alt_text="A cat, a dog",
                metadata='{"key":"000000001","status":"success"}',
            ),
        ),
        (
            {"URL": "https://x.example/1.jpg", "TEXT": "a cat", "similarity": 0.3, "SAMPLE_ID": 12, "LICENSE": "?"},
            Texts("12", "https://x.example/1.jpg", "a cat", license="?", metadata='{"similarity":0.3}'),
        ),
        (
            {"id": 1, "url": "https://x.example/1.jpg", "text": "a cat", "watermark_score": 0.5},
            Texts("1", "https://x.example/1.jpg", "a cat", metadata='{"watermark_score":0.5}'),
        ),
        (
            {"file_name": "1.jpg", "text": "a cat", "license": "CC0"},
            Texts(alt_text="a cat", license="CC0", metadata='{"file_name":"1.jpg"}'),
        ),
        (
            {"image_path": "/x/1.jpg", "caption": ["a cat", "the cat"], "tags": "1girl, long hair"},
            Texts(
                alt_text="a cat\nthe cat",
                raw_tags=(("1girl", "general"), ("long hair", "general")),
                metadata='{"image_path":"/x/1.jpg"}',
            ),
        ),
        (
            {"tags": ["character:samus aran", "creator:x", "series:metroid", "rating:safe", "page:3", "blue"]},
            Texts(
                raw_tags=(
                    ("samus aran", "character"),
                    ("x", "artist"),
                    ("metroid", "copyright"),
                    ("page:3", "general"),
                    ("blue", "general"),
                ),
                rating="general",
            ),
        ),
        ({"rating": 4.5, "url": "page/3", "id": None}, Texts(metadata='{"id":null,"rating":4.5,"url":"page/3"}')),
        ({}, Texts()),
    ],
    ids=["img2dataset", "laion", "coyo", "imagefolder", "kohya", "hydrus", "unknown", "nothing"],
)
def test_other_records(record: dict[str, Any], expected: Texts) -> None:
    assert texts_of(record) == expected


def test_plain_texts_are_tags_or_descriptions() -> None:
    assert texts_of({}, txt=["1girl, artist:x, rating:e", "1girl\nsolo"]) == Texts(
        raw_tags=(("1girl", "general"), ("x", "artist"), ("solo", "general")), rating="explicit"
    )
    assert texts_of({}, txt=[" A cat. \n"]) == Texts(alt_text="A cat.")


def test_a_caption_is_a_description_whatever_it_looks_like() -> None:
    assert texts_of({}, captions=["1girl, solo\n"]) == Texts(alt_text="1girl, solo")


def test_the_caption_comes_first_and_no_text_is_lost() -> None:
    found = texts_of({"caption": "from the record"}, txt=["A cat sits on a mat."], captions=["A cat.", " "])
    assert found == Texts(alt_text="A cat.", metadata='{"other_texts":["A cat sits on a mat.","from the record"]}')


def test_a_text_that_repeats_the_records_caption_is_no_list_of_tags() -> None:
    assert texts_of({"caption": "Red car, blue sky"}, txt=["Red car, blue sky\n"]) == Texts(
        alt_text="Red car, blue sky"
    )


def test_of_too_many_tags_the_first_are_taken_and_the_rest_is_said() -> None:
    listed = [f"tag_{number}" for number in range(1500)]
    for texts in (texts_of({"tags": listed}), texts_of({}, txt=[", ".join(listed)])):
        assert [tag for tag, _ in texts.raw_tags] == listed[:1000]
        assert texts.metadata == '{"problems":["1,500 tags, of which the first 1,000 are taken"]}'
    assert texts_of({"tags": listed[:1000] * 2}).metadata is None


def test_problems_stand_in_the_metadata() -> None:
    assert texts_of({}, problems=["json: not JSON"]) == Texts(metadata='{"problems":["json: not JSON"]}')


def test_tags_fit_the_table() -> None:
    tags = pa.array([texts_of(DANBOORU).raw_tags, ()], pa.list_(TAG))
    assert tags[0].as_py()[0] == {"tag": "amiya_(arknights)", "category": "character"}
