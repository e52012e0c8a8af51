"""A surge and a silence in words, with the numbers that make them one: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time

from alerts.bringers import Bringer, Cause, Standing
from alerts.rhythm import Silence, Surge
from alerts.safe import one_line

NAMED = 10  # sources of one kind
SHORT = 80  # letters of a name in a subject, so that the numbers are not cut off


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a message says."""

    subject: str
    paragraphs: tuple[str, ...]


def surge_words(name: str, surge: Surge, read_on: date, until: time | None = None) -> Words:
    """The numbers of a surge.

    Args:
        read_on: the day on which it is read; on the day of the surge it says "today".
        until: when the stories were counted; None: when the day was over.
    """
    when = "today" if surge.day == read_on else f"on {surge.day:%a} {_day(surge.day)}"
    stories = _number(surge.stories, "story", "stories")
    weekdays = f"the last {len(surge.weekdays)} {surge.day:%A}s had {_listed(surge.weekdays)}"
    lately = f"the {len(surge.lately)} days before had {sum(surge.lately)} in all, at most {max(surge.lately)} a day"
    so_far = "" if until is None else f", by {until:%H:%M}"
    paragraphs = [
        f"{name} has {stories} {when}{so_far}. By its own rhythm {_range(surge.low, surge.high)} would be usual,"
        f" {surge.expected:.1f} expected.",
        f"For comparison, {weekdays}; {lately}.",
    ]
    if surge.start < surge.day:
        paragraphs.append(f"It began on {surge.start:%A}, {_day(surge.start)}.")
    paragraphs.append(
        "Stories are counted, however many outlets tell each of them. You get this once: the surge is over with the"
        " first ordinary day, and a later one is told again."
    )
    return Words(
        subject=f"Surge: {one_line(name, SHORT)}: {stories} {when}, usually {_range(surge.low, surge.high)}",
        paragraphs=tuple(paragraphs),
    )


def silence_words(name: str, silence: Silence, cause: Cause) -> Words:
    """With the sources that used to bring its news, and what became of them."""
    days = _number(silence.days, "day", "days")
    usual = _number(silence.usual, "day", "days")
    still = "Still no" if silence.number else "No"
    paragraphs = [
        f"{still} report on {name} for {days}: the last one came on {silence.last_report:%A},"
        f" {_day(silence.last_report)}. Its pauses are usually no longer than {usual}.",
        *_cause(cause),
        f"If it stays silent, you are told again after {2 ** (silence.number + 1) * silence.begins} days.",
    ]
    return Words(
        subject=f"Silence: {one_line(name, SHORT)}: no report for {days}; {_in_short(cause)}",
        paragraphs=tuple(paragraphs),
    )


def _in_short(cause: Cause) -> str:
    every, out = len(cause.standings), cause.out
    if not every:
        return "its sources are not known any more"
    if not out:
        answer = "source answers" if every == 1 else "sources answer"
        listing = "the topic is quiet" if cause.of(Standing.NEWS) else "with nothing new at all"
        return f"its {answer}, {listing}"
    what = {Standing.FAILS: ("fails", "fail"), Standing.PAUSED: ("is paused", "are paused")}
    kinds = {standing for one, standing in cause.standings if one in out}
    one_is, many_are = (
        what.get(min(kinds), ("is out", "are out")) if len(kinds) == 1 else ("is out", "are out")
    )
    if every == 1:
        return f"its only source {one_is}"
    if len(out) == every:
        return f"{'both its' if every == 2 else f'all its {every}'} sources {many_are}"
    share = f"{len(out)} of its {every} sources {one_is if len(out) == 1 else many_are}"
    return share if cause.is_ours else f"quiet topic, though {share}"


def _cause(cause: Cause) -> Iterator[str]:
    if not cause.standings:
        yield "Which sources used to bring its news is not known any more."
        return
    every = sum(one.reports for one, _ in cause.standings)
    lost = sum(one.reports for one in cause.out)
    brought = _number(every, "report", "reports")
    if cause.is_ours:
        yield (
            f"Sources may be the cause: those that are out brought {lost} of the {brought} of the half year before,"
            " so the silence proves nothing about the topic."
        )
    elif lost:
        yield (
            f"The topic seems to be quiet: sources that are out brought only {lost} of the {brought} of the half"
            " year before."
        )
    elif cause.of(Standing.NEWS):
        yield f"The topic seems to be quiet: the sources that brought its {brought} answer, and list other news."
    else:
        yield f"The sources that brought its {brought} answer, but have listed nothing new since."
    for standing in Standing:
        if some := cause.of(standing):
            yield f"{_heading(standing, len(some))}: {'; '.join(_sources(some, standing))}."


def _heading(standing: Standing, number: int) -> str:
    one, many = {
        Standing.FAILS: ("Fails", "Fail"),
        Standing.PAUSED: ("Is paused", "Are paused"),
        Standing.REMOVED: ("Was removed", "Were removed"),
        Standing.STILL: ("Answers, with nothing new", "Answer, with nothing new"),
        Standing.NEWS: ("Answers, with other news", "Answer, with other news"),
    }[standing]
    return one if number == 1 else many


def _sources(some: Sequence[Bringer], standing: Standing) -> Iterator[str]:
    for one in some[:NAMED]:
        facts = [_number(one.reports, "report", "reports")]
        if standing is Standing.FAILS:
            if one.since is not None:
                facts.append(f"since {_day(one.since)}")
            facts.append(one.problem or str(one.state))
        yield f"{one.source} ({', '.join(facts)})"
    if len(some) > NAMED:
        yield f"{len(some) - NAMED} more"


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _range(low: int, high: int) -> str:
    if high == 0:
        return "none"
    return str(high) if low == high else f"{low} to {high}"


def _listed(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last


def _day(moment: date) -> str:
    return f"{moment.day} {moment:%b}"
