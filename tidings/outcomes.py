"""What a running daemon writes into its log of each task: a line an outcome, and of a trouble that repeats itself one a day."""

from __future__ import annotations

from collections.abc import Hashable

import structlog

from crawler.ports import Clock
from tidings.repeats import Line, Repeats
from tidings.tasks import PollSource, Report

log = structlog.get_logger(__name__)


class Outcomes:
    """Hears of every task that ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._repeats = Repeats()

    def heard(self, report: Report) -> None:
        """Write the line, where there is one to write."""
        if report.storage:
            return  # told once for all tasks, by the watch over the database
        what, thing = type(report.task).__name__, _thing(report)
        if report.problem is not None:
            line = self._repeats.trouble(thing, report.problem, self._clock.now())
            if line is not None:
                log.warning(what, problem=report.problem, **report.facts, **_again(line))
            return
        over = self._repeats.well(thing)
        if over is not None:
            log.info(what, well_again=True, **report.facts, **_again(over))
        elif report.warning is not None:
            log.warning(what, warning=report.warning, **report.facts)
        elif report.worth_a_line:
            log.info(what, **report.facts)


def _thing(report: Report) -> Hashable:
    """What is in trouble: the source, the article, or the kind of work."""
    return report.task if not isinstance(report.task, PollSource) else report.task.source_id


def _again(line: Line) -> dict[str, object]:
    facts: dict[str, object] = {}
    if line.since is not None:
        facts["since"] = line.since.isoformat(timespec="seconds")
    if line.repeats:
        facts["as_before"] = line.repeats
    return facts
