"""What `check` says of watchlists that can be read: failing examples, and rules that look wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts import examples
from alerts.advice import RuleWarning, warnings
from alerts.lint import told_twice
from alerts.records import Watchlist
from tidings.settings import Problem


def check_watchlists(
    watchlists: Sequence[Watchlist], tags: Mapping[str, tuple[str, ...]]
) -> tuple[list[Problem], list[Problem], int]:
    """Errors (examples that fail), warnings, and the number of examples that were run."""
    errors: list[Problem] = []
    warned: list[Problem] = []
    ran = 0
    for watchlist in watchlists:
        ran += sum(len(one.examples) for one in watchlist.initiatives)
        for failed in examples.run(watchlist, tags):
            errors.append(_problem(failed.where, *_unmet(failed)))
        warned += map(warned_of, warnings(watchlist))
    warned += map(warned_of, told_twice(watchlists))
    return errors, warned, ran


def warned_of(warning: RuleWarning) -> Problem:
    """A warning as a line of `check`."""
    return _problem(warning.where, warning.problem, warning.remedy)


def _unmet(failed: examples.FailedExample) -> tuple[str, str]:
    text = f"the example “{failed.text}” of {failed.initiative_id}"
    if failed.expected == "match":
        return f"{text} does not match: {failed.decided}", "widen the rule, or move the example to `ignore`"
    return f"{text} is not ignored: {failed.decided}", "narrow the rule, or move the example to `match`"


def _problem(where: str, problem: str, remedy: str) -> Problem:
    file, _, place = where.rpartition(":")
    file, _, line = file.rpartition(":")
    return Problem(file=file, line=int(line or 1), column=int(place or 1), problem=problem, remedy=remedy)
