"""Commitments that come near, are due, are overdue or have ended, in words: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.alert_records import Alert, AlertType, CommitmentsTold, CommitmentTold, Entry, Listing
from alerts.records import CommitmentState, Telling
from alerts.safe import link, one_line
from alerts.wording import count, day, listed

SHORT = 70  # letters of a promise in a subject
REPORTS = 5  # under one commitment

_HEADINGS = {
    "overdue": "Overdue",
    "today": "Due today",
    "ahead": "Due soon",
    "met": "Met",
    "missed": "Missed",
    "dropped": "Dropped",
}


def commitments_alert(told: Sequence[CommitmentTold], zone: str) -> Alert:
    """One message for all of them, the overdue ones first."""
    ranked = sorted(
        told, key=lambda one: (list(_HEADINGS).index(standing(one)), one.days or 0, one.commitment.id)
    )
    groups = {name: [one for one in ranked if standing(one) == name] for name in _HEADINGS}
    still_open = any(one.commitment.state is CommitmentState.OPEN for one in ranked)
    return Alert(
        type=AlertType.COMMITMENT,
        subject=_subject(ranked, groups),
        event=CommitmentsTold(commitments=tuple(ranked)),
        paragraphs=tuple(_lead(groups)),
        lists=tuple(
            Listing(heading=_HEADINGS[name], entries=tuple(_entry(one, zone) for one in some))
            for name, some in groups.items()
            if some
        ),
        closing=(_told_when(ranked),) if still_open else ("You are told no more of what has ended.",),
        initiatives=tuple(dict.fromkeys((one.initiative_id, one.initiative) for one in ranked)),
        zone=zone,
    )


def _told_when(told: Sequence[CommitmentTold]) -> str:
    """What comes before the day is as the user wants it; where that differs among them it is not spelled out."""
    before = {one.before for one in told if one.commitment.state is CommitmentState.OPEN}
    ahead = [number for number in max(before) if number] if len(before) == 1 else []
    on_the_day = len(before) == 1 and 0 in max(before)
    parts = [
        *(
            [
                f"{listed([str(number) for number in ahead])} {'day' if ahead == [1] else 'days'} before its day"
            ]
            if ahead
            else []
        ),
        *(["on its day"] if on_the_day else []),
        "the day after it",
        "after 7, 30, 90 and 180 days",
    ]
    return (
        f"You are told of an open commitment {', '.join(parts)}, and then every year. Set its state to met, missed or"
        " dropped in the watchlist, and this ends."
    )


def standing(one: CommitmentTold) -> str:
    """`overdue`, `today`, `ahead` (open ones without a day too), `met`, `missed` or `dropped`."""
    if one.commitment.state is not CommitmentState.OPEN:
        return str(one.commitment.state)
    if one.days is None or one.days > 0:
        return "ahead"
    return "overdue" if one.days < 0 else "today"


def _subject(ranked: Sequence[CommitmentTold], groups: dict[str, list[CommitmentTold]]) -> str:
    if len(ranked) == 1:
        one = ranked[0]
        text = one_line(one.commitment.text, SHORT)
        reports = "" if one.commitment.state is not CommitmentState.OPEN else f", {reports_found(one)}"
        return f"Commitment {when_due(one)}: {text}{reports}"
    parts = [f"{len(some)} {_HEADINGS[name].lower()}" for name, some in groups.items() if some]
    names = listed([one_line(name, 30) for name in dict.fromkeys(one.initiative for one in ranked)], 3)
    return f"Commitments: {', '.join(parts)} ({names})"


def _lead(groups: dict[str, list[CommitmentTold]]) -> Iterator[str]:
    parts = [
        f"{count(len(some), 'commitment')} {_HEADINGS[name].lower()}" for name, some in groups.items() if some
    ]
    yield f"{listed(parts)}."


def when_due(one: CommitmentTold) -> str:
    """`due in 6 days`, `overdue by 3 days`, `met on 3 Nov 2026`."""
    promise = one.commitment
    if promise.state is CommitmentState.MET and promise.met is not None:
        return f"met on {day(promise.met)}"
    if promise.state is not CommitmentState.OPEN or one.days is None:
        return str(promise.state)
    if one.days < 0:
        return f"overdue by {count(-one.days, 'day')}"
    return "due today" if one.days == 0 else f"due in {count(one.days, 'day')}"


def reports_found(one: CommitmentTold) -> str:
    """`3 reports`, `no report found`."""
    return count(one.reports, "report") if one.reports else "no report found"


def _entry(one: CommitmentTold, zone: str) -> Entry:
    promise = one.commitment
    on = f" ({'due ' if one.days else ''}{day(promise.due)})" if promise.due is not None else ""
    shown = one.evidence[:REPORTS]
    return Entry(
        title=promise.text,
        note=f"{one.initiative}: {when_due(one)}{on}",
        lines=tuple(_lines(one, zone)),
        bad=standing(one) in ("overdue", "missed"),
        links=(*_by(one), *(_report(telling, zone) for telling in shown)),
    )


def _lines(one: CommitmentTold, zone: str) -> Iterator[str]:
    if one.meant_for is not None:
        yield f"Told late: this was to be told on {day(one.meant_for)}."
    if one.merged:
        were = "reminder before it was" if one.merged == 1 else "reminders before it were"
        yield f"{one.merged} {were} missed; this stands for all."
    if one.reports:
        more = one.reports - len(one.evidence[:REPORTS])
        newest = f"; the newest {REPORTS} are" if more > 0 else ""
        yield f"{reports_found(one)} filed under it{newest}:"
    elif one.commitment.state is CommitmentState.OPEN:
        since = (
            ""
            if one.watched_since is None
            else f" since {_date(one.watched_since, zone)}, when we began to look"
        )
        yield f"No report found{since}."


def _by(one: CommitmentTold) -> Iterator[Entry]:
    """The address that the user gave, where it is safe to click."""
    if one.commitment.by and link(one.commitment.by):
        yield Entry(title=f"{str(one.commitment.state).capitalize()} by", url=one.commitment.by)


def _report(telling: Telling, zone: str) -> Entry:
    when = telling.published or telling.found
    return Entry(title=telling.title, url=telling.url, note=f"{telling.source}, {_date(when, zone)}")


def _date(when: datetime, zone: str) -> str:
    return day(when.astimezone(ZoneInfo(zone)).date())
