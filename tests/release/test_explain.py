from typing import Any

import pytest

from dataset_build.release.errors import Ambiguous, NoSuchImage
from dataset_build.release.explain import Duplicate, Failure, Occurrence, find, render, story
from dataset_build.release.reader import Release


@pytest.mark.parametrize(
    ("image", "places"),
    [
        ("ca" * 32, ["cats/a.jpg", "cats/copy.jpg"]),
        ("CACA", ["cats/a.jpg", "cats/copy.jpg"]),
        ("cab0", ["cats/near.jpg"]),
        ("cab", []),
        ("cats/a.jpg", ["cats/a.jpg"]),
        ("./cats/a.jpg", ["cats/a.jpg"]),
        ("a.jpg", ["cats/a.jpg", "dogs/a.jpg"]),
        ("/data/scrape/cats/a.jpg", ["cats/a.jpg"]),
        (".jpg", []),
        ("ats/a.jpg", []),
        ("0001.jpg", ["shards/0.tar/0001.jpg"]),
        ("0.tar/0001.jpg", ["shards/0.tar/0001.jpg"]),
        ("/x/shards/0.tar/0001.jpg", ["shards/0.tar/0001.jpg"]),
        ("0.tar", ["shards/0.tar/0001.jpg", "shards/0.tar"]),
        ("lonely.txt", ["notes/lonely.txt"]),
        ("", []),
        ("%", []),
        ("' or true --", []),
        ("\udcff.jpg", []),
    ],
)
def test_find(release: Release, image: str, places: list[str]) -> None:
    assert [occurrence.place for occurrence in find(release, image)] == places


def test_a_longer_path_goes_to_the_longest_file_that_fits(make_release: Any) -> None:
    def lost(uri: str) -> dict[str, Any]:
        return {"drop": "d", "uri": uri, "source": "s", "stage": "source", "reason": "not_an_image", "failures": []}

    release = make_release(images=[], rejects=[lost("a.jpg"), lost("cats/a.jpg"), lost("scrape/cats/b.jpg")])
    assert [o.place for o in find(release, "/data/scrape/cats/a.jpg")] == ["cats/a.jpg"]


def test_a_kept_image(release: Release, ids: dict[str, str]) -> None:
    told = story(release, "cats/a.jpg")
    assert (told.release, told.image_id, told.kept) == ("1", ids["kept"], True)
    assert told.occurrences == (
        Occurrence(ids["kept"], "scrape", "cats/a.jpg", None, True, None, None, None),
        Occurrence(ids["kept"], "scrape", "cats/copy.jpg", None, False, "duplicate", "same_bytes", None),
    )
    assert (told.failures, told.duplicate_of) == ((), None)
    assert told.merged == (Duplicate(ids["near"], 12, "cats/near.jpg"),)
    assert told.tags == (("tabby", "species"), ("cat", "general"))
    assert (told.facts["width"], told.facts["sharpness"]) == (640, 33.125)
    assert [(c["caption_id"], c["chosen"], c["model"]) for c in told.captions] == [
        ("c1", True, "compose"),
        ("c2", False, "vlm"),
        ("c3", False, "vlm"),
    ]


def test_a_copy_is_told_as_its_image(release: Release) -> None:
    assert story(release, "copy.jpg") == story(release, "cats/a.jpg")


def test_a_duplicate_names_what_replaced_it(release: Release, ids: dict[str, str]) -> None:
    told = story(release, "near.jpg")
    assert (told.kept, told.facts) == (False, {})
    assert told.failures == (Failure("duplicate", "near_duplicate", 12, 48),)
    assert told.duplicate_of == Duplicate(ids["kept"], 12, "cats/a.jpg")


def test_an_occurrence_without_bytes(release: Release) -> None:
    told = story(release, "lonely.txt")
    assert (told.image_id, told.kept) == (None, False)
    assert [o.detail for o in told.occurrences] == ["no image beside it"]
    assert told.failures == (Failure("source", "not_an_image", None, None),)


