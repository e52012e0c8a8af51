"""When a story was published and when it was found, as a reader is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from lxml import html as lxml_html

from alerts.digest import compose
from alerts.messages import Message
from alerts.records import Field, MatchedArticle
from alerts.render import Renderer
from alerts.wording import times
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

ZONE = "America/New_York"
SEEN = datetime.fromisoformat("2026-11-25T05:30-05:00")


def published(when: datetime | None) -> str:
    telling = replace(found("t").telling, published=when, found=SEEN)
    return times(telling, ZONE, NOW)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(minutes=30), "Wed 25 Nov, 05:00"),
        (timedelta(hours=10), "Tue 24 Nov, 19:30"),
        (timedelta(hours=12), "Tue 24 Nov, 17:30"),
        (timedelta(hours=13), "Tue 24 Nov, 16:30, found Wed 25 Nov, 05:30"),
        (timedelta(days=400), "Tue 21 Oct 2025, 06:30, found Wed 25 Nov, 05:30"),
        (-timedelta(minutes=5), "Wed 25 Nov, 05:35"),
        (-timedelta(hours=3), "dated ahead, Wed 25 Nov, 08:30, found Wed 25 Nov, 05:30"),
        (-timedelta(days=50), "dated ahead, Thu 14 Jan 2027, 05:30, found Wed 25 Nov, 05:30"),
    ],
)
def test_the_find_is_told_where_it_differs_by_half_a_day_or_the_date_cannot_be(
    before: timedelta, words: str
) -> None:
    """A clock that is minutes wrong is no matter."""
    assert published(SEEN - before) == words


def test_without_a_date_the_find_is_all_that_is_known() -> None:
    assert published(None) == "no date, found Wed 25 Nov, 05:30"


def message(*matched: MatchedArticle, most: int = 40) -> Message:
    digest = compose(plan(max_stories=most), (slot(),), SINCE, matched, INITIATIVES, {}, COVERAGE, NOW)
    return Renderer().render(digest, NOW)


def forms(one: Message) -> tuple[str, str]:
    page = lxml_html.document_fromstring(one.html).text_content()
    return " ".join(one.text.split()), " ".join(page.split())


@pytest.mark.parametrize("most", [40, 1])
def test_every_telling_has_its_time_in_both_parts(most: int) -> None:
    """In full, by title and as a further outlet."""
    told = message(
        found("First", source="Alpha", story="s", hours=4),
        found("First", source="Beta", story="s", hours=3),
        found("Other words", source="Gamma", story="s", hours=2),
        found("Second", source="Delta", hours=1, published=NOW - timedelta(hours=20)),
        most=most,
    )

    for part in forms(told):
        for time in ("Wed 25 Nov, 03:00", "Wed 25 Nov, 04:00", "Wed 25 Nov, 05:00"):
            assert time in part
        assert "Tue 24 Nov, 11:30, found Wed 25 Nov, 06:30" in part


def test_a_late_find_says_the_find_once() -> None:
    told = message(found("Old promise", published=NOW - timedelta(days=6)))

    for part in forms(told):
        assert "Thu 19 Nov, 07:30" in part
        assert "published 6 days ago, found today" in part
        assert "found Wed 25 Nov" not in part


def test_what_matched_in_the_headline_is_marked_there_beside_the_text() -> None:
    """Each piece of evidence stands where it was found."""
    one = found("The TRUST initiative and iCET", snippet="… officials said that iCET was over …", term="iCET")
    (text,) = one.match.evidence
    title = replace(text, field=Field.TITLE, term="TRUST initiative", words="TRUST initiative")
    told = message(replace(one, match=replace(one.match, evidence=(title, replace(text, words="iCET")))))

    marked = [mark.text for mark in lxml_html.document_fromstring(told.html).iter("mark")]

    assert marked == ["TRUST initiative", "iCET"]
