"""Trouble with sources, channels and the rest in words: what has begun, what lasts, what is well again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from alerts.alert_memory import Memory
from alerts.alert_records import Alert, AlertType, Entry, Listing, Phase, TroublesTold, TroubleTold
from alerts.safe import one_line
from alerts.troubles import DAILY, Report, Trouble, TroubleKind
from alerts.wording import count, listed, moment

NAMED = 3  # in a subject
SHORT = 40  # letters of a name in a subject
SHOWN = 50  # of one phase in a message

_RESUMED = "{} is sent to again"
_OVER = {
    TroubleKind.CHANNEL: "channel {} takes messages again",
    TroubleKind.WAITING: "{} takes messages again",
    TroubleKind.DELIVERY: "{}: nothing is parked any more",
    TroubleKind.CONFIGURATION: "the configuration is in force as it stands",
    TroubleKind.TEMPLATE: "{} works again",
    TroubleKind.WORK: "{} works again",
    TroubleKind.STORAGE: "{} can be written to again, with room to spare",
    TroubleKind.NETWORK: "{} is back",
    TroubleKind.SOURCE: "{} is well again",
    TroubleKind.PAGE: "{}: none in quarantine any more",
}


def trouble_alert(
    report: Report, now: datetime, *, for_operator: bool, zone: str = "UTC", notes: Sequence[str] = ()
) -> Alert:
    """One message for all of a report.

    Args:
        notes: sentences for its end, such as why it comes by this channel.
    """
    begun = [_told(one, Phase.BEGUN, now) for one in report.begun]
    lasting = [_told(one, Phase.LASTS, now) for one in report.lasting]
    over = [_over(one) for one in report.over]
    lists = (
        _listing("New", begun, zone),
        _listing("Still", lasting, zone),
        _listing("Well again", over, zone),
    )
    return Alert(
        type=AlertType.OPERATOR if for_operator else AlertType.SOURCE_TROUBLE,
        subject=_subject(report, "Trouble" if for_operator else "Sources"),
        event=TroublesTold(troubles=(*begun, *lasting, *over)),
        paragraphs=(_lead(report),),
        lists=tuple(one for one in lists if one.entries),
        closing=(*_closing(report, for_operator=for_operator), *notes),
        zone=zone,
    )


def _told(one: Trouble, phase: Phase, now: datetime) -> TroubleTold:
    return TroubleTold(trouble=one, phase=phase, since=one.since or now)


def _over(one: Memory) -> TroubleTold:
    """What was in trouble, by what is remembered of it."""
    kind = TroubleKind(one.kind)
    name = one.reason or one.subject
    gone = Trouble(
        kind=kind,
        subject=one.subject,
        name=name,
        state="well",
        since=one.since,
        reason=(_RESUMED if one.subject.endswith(" suspended") else _OVER[kind]).format(name),
    )
    until = one.over_at or one.since
    return TroubleTold(
        trouble=gone, phase=Phase.OVER, since=one.since, lasted=max(until - one.since, timedelta(0))
    )


def _subject(report: Report, what: str) -> str:
    begun, lasting = report.begun, report.lasting
    parts = []
    if begun:
        parts.append(_in_short(begun))
    if report.over:
        names = [one_line(one.reason or one.subject, SHORT) for one in report.over]
        parts.append(f"well again: {listed(names, NAMED)}")
    if lasting:
        parts.append(f"{len(lasting)} more as before" if parts else f"still {_in_short(lasting)}")
    return f"{what}: {' · '.join(parts)}"


def _in_short(troubles: Sequence[Trouble]) -> str:
    """`Meridian Post (failing) and Herald (blocked)`."""
    return listed([f"{one_line(one.name, SHORT)} ({one_line(one.state, SHORT)})" for one in troubles], NAMED)


def _lead(report: Report) -> str:
    parts = [
        (len(report.begun), "has", "have", "begun"),
        (len(report.lasting), "lasts", "last", ""),
        (len(report.over), "is", "are", "over"),
    ]
    said = [
        f"{count(number, 'trouble')} {one if number == 1 else many} {word}".strip()
        for number, one, many, word in parts
        if number
    ]
    return f"{listed(said)}."


def _listing(heading: str, told: Sequence[TroubleTold], zone: str) -> Listing:
    return Listing(
        heading=heading,
        entries=tuple(_entry(one, zone) for one in told[:SHOWN]),
        more=max(len(told) - SHOWN, 0),
    )


def _entry(one: TroubleTold, zone: str) -> Entry:
    found = one.trouble
    if one.phase is Phase.OVER:
        lasted = "" if one.lasted is None else f" after {_span(one.lasted)}"
        return Entry(title=_capital(found.reason), note=f"{found.kind}, {_since(one, zone)}, over{lasted}")
    return Entry(
        title=f"{found.name}: {found.state}",
        note=f"{found.kind}, {_since(one, zone)}",
        lines=tuple(_lines(found)),
        bad=True,
    )


def _since(one: TroubleTold, zone: str) -> str:
    return f"since {moment(one.since, zone)}"


def _lines(found: Trouble) -> Iterator[str]:
    if found.reason:
        yield _capital(found.reason)
    if found.evidence:
        yield _capital("; ".join(found.evidence))
    if found.remedy:
        yield f"What to do: {found.remedy}"


def _closing(report: Report, *, for_operator: bool) -> Iterator[str]:
    lasts = (*report.begun, *report.lasting)
    if lasts and all(one.rests for one in lasts):
        yield "As long as it stays so you are told every week, the day after more comes to it, and when it is over."
    elif lasts:
        yield (
            f"As long as it lasts you are told every day for {DAILY.days} days, then every week, and when it is over."
        )
    yield (
        "`tidings status` tells how things are now."
        if for_operator
        else "`tidings sources list --care` tells how they are now."
    )


def _span(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return count(minutes, "minute")
    return count(minutes // 60, "hour") if minutes < 2880 else count(minutes // 1440, "day")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