def test_present_files_go_before_replaced_ones(release: Release, ids: dict[str, str]) -> None:
    assert story(release, "0.tar").image_id == ids["in_tar"]
    assert story(release, ids["old"]).occurrences[0].reason == "replaced"


def test_no_such_image(release: Release) -> None:
    with pytest.raises(NoSuchImage) as error:
        story(release, "dead\x1bbeef")
    assert str(error.value) == r"no image or file 'dead\x1bbeef' in release 1; give an id or a file name"


def test_an_ambiguous_name_lists_candidates(release: Release) -> None:
    with pytest.raises(Ambiguous) as error:
        story(release, "a.jpg")
    assert str(error.value) == "'a.jpg' fits 2 images: cacacacacaca (cats/a.jpg), b6b6b6b6b6b6 (dogs/a.jpg)"


def test_at_most_ten_candidates_are_listed(make_release: Any) -> None:
    lost = {"drop": "d", "source": "s", "stage": "source", "reason": "not_an_image", "failures": []}
    release = make_release(rejects=[{**lost, "uri": f"{n:02}/x.txt"} for n in range(12)])
    with pytest.raises(Ambiguous) as error:
        story(release, "x.txt")
    assert str(error.value).startswith("'x.txt' fits 12 images: no bytes (00/x.txt), no bytes (01/x.txt), ")
    assert str(error.value).endswith("no bytes (09/x.txt), …")


def test_render_a_kept_image(release: Release, ids: dict[str, str]) -> None:
    assert render(story(release, "cats/a.jpg")).splitlines() == [
        ids["kept"],
        "kept in release 1",
        "",
        "found at",
        "  cats/a.jpg in drop scrape: kept",
        "  cats/copy.jpg in drop scrape: left out, duplicate: same_bytes",
        "",
        "merged into it",
        f"  {ids['near']} (cats/near.jpg), 12 of 256 bits differ",
        "",
        "facts",
        "  source       scrape",
        "  license      CC BY 4.0",
        "  file_bytes   34201",
        "  format       JPEG",
        "  width        640",
        "  height       480",
        f"  pixel_hash   {ids['kept'][:32]}",
        "  sharpness    33.12",
        "  duplicates   1",
        "",
        "tags",
        "  species: tabby",
        "  general: cat",
        "",
        "captions",
        "  “A tabby cat.” by compose/plain, compose (chosen)",
        "  “Ein Kater.” by dense/plain, vlm@r1, prompt 999999999999",
        "  empty by dense/short, vlm",
    ]


def test_render_a_reject(release: Release, ids: dict[str, str]) -> None:
    assert render(story(release, "small.jpg")).splitlines() == [
        ids["small"],
        "left out of release 1",
        "",
        "found at",
        "  cats/small.jpg in drop scrape: left out, size: too_small",
        "",
        "by hand",
        "  reject: no good",
        "",
        "failed",
        "  size: too_small 64 < 200",
        "  blur: blurred 3.142 < 8",
        "",
        "judged",
        "  passed     source",
        "  rejected   size, blur",
        "  not judged text",
    ]
    assert f"duplicate of\n  {ids['kept']} (cats/a.jpg), 12 of 256 bits differ\n" in render(story(release, "near.jpg"))


def test_render_an_occurrence_without_bytes(release: Release) -> None:
    assert render(story(release, "lonely.txt")).splitlines() == [
        "no bytes could be read",
        "left out of release 1",
        "",
        "found at",
        "  notes/lonely.txt in drop scrape: left out, source: not_an_image (no image beside it)",
        "",
        "failed",
        "  source: not_an_image",
    ]


def test_render_cannot_steer_the_terminal(release: Release) -> None:
    assert r"“A red\u202e fish | <b>bold</b>”" in render(story(release, "0001.jpg"))
