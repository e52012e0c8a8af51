"""What was not looked at: blocked apart from failing, and how much time is not covered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import coverage_words
from alerts.digest import compose
from alerts.records import Coverage, FailingSource, Gap
from alerts.render import Renderer
from crawler.records import SourceState
from tests.fakes.outbox import COVERAGE, INITIATIVES, NOW, SINCE, found, plan, slot

HOUR = timedelta(hours=1)
RENDERER = Renderer()


def failing(name: str, state: SourceState = SourceState.FAILING) -> FailingSource:
    return FailingSource(source=name, since=SINCE, reason="a reason", state=state)


def gap(source: str, start: float, end: float, **facts: bool) -> Gap:
    """From and to so many hours after the window began."""
    return Gap(source=source, start=SINCE + start * HOUR, end=SINCE + end * HOUR, **facts)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([], ""),
        ([SourceState.FAILING], "1 source failing"),
        ([SourceState.BLOCKED], "1 source blocked"),
        ([SourceState.BLOCKED] * 2, "2 sources blocked"),
        ([SourceState.FAILING, SourceState.BLOCKED, SourceState.GONE], "2 sources failing, 1 blocked"),
    ],
)
def test_blocked_sources_are_counted_apart(states: list[SourceState], words: str) -> None:
    assert coverage_words.failing([failing("x", state) for state in states]) == words


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ([], "No gaps."),
        ([gap("A", 0, 5, caught_up=True)], "No gaps."),
        ([gap("A", 1, 3.5)], "2 h 30 min not covered at 1 source, see below."),
        ([gap("A", 1, 3), gap("B", 2, 4)], "3 h not covered at 2 sources, see below."),
        ([gap("A", 1, 4), gap("B", 2, 3)], "3 h not covered at 2 sources, see below."),
        ([gap("A", 1, 2), gap("A", 5, 5.5)], "1 h 30 min not covered at 1 source, see below."),
        ([gap("B", 3, 4), gap("A", 0, 0.25)], "1 h 15 min not covered at 2 sources, see below."),
        ([gap("A", 0, 0.001)], "1 min not covered at 1 source, see below."),
        ([gap("A", 0, 24)], "24 h not covered at 1 source, see below."),
        ([gap("A", 0, 74)], "3 days 2 h not covered at 1 source, see below."),
    ],
)
def test_time_that_several_sources_miss_counts_once(gaps: list[Gap], words: str) -> None:
    assert coverage_words.not_covered(gaps) == words


def test_each_form_says_which_source_is_blocked() -> None:
    """In words under its own name, in the JSON by its state; there all of them stand under `failing`."""
    sources = (failing("The Gate", SourceState.BLOCKED), failing("The Fall"))
    coverage = replace(COVERAGE, failing=sources)
    digest = compose(plan(), (slot(),), SINCE, [found("News")], INITIATIVES, {}, coverage, NOW)
    message = RENDERER.render(digest, NOW)

    for part in (message.text, message.html):
        assert "1 source failing, 1 blocked." in " ".join(part.split())
    assert "  - Failing: The Fall" in message.text
    assert "  - Blocked: The Gate" in message.text
    assert message.text.index("Failing: The Fall") < message.text.index("Blocked: The Gate")
    states = {one["source"]: one["state"] for one in json.loads(message.data)["data"]["coverage"]["failing"]}
    assert states == {"The Gate": "blocked", "The Fall": "failing"}


def test_with_nothing_amiss_the_line_says_so() -> None:
    line = coverage_words.line(Coverage(checked=12), SINCE, NOW, "UTC")

    assert line.endswith("None failing or blocked. No gaps.")


def test_where_no_source_was_checked_nothing_is_said_to_be_well() -> None:
    line = coverage_words.line(Coverage(checked=0), SINCE, NOW, "UTC")

    assert line.startswith("No source was checked from ")
    assert "None failing" not in line
    assert "No gaps" not in line


def test_a_span_within_a_day_names_the_day_once() -> None:
    coverage = replace(COVERAGE, gaps=(gap("The Daily", 1, 2.5),))
    digest = compose(plan(), (slot(),), SINCE, [found("News")], INITIATIVES, {}, coverage, NOW)

    assert "Not covered: The Daily, Tue 24 Nov, 08:30 to 10:00" in RENDERER.render(digest, NOW).text
