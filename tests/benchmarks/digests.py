"""Rendering a digest of 500 stories with styles inlined, against Jinja2 and premailer."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import jinja2
import premailer

from alerts.document import EVERYTHING, Document
from alerts.pages import BUNDLED
from alerts.records import Coverage, Digest, Evidence, Field, Section, Story, Strength, Telling
from alerts.render import Renderer
from alerts.wrap import wrapped
from tests.benchmarks.race import race, show

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STORIES = 500
PLAIN = """<html><head><style>h2 {font-size: 18px} .s {color: #333; margin: 0 0 12px} a {color: #06c}</style></head><body>
{% for s in stories %}<div class="s"><h2><a href="{{ s.lead.url }}">{{ s.lead.title }}</a></h2>
<p>{{ s.lead.source }}, {{ s.lead.published }}</p><p>{{ s.snippet }}</p></div>{% endfor %}</body></html>"""


def _telling(number: int, outlet: int, title: str) -> Telling:
    return Telling(
        article_id=f"{number:012x}{outlet:04x}",
        title=title,
        url=f"https://news-{outlet % 40}.example/2026/03/02/step-{number}-of-the-semiconductor-roadmap",
        source=f"Outlet {outlet % 40}",
        source_id=f"outlet-{outlet % 40}",
        published=NOON - timedelta(minutes=number),
        found=NOON,
    )


def _story(number: int) -> Story:
    """One in three is told by three outlets, half of them matched in the text."""
    title = f"Ministers agree on step {number} of the semiconductor roadmap"
    tellings = [_telling(number, number + n, title) for n in range(3 if number % 3 == 0 else 1)]
    snippet = (
        f"… said that step {number} of the semiconductor roadmap would be taken by the end of the year …"
    )
    evidence = Evidence(
        term="semiconductor",
        field=Field.TEXT if number % 2 else Field.TITLE,
        start=26,
        end=39,
        snippet=snippet if number % 2 else title,
        strength=Strength.STRONG,
    )
    return Story(
        id=f"{number}",
        lead=tellings[0],
        snippet=evidence.snippet,
        evidence=(evidence,),
        also=tuple(tellings[1:]),
        outlets=tuple(one.source for one in tellings),
        reports=len(tellings),
    )


def _digest() -> Digest:
    stories = tuple(_story(number) for number in range(STORIES))
    return Digest(
        digest_id="bench",
        title="Bench",
        slot=NOON,
        since=NOON - timedelta(days=1),
        until=NOON,
        zone="UTC",
        sections=(Section(initiative_id="chips", name="Chips", stories=stories),),
        coverage=Coverage(checked=40),
    )


def bench() -> None:
    """The peer gets the same facts: once with our templates and all that we prepare for them, once with a plain page."""
    digest = _digest()
    renderer = Renderer(None)
    plain = jinja2.Environment(autoescape=True).from_string(PLAIN)
    ours = jinja2.Environment(
        loader=jinja2.FileSystemLoader(BUNDLED), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    ours.filters["wrap"] = wrapped

    def page() -> object:
        with renderer.pages.opened() as writer:
            return writer.html("digest.html.j2", Document(digest, "Bench").within(EVERYTHING))

    def mail() -> object:
        return renderer.render(digest, NOON)

    def inlined(html: str) -> object:
        return premailer.transform(html, disable_validation=True, cssutils_logging_level=logging.CRITICAL)

    def same_page() -> object:
        data = Document(digest, "Bench").within(EVERYTHING)
        return inlined(ours.get_template("digest.html.j2").render(data))

    def plain_page() -> object:
        return inlined(plain.render(stories=digest.sections[0].stories))

    same = "jinja2 + premailer: the same page"
    results = race(
        {
            "tidings: page of all, inlined": page,
            "tidings: mail (HTML of 100 kB, text, JSON)": mail,
            same: same_page,
            "jinja2 + premailer: a plain page": plain_page,
        }
    )
    show("Rendering a digest of 500 stories", results, base=same, unit="stories", amount=STORIES)
