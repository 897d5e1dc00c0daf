"""Pages of pictures with words, each one HTML file that needs no other, runs no script and loads nothing."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dataset_build.release.text import plain

HERE = Path(__file__).parent
SHOWN_CHARACTERS = 2_000
Lines = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Card:
    """One or more pictures, by their ids, and named words below them."""

    image_ids: Sequence[str]
    title: str
    lines: Lines


@dataclass(frozen=True)
class Section:
    """Cards under a heading."""

    title: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Page:
    """A heading, lines and a table that introduce it, and sections of cards."""

    title: str
    intro: Sequence[str]
    sections: Sequence[Section]
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def image_ids(self) -> list[str]:
        """The pictures that it shows, each once, in their order on the page."""
        return list(dict.fromkeys(id_ for s in self.sections for card in s.cards for id_ in card.image_ids))


def render_page(page: Page, jpegs: Mapping[str, bytes]) -> str:
    """The page as HTML; a picture that `jpegs` lacks shows as missing.

    All words are escaped, and the policy in the page's head forbids scripts, foreign styles and every address but the
    pictures that stand in the page (w3.org/TR/CSP3), so that markup in captions, tags or file names does nothing.
    """
    style = (HERE / "page.css").read_text("utf-8")
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(plain=_shown, jpeg=_data_uri)
    pictures = {image_id: jpegs.get(image_id) for image_id in page.image_ids()}
    template = environment.get_template("page.html")
    return template.render(page=page, pictures=pictures, style=Markup(style), policy=_policy(style))  # noqa: S704


def _policy(style: str) -> str:
    sha256 = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{sha256}'; base-uri 'none'; form-action 'none'"


def _shown(value: object) -> str:
    text = plain(str(value))
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
