"""Why a story was matched, as a reader is told; and what stands beside the links of an alert."""

from __future__ import annotations

import re
from dataclasses import replace

from alerts.digest import compose
from alerts.pages import Pages
from alerts.records import Evidence, Field, Strength
from alerts.render import Renderer
from alerts.render_alert import render_alert
from tests.fakes import alert_samples
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot


def met(term: str, field: Field) -> Evidence:
    return Evidence(term=term, field=field, start=0, end=1, snippet="News", strength=Strength.STRONG)


def why(*evidence: Evidence) -> str:
    """What the text part says was matched."""
    one = found("News")
    one = replace(one, match=replace(one.match, evidence=evidence))
    digest = compose(plan(), (slot(),), SINCE, [one], INITIATIVES, {}, COVERAGE, NOW)
    (said,) = re.findall(r"Matched (.*?)\n\n?(?:    \S|[-=])", Renderer().render(digest, NOW).text, re.DOTALL)
    return " ".join(str(said).split())


def test_each_place_is_named_once_for_all_that_stands_there() -> None:
    said = why(
        met("India", Field.TEXT),
        met("tariff", Field.TITLE),
        met("India", Field.TITLE),
        met("oil", Field.TITLE),
    )

    assert said == "“India” in the title and the text; “tariff” and “oil” in the title"


def test_of_many_terms_in_one_place_some_are_named() -> None:
    said = why(*(met(f"term {n}", Field.TEXT) for n in range(6)))

    assert said == "“term 0”, “term 1”, “term 2” and 3 more in the text"


def test_a_link_of_an_alert_without_a_note_begins_with_its_host() -> None:
    """The page that proves a commitment met has an address and nothing else to tell."""
    alert = alert_samples.samples()["commitment"]

    page = render_alert(alert, alert_samples.NOW, key="k", pages=Pages()).html

    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "Met by post.example" in words
