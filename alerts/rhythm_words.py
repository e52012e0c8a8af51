"""A surge, a silence and its end in words, with the numbers that make them one: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from alerts.alert_records import (
    Alert,
    AlertType,
    Entry,
    Listing,
    SilenceOver,
    SilenceTold,
    SurgeTold,
    ToldStory,
)
from alerts.bringers import Bringer, Cause, Standing
from alerts.records import Initiative
from alerts.rhythm import Silence, Surge
from alerts.safe import one_line
from alerts.wording import count, day

NAMED = 10  # sources of one kind
SHORT = 80  # letters of a name in a subject, so that the numbers are not cut off


def surge_alert(
    initiative: Initiative,
    surge: Surge,
    stories: Sequence[ToldStory] = (),
    *,
    read_on: date,
    until: time | None = None,
    zone: str = "UTC",
) -> Alert:
    """The numbers of a surge, and the stories of its day that are in most outlets.

    Args:
        read_on: the day on which it is read; on the day of the surge it says "today".
        until: when the stories were counted; None: when the day was over.
    """
    name = initiative.name
    when = "today" if surge.day == read_on else f"on {_lately(surge.day)}"
    number = count(surge.stories, "story", "stories")
    weekdays = f"the last {len(surge.weekdays)} {surge.day:%A}s had {_listed(surge.weekdays)}"
    lately = f"the {len(surge.lately)} days before had {sum(surge.lately)} in all, at most {max(surge.lately)} a day"
    so_far = "" if until is None else f", by {until:%H:%M}"
    paragraphs = [
        f"{name} has {number} {when}{so_far}. By its own rhythm {_range(surge.low, surge.high)} would be usual,"
        f" {surge.expected:.1f} expected.",
        f"For comparison, {weekdays}; {lately}.",
    ]
    if surge.start < surge.day:
        paragraphs.append(f"It began on {surge.start:%A}, {day(surge.start)}.")
    heading = f"Stories {when}, those in most outlets first"
    return Alert(
        type=AlertType.SURGE,
        subject=f"Surge: {one_line(name, SHORT)}: {number} {when}, usually {_range(surge.low, surge.high)}",
        event=SurgeTold(surge=surge, stories=tuple(stories)),
        paragraphs=tuple(paragraphs),
        lists=(_stories(heading, stories, surge.stories - len(stories), zone),) if stories else (),
        closing=(
            "Stories are counted, however many outlets tell each of them. You get this once: the surge is over with"
            " the first ordinary day, and a later one is told again.",
        ),
        initiatives=((initiative.id, name),),
        zone=zone,
    )


def silence_alert(initiative: Initiative, silence: Silence, cause: Cause, zone: str = "UTC") -> Alert:
    """With the sources that used to bring its news, and what became of them."""
    name = initiative.name
    days = count(silence.days, "day", "days")
    usual = count(silence.usual, "day", "days")
    still = "Still no" if silence.number else "No"
    return Alert(
        type=AlertType.SILENCE,
        subject=f"Silence: {one_line(name, SHORT)}: no report for {days}; {_in_short(cause)}",
        event=SilenceTold(silence=silence, cause=cause),
        paragraphs=(
            f"{still} report on {name} for {days}: the last one came on {silence.last_report:%A},"
            f" {day(silence.last_report)}. Its pauses are usually no longer than {usual}.",
            _cause(cause),
        ),
        lists=tuple(_sources(cause)),
        closing=(
            "You are told when a report comes again."
            f" If it stays silent, you are told again after {2 ** (silence.number + 1) * silence.begins} days.",
        ),
        initiatives=((initiative.id, name),),
        zone=zone,
    )


def over_alert(initiative: Initiative, over: SilenceOver, zone: str = "UTC") -> Alert:
    """The first report after a silence that was told."""
    name, first = initiative.name, over.stories[0]
    after = f"after {count(over.days, 'day', 'days')}"
    title = one_line(first.title, SHORT) or "(no title)"
    came = first.came.astimezone(ZoneInfo(zone))
    return Alert(
        type=AlertType.SILENCE_OVER,
        subject=f"Silence over: {one_line(name, SHORT)}: first report {after}: {title}",
        event=over,
        paragraphs=(
            f"First report on {name} {after}: it came on {came:%A}, {day(came.date())}, at {came:%H:%M}."
            f" The one before it came on {day(over.last_report)}.",
        ),
        lists=(_stories("Since then", over.stories, over.more, zone),),
        closing=("The silence of which you were told is over with this.",),
        initiatives=((initiative.id, name),),
        zone=zone,
    )


def _stories(heading: str, stories: Sequence[ToldStory], more: int, zone: str) -> Listing:
    return Listing(
        heading=heading, entries=tuple(_story(one, ZoneInfo(zone)) for one in stories), more=max(more, 0)
    )


def _story(one: ToldStory, zone: ZoneInfo) -> Entry:
    others = one.outlets - 1
    by = one.source + (f" and {count(others, 'more outlet', 'more outlets')}" if others > 0 else "")
    return Entry(title=one.title, url=one.url, note=f"{by}, {_moment(one.published or one.came, zone)}")


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


def _cause(cause: Cause) -> str:
    if not cause.standings:
        return "Which sources used to bring its news is not known any more."
    every = sum(one.reports for one, _ in cause.standings)
    lost = sum(one.reports for one in cause.out)
    brought = count(every, "report", "reports")
    if cause.is_ours:
        return (
            f"Sources may be the cause: those that are out brought {lost} of the {brought} of the half year before,"
            " so the silence proves nothing about the topic."
        )
    if lost:
        return (
            f"The topic seems to be quiet: sources that are out brought only {lost} of the {brought} of the half"
            " year before."
        )
    if cause.of(Standing.NEWS):
        return f"The topic seems to be quiet: the sources that brought its {brought} answer, and list other news."
    return f"The sources that brought its {brought} answer, but have listed nothing new since."


def _sources(cause: Cause) -> Iterator[Listing]:
    for standing in Standing:
        if some := cause.of(standing):
            shown = some[:NAMED]
            yield Listing(
                heading=_heading(standing, len(some)),
                entries=tuple(_source(one, standing) for one in shown),
                more=len(some) - len(shown),
            )


def _heading(standing: Standing, number: int) -> str:
    one, many = {
        Standing.FAILS: ("Fails", "Fail"),
        Standing.PAUSED: ("Is paused", "Are paused"),
        Standing.REMOVED: ("Was removed", "Were removed"),
        Standing.STILL: ("Answers, with nothing new", "Answer, with nothing new"),
        Standing.NEWS: ("Answers, with other news", "Answer, with other news"),
    }[standing]
    return one if number == 1 else many


def _source(one: Bringer, standing: Standing) -> Entry:
    note = count(one.reports, "report", "reports")
    if standing is not Standing.FAILS:
        return Entry(title=one.source, note=note)
    if one.since is not None:
        note += f", failing since {day(one.since)}"
    return Entry(title=one.source, note=note, lines=(one.problem or str(one.state),), bad=True)


def _range(low: int, high: int) -> str:
    if high == 0:
        return "none"
    return str(high) if low == high else f"{low} to {high}"


def _listed(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last


def _lately(moment: date) -> str:
    """`Tue 24 Nov`: of days so near that nobody asks for the year."""
    return f"{moment:%a} {moment.day} {moment:%b}"


def _moment(when: datetime, zone: ZoneInfo) -> str:
    local = when.astimezone(zone)
    return f"{_lately(local.date())}, {local:%H:%M}"
