"""The log has a line for what happened, and not one for each time that nothing did or the same went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from structlog.testing import capture_logs

from tests.fakes.clock import NOON
from tidings.outcomes import Outcomes
from tidings.tasks import PollSource, Report, Settle


class Clock:
    time = NOON

    def now(self) -> datetime:
        return self.time


def test_a_source_that_breaks_and_comes_back_has_three_lines_in_two_days() -> None:
    clock = Clock()
    outcomes = Outcomes(clock)
    task = PollSource("times")
    with capture_logs() as lines:
        for _ in range(60):
            outcomes.heard(Report(task=task, facts={"source": "times"}, problem="answers 500"))
            outcomes.heard(Report(task=PollSource("post"), facts={"source": "post"}, worth_a_line=False))
            clock.time += timedelta(minutes=30)
        outcomes.heard(Report(task=task, facts={"source": "times"}, worth_a_line=False))

    assert [(line["log_level"], line.get("as_before"), line.get("well_again")) for line in lines] == [
        ("warning", None, None),
        ("warning", 47, None),
        ("info", 11, True),
    ]
    assert {line["source"] for line in lines} == {"times"}


def test_what_the_database_could_not_take_is_told_by_its_watch() -> None:
    with capture_logs() as lines:
        Outcomes(Clock()).heard(Report(task=Settle(), problem="the disk is full", storage=True))

    assert lines == []


def test_what_happened_has_its_line() -> None:
    with capture_logs() as lines:
        Outcomes(Clock()).heard(Report(task=Settle(), facts={"matches": 3}))
        Outcomes(Clock()).heard(Report(task=Settle(), worth_a_line=False))

    assert [(line["event"], line["matches"]) for line in lines] == [("Settle", 3)]
