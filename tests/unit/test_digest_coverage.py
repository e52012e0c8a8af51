"""Times without coverage: the sources that miss the same one share a line, and none is left out of the JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from lxml import html as lxml_html

from alerts.digest import compose
from alerts.messages import Message
from alerts.records import Gap
from alerts.render import Renderer
from alerts.spans import SPANS, spans
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

RENDERER = Renderer()
MINUTE = timedelta(minutes=1)


def gap(source: str, late: timedelta = timedelta(0), **facts: bool) -> Gap:
    return Gap(source=source, start=SINCE + late, end=NOW, **facts)


def message(*gaps: Gap) -> Message:
    matched = [found("Chip call opens")]
    coverage = replace(COVERAGE, gaps=gaps)
    return RENDERER.render(compose(plan(), (slot(),), SINCE, matched, INITIATIVES, {}, coverage, NOW), NOW)


def test_sources_that_miss_the_same_time_share_a_line() -> None:
    """In both parts; the JSON has each by itself."""
    told = message(*(gap(f"Paper {n:02}") for n in range(78)))

    page = lxml_html.document_fromstring(told.html).text_content()
    for part in (told.text, page):
        words = " ".join(part.split())
        assert (
            "Not covered: 78 sources: Paper 00, Paper 01, Paper 02 and 75 more, Tue 24 Nov, 07:30 to Wed 25"
            in words
        )
        assert words.count("Not covered:") == 1
    assert len(json.loads(told.data)["data"]["coverage"]["gaps"]) == 78


def test_one_source_goes_by_its_name() -> None:
    assert "Not covered: The Daily, Tue 24 Nov, 07:30 to" in " ".join(message(gap("The Daily")).text.split())


def test_spans_alike_to_the_minute_are_one() -> None:
    """As polls of one outage begin seconds apart, and readers see minutes."""
    (one,) = spans([gap("A", timedelta(seconds=5)), gap("B", timedelta(seconds=50))])

    assert (one.sources, one.parts) == (("A", "B"), False)


def test_what_was_caught_up_stands_behind_what_was_not() -> None:
    found = spans([gap("A", caught_up=True), gap("B"), gap("C", caught_up=True)])

    assert [(one.sources, one.caught_up) for one in found] == [(("B",), False), (("A", "C"), True)]


def test_past_eight_different_spans_one_line_tells_of_the_rest() -> None:
    """Those of most sources stand alone; the rest is one span, of which each source misses a part."""
    many = [gap(f"P{n:02}", n * MINUTE) for n in range(20)]
    common = [gap(f"Q{n}", 30 * MINUTE) for n in range(3)]

    found = spans([*many, *common])

    assert len(found) == SPANS + 1
    assert found[0].sources == ("Q0", "Q1", "Q2")
    assert (found[-1].start, found[-1].end, found[-1].parts) == (SINCE + 7 * MINUTE, NOW, True)
    assert sorted(name for one in found for name in one.sources) == sorted(
        one.source for one in many + common
    )
    words = " ".join(message(*many, *common).text.split())
    assert (
        "13 sources, each in part: P07, P08, P09 and 10 more, Tue 24 Nov, 07:37 to Wed 25 Nov, 07:30" in words
    )


def test_a_source_with_many_spans_is_named_once_among_the_rest() -> None:
    found = spans([gap("A", n * MINUTE) for n in range(30)])

    assert found[-1].sources == ("A",)
    words = " ".join(message(*(gap("A", n * MINUTE) for n in range(30))).text.split())
    assert "Not covered: A, in part, Tue 24 Nov, 07:38 to Wed 25 Nov, 07:30" in words


def test_nothing_missed_is_no_line() -> None:
    assert spans([]) == ()
    assert "Not covered:" not in message().text
