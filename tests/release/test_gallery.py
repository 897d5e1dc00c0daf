"""Pages of pictures: what they show, and that markup in the data does nothing."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from dataset_build.release.errors import BadQuery
from dataset_build.release.gallery import gallery
from dataset_build.release.page import Card, Page, Section, render_page
from dataset_build.release.reader import Release

HOSTILE = "</dd><script>alert(1)</script><img src=x onerror=alert(2)> \" ' & {{ 7 * 7 }} \u202egnp.exe\x00\nfrom"
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "table", "tr", "th", "td", "section",
    "div", "article", "img", "dl", "dt", "dd",
}  # fmt: skip


class Elements(HTMLParser):
    """All tags with their attributes, and the texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def lines_of(page: Page) -> list[dict[str, str]]:
    return [dict(card.lines) for section in page.sections for card in section.cards]


def test_own_columns_and_what_the_release_knows(release: Release, ids: dict[str, str]) -> None:
    page = gallery(release, "select image_id, value * 2 as twice, failures[1] as first from rejects order by uri")
    copy, near, small, broken, text, old = lines_of(page)
    assert small["twice"] == "128.0"
    assert small["first"] == '{"stage": "size", "reason": "too_small", "value": 64.0, "threshold": 200.0}'
    assert small["verdict"] == "left out"
    assert small["by_hand"] == "no good"
    assert near["duplicate of"] == f"{ids['kept']}, 12 of 256 bits differ"
    assert copy["caption"] == "A tabby cat."
    assert copy["captioned_by"] == "compose, compose"
    assert copy["tags"] == "tabby cat"
    assert copy["merged into it"] == ids["near"]
    assert (broken["image_id"], text["image_id"], old["verdict"]) == (ids["broken"], "", "left out")


def test_all_failures_are_told(release: Release) -> None:
    (page,) = gallery(release, "select image_id from rejects where reason = 'too_small'").sections
    assert [value for name, value in page.cards[0].lines if name == "failed"] == [
        "size: too_small 64 < 200",
        "blur: blurred 3.142 < 8",
    ]


def test_the_order_and_the_limit(release: Release) -> None:
    page = gallery(release, "select image_id, uri from rejects order by uri desc", limit=2)
    assert [lines["uri"] for lines in lines_of(page)] == ["shards/0.tar", "notes/lonely.txt"]
    assert page.intro[1] == "the first 2 rows; there are more"
    assert gallery(release, "from images").intro[1] == "2 rows"


@pytest.mark.parametrize("query", ["select 1 as x", "from nothing", "selec", "copy (select 1) to '/dev/null'", ""])
def test_queries_that_name_no_images(release: Release, query: str) -> None:
    with pytest.raises(BadQuery):
        gallery(release, query)


def test_unknown_ids_are_shown_without_words(release: Release) -> None:
    (lines,) = lines_of(gallery(release, "select 'ffff' as image_id"))
    assert lines == {"image_id": "ffff"}


def hostile_page() -> Page:
    card = Card([HOSTILE, "b"], HOSTILE, [(HOSTILE, HOSTILE)])
    return Page(HOSTILE, [HOSTILE], [Section(HOSTILE, [card])], (HOSTILE,), [(HOSTILE,)])


def test_markup_in_the_data_does_nothing() -> None:
    html = render_page(hostile_page(), {HOSTILE: b"jpeg"})
    found = Elements(html)
    assert {tag for tag, _ in found.found} == ALLOWED
    attributes = {name for _, attributes in found.found for name in attributes}
    assert attributes == {"lang", "charset", "http-equiv", "content", "name", "class", "src", "alt"}
    assert [attributes["src"] for tag, attributes in found.found if tag == "img"] == [
        f"data:image/jpeg;base64,{base64.b64encode(b'jpeg').decode()}"
    ]
    assert not set("\u202e\x00") & set(html)
    assert sum("<script>alert(1)</script>" in text for text in found.texts) >= 6
    assert any("{{ 7 * 7 }}" in text for text in found.texts)


def test_the_policy_allows_only_our_style_and_pictures_in_the_page() -> None:
    html = render_page(Page("x", [], []), {})
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    sha256 = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies: list[Any] = [a["content"] for tag, a in Elements(html).found if a.get("http-equiv")]
    assert policies == [
        f"default-src 'none'; img-src data:; style-src 'sha256-{sha256}'; base-uri 'none'; form-action 'none'"
    ]
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_long_texts_are_cut() -> None:
    page = Page("x", ["y" * 5_000], [])
    assert f"{'y' * 2_000} …" in render_page(page, {})
