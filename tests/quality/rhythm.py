"""`python -m tests.quality.rhythm`: which days of the U.S. headlines are a surge of India and tariffs, or a silence.

The headlines that the rule of `replay` matches are folded into stories in the order in which they were first seen,
and each day is judged as the program would at its end. At the close a silence is planted: from a day on, nothing
more comes.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from alerts.rhythm import DAY, NotYet, Past, Silence, Surge, silence, surge
from crawler.shelf import fold_all
from tests.quality.replay import Seen, headlines

COUNTRY = re.compile(r"\b(India|Indian|Modi|Delhi)\b")
TRADE = re.compile(r"\b(tariffs?|duties|trade|oil)\b", re.IGNORECASE)


def past_of(seen: Iterable[Seen], since: date) -> Past:
    """The days (UTC) on which stories began among headlines in time's order; `since`: watched from that day on."""
    found = list(seen)
    folds = dict(fold_all([one.article() for one in found]))
    first: dict[str, date] = {}
    for one in found:
        first.setdefault(folds[one.article().id].story_id, one.at.date())
    return Past(
        since=since,
        stories=Counter(first.values()),
        last_report=found[-1].at.date() if found else None,
    )


def until(past: Past, day: date) -> Past:
    """The same as it was known at the end of `day`."""
    known = {when: number for when, number in past.stories.items() if when <= day}
    return Past(since=past.since, stories=known, last_report=max(known, default=None))


def judged(past: Past, first: date, last: date) -> Iterable[tuple[date, Surge | Silence | NotYet]]:
    """Each verdict that is new, by the day on which it came."""
    told: set[tuple[date, int]] = set()
    day = first
    while day <= last:
        known = until(past, day)
        for verdict in (surge(known, day), silence(known, day)):
            match verdict:
                case Surge():
                    key = (verdict.start, -1)
                case Silence():
                    key = (verdict.last_report, verdict.number)
                case _:
                    continue
            if key not in told:
                told.add(key)
                yield day, verdict
        day += DAY


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.quality.rhythm", description=__doc__)
    parser.add_argument("--first", default="2025-07-24", type=date.fromisoformat)
    parser.add_argument("--last", default="2025-08-31", type=date.fromisoformat)
    parser.add_argument("--planted", default="2025-08-08", type=date.fromisoformat, metavar="DAY")
    asked = parser.parse_args()
    seen = [one for one in headlines("headlines-us") if asked.first <= one.at.date() <= asked.last]
    matched = [one for one in seen if COUNTRY.search(one.title) and TRADE.search(one.title)]
    past = past_of(matched, asked.first)
    day = asked.first
    while day <= asked.last:
        print(f"{day:%a %d %b} {past.stories.get(day, 0):3d}  {_mark(surge(until(past, day), day))}")
        day += DAY
    print("told:")
    _show(past, asked.first, asked.last)
    print(f"told, with nothing after {asked.planted}:")
    _show(until(past, asked.planted), asked.first, asked.last)
    everything = past_of(seen, asked.first)
    print("told, of all headlines:")
    _show(everything, asked.first, asked.last)


def _mark(verdict: Surge | NotYet | None) -> str:
    match verdict:
        case Surge():
            return f"SURGE since {verdict.start:%d %b}, expected {verdict.expected:.1f}"
        case NotYet():
            return verdict.why
        case None:
            return ""


def _show(past: Past, first: date, last: date) -> None:
    for day, verdict in judged(past, first, last):
        print(f"  {day}: {verdict}")


if __name__ == "__main__":
    main()
