"""Rendering a digest of 500 stories with styles inlined, against Jinja2 and premailer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jinja2
import premailer

from alerts.records import Coverage, Digest, Evidence, Field, Section, Story, Strength, Telling
from alerts.render import Renderer
from tests.benchmarks.race import race, show

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAIN = """<html><head><style>h2 {font-size: 18px} .s {color: #333; margin: 0 0 12px} a {color: #06c}</style></head><body>
{% for s in stories %}<div class="s"><h2><a href="{{ s.lead.url }}">{{ s.lead.title }}</a></h2>
<p>{{ s.lead.source }}, {{ s.lead.published }}</p><p>{{ s.snippet }}</p></div>{% endfor %}</body></html>"""


def _story(number: int) -> Story:
    title = f"Ministers agree on step {number} of the semiconductor roadmap"
    lead = Telling(
        article_id=f"{number:016x}",
        title=title,
        url=f"https://news.example/{number}",
        source=f"Outlet {number % 40}",
        source_id=f"outlet-{number % 40}",
        published=NOON - timedelta(minutes=number),
        found=NOON,
    )
    evidence = Evidence(
        term="semiconductor", field=Field.TITLE, start=26, end=39, snippet=title, strength=Strength.STRONG
    )
    return Story(id=f"{number}", lead=lead, snippet=title, evidence=(evidence,), outlets=(lead.source,))


def bench() -> None:
    stories = tuple(_story(number) for number in range(500))
    digest = Digest(
        digest_id="bench",
        title="Bench",
        slot=NOON,
        since=NOON - timedelta(days=1),
        until=NOON,
        zone="UTC",
        sections=(Section(initiative_id="chips", name="Chips", stories=stories),),
        coverage=Coverage(checked=40),
    )
    renderer = Renderer(None)
    template = jinja2.Environment(autoescape=True).from_string(PLAIN)

    def ours() -> object:
        return renderer.render(digest, NOON)

    def peer() -> object:
        return premailer.transform(template.render(stories=stories))

    results = race({"tidings: HTML, text and JSON": ours, "jinja2 + premailer: HTML": peer})
    show(
        "Rendering a digest of 500 stories",
        results,
        base="jinja2 + premailer: HTML",
        unit="stories",
        amount=500,
    )
