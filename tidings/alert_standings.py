"""What the alerts of an installation can say now: what is judged, why something cannot be yet, what is told next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.alert_times import Times
from alerts.commitment_alerts import KIND
from alerts.commitment_teller import upcoming
from alerts.moments import REACH, Moments
from alerts.plans import AlertKind
from alerts.rhythm import NotYet, Silence, Surge, surge
from alerts.wording import count
from crawler.wording import moment
from tidings.settings import Settings
from tidings.storage.stores import Stores

NAMED = 12  # lines of one look


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One alert on one initiative."""

    alert: AlertKind
    initiative: str
    state: str  # not yet, ordinary, surge, silence; of a commitment: waits
    why: str = ""  # what it waits for, or its numbers
    commitment: str | None = None
    channel: str | None = None  # of a commitment
    next_told: datetime | None = None  # of a commitment


async def standings(settings: Settings, stores: Stores, now: datetime) -> tuple[Standing, ...]:
    """Each alert on surge and silence with its initiatives, then the commitments by the time at which they are told."""
    found: dict[tuple[AlertKind, str], Standing] = {}
    moments: dict[str, Moments] = {}
    for plan in settings.alerts:
        if plan.on not in (AlertKind.SURGE, AlertKind.SILENCE):
            continue
        for name in plan.initiatives:
            initiative = settings.initiatives.get(name)
            if initiative is None or initiative.paused or (plan.on, name) in found:
                continue
            if name not in moments:
                moments[name] = await stores.rhythms.moments(name, now - REACH)
            times = Times(plan=plan, channel_id=plan.to[0], digests=settings.digests)
            found[plan.on, name] = _standing(plan.on, name, moments[name], ZoneInfo(times.zone), now)
    memories = await stores.alerts.remembered([KIND])
    waiting = upcoming(settings.alerts, settings.digests, settings.initiatives, memories, now)
    return (
        *found.values(),
        *(
            Standing(
                alert=AlertKind.COMMITMENT,
                initiative=one.initiative_id,
                state="waits",
                why=f"told to {one.channel_id} {moment(one.at)}",
                commitment=one.commitment_id,
                channel=one.channel_id,
                next_told=one.at,
            )
            for one in waiting
        ),
    )


def _standing(on: AlertKind, name: str, moments: Moments, zone: ZoneInfo, now: datetime) -> Standing:
    verdict: Surge | Silence | NotYet | None
    if on is AlertKind.SILENCE:
        verdict = moments.silence(zone, now)
    else:
        past = moments.past(zone)
        verdict = (
            NotYet(why="nothing was collected yet")
            if past is None
            else surge(past, now.astimezone(zone).date())
        )
    match verdict:
        case NotYet():
            return Standing(alert=on, initiative=name, state="not yet", why=verdict.why)
        case Surge():
            words = f"{count(verdict.stories, 'story', 'stories')} today, {verdict.expected:.1f} expected"
            return Standing(alert=on, initiative=name, state="surge", why=words)
        case Silence():
            words = f"no report for {count(verdict.days, 'day')}, usually no longer than {count(verdict.usual, 'day')}"
            return Standing(alert=on, initiative=name, state="silence", why=words)
        case None:
            return Standing(alert=on, initiative=name, state="ordinary")


def alert_lines(found: Sequence[Standing]) -> Iterator[str]:
    """For a terminal: what cannot be judged yet, what is out of the ordinary, and what is told next of commitments."""
    told = [one for one in found if one.state != "ordinary"]
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in told:
        about = one.initiative if one.commitment is None else f"{one.initiative}/{one.commitment}"
        alike.setdefault((about, one.state, one.why), []).append(str(one.alert))
    lines = [
        f"{' and '.join(kinds)} of {about}: {'' if state == 'waits' else f'{state}, '}{why}"
        for (about, state, why), kinds in alike.items()
    ]
    yield from lines[:NAMED]
    if len(lines) > NAMED:
        yield f"and {len(lines) - NAMED} more: `tidings status --json`"
